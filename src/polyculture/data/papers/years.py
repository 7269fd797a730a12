"""Years as sources write them."""

from __future__ import annotations

import polars as pl

from polyculture.data.audit_input.tables import text
from polyculture.errors import DataError

FIRST = 1800

_IN_TEXT = r"(?:^|[^0-9])(1[89][0-9]{2}|20[0-9]{2})(?:[^0-9]|$)"


def years(column: pl.Series, source: str) -> tuple[pl.Series, int]:
    """Years, null where there is none that can be read, and how many were read out of longer text.

    Whole numbers are taken as they are, dates give their year, and longer text ("c. 2019", "2019-05-01") the first
    number of four digits from 1800 to 2099 in it.

    Parameters
    ----------
    column : polars.Series
    source : str
        The file, for messages.

    Raises
    ------
    DataError
        If the column holds truth, lists or bytes.

    Examples
    --------
    >>> import polars as pl
    >>> found, out_of_text = years(pl.Series("year", ["2019", "c. 2020", "2021-05-01", "forthcoming"]), "papers.csv")
    >>> found.to_list(), out_of_text
    ([2019, 2020, 2021, None], 2)
    """
    kind = column.dtype
    if kind.is_integer():
        return column.cast(pl.Int32, strict=False), 0
    if kind.is_float():
        return column.set(column != column.round(), None).cast(pl.Int32, strict=False), 0
    if isinstance(kind, pl.Date | pl.Datetime):
        return column.dt.year().cast(pl.Int32), 0
    if kind == pl.Null:
        return column.cast(pl.Int32), 0
    if kind == pl.Boolean:
        raise DataError(f"{source}: {column.name!r} holds true and false; name the column of years")
    words = text(column, source)
    plain = words.cast(pl.Int32, strict=False)
    found = words.str.extract(_IN_TEXT).cast(pl.Int32, strict=False)
    out_of_text = plain.is_null() & found.is_not_null()
    return plain.fill_null(found), int(out_of_text.sum())
