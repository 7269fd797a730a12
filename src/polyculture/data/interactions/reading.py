"""Files of interactions, whatever their format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.audit_input.files import checked
from polyculture.data.frames import as_columns
from polyculture.data.interactions import lightgcn, movielens, recbole
from polyculture.data.interactions.clean import Decisions, cleaned
from polyculture.data.interactions.columns import named_columns
from polyculture.data.interactions.formats import told
from polyculture.data.interactions.interactions import Interactions
from polyculture.data.interactions.raw import Raw
from polyculture.data.readers import read_table
from polyculture.errors import DataError, ParameterError

Names = Mapping[str, str | None]


def read_interactions(
    path: str | Path,
    *,
    user: str | None = None,
    item: str | None = None,
    domain: str | None = None,
    rating: str | None = None,
    time: str | None = None,
    text: str | None = None,
    split: str | None = None,
    format: str | None = None,  # noqa: A002 - what everybody calls it
    least_rating: float | None = None,
    duplicates: str = "once",
    negative: str = "refuse",
    missing: str = "refuse",
    shared_items: bool = False,
) -> Interactions:
    r"""Interactions of a file or a folder of a known format.

    ============ ===================================================== ==============================================
    format       what is read                                          told by
    ============ ===================================================== ==============================================
    "table"      CSV, TSV, Parquet or JSON Lines, a row an interaction ``.csv .tsv .parquet .jsonl .ndjson``
    "recbole"    atomic files, with texts of the ``.item`` beside      ``.inter``, or a folder with one, or with
                                                                       ``.train.inter .valid.inter .test.inter``
    "lightgcn"   lines of ``user item item ...``                       ``.txt``, or a folder with ``train.txt``,
                                                                       ``valid.txt``, ``test.txt``
    "csr"        ``indptr``, ``indices`` and ``shape`` of a matrix     ``.npz``, or a folder with one beside
                                                                       ``test.txt``
    "movielens"  ``user item rating time``, titles of the list beside  ``.data``, ``.dat``, or a folder with
                                                                       ``u.data``, ``ratings.dat``, ``ratings.csv``
    ============ ===================================================== ==============================================

    Text files but tables may be packed (``.gz``). Columns that are not named are looked for under their usual names
    (``user_id``, ``movieId``, ``timestamp``, ...). Nothing that is read is executed.

    Parameters
    ----------
    path : path
    user, item, domain, rating, time, text, split : str or None
        Names of columns. For RecBole, `domain` and `text` may be columns of ``.item``, of whose words the first is the
        domain; for MovieLens, ``domain="genres"`` takes the first genre.
    format : str or None
        One of the table; None: as the name tells.
    least_rating : float or None
        Interactions rated below are left out. None takes all; a rating of 0 then counts as one, too.
    duplicates : {"once", "last", "keep", "refuse"}
        What is done where a user takes an item of a domain again, within one split: the first row is kept, or the last
        (by time, or else in the file), or all of them.
    negative : {"refuse", "drop"}
        What is done with negative ratings where there is no `least_rating`.
    missing : {"refuse", "drop"}
        What is done with a row that lacks a user, an item, or what another column should give.
    shared_items : bool
        See `Interactions.of`.

    Returns
    -------
    Interactions
        Its `policies` count all that was left out, kept once or merely remarkable.

    Raises
    ------
    DataError
        If the file is missing, damaged or does not hold this; the sentence names the file and the row or line.
    ParameterError
        If a choice is not one of its words.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "likes.csv")
    ...     _ = path.write_text("user,item,stars\nann,tea,5\nann,pot,1\nbob,tea,4\nbob,tea,5\n", encoding="utf-8")
    ...     data = read_interactions(path, least_rating=3)
    >>> len(data), [(policy.what, policy.count) for policy in data.policies]
    (2, [('interactions rated below 3', 1), ('interactions given again', 1)])
    """
    decisions = Decisions(least_rating, duplicates, negative, missing, shared_items)
    path = Path(path)
    names = {"user": user, "item": item, "domain": domain, "rating": rating, "time": time, "text": text, "split": split}
    kind = told(path) if format is None else format
    if kind not in FORMATS:
        raise ParameterError(f"format is {format!r}; use one of {', '.join(FORMATS)}")
    return cleaned(FORMATS[kind](path, names), decisions)


def from_frame(
    frame: Any,
    *,
    user: str | None = None,
    item: str | None = None,
    domain: str | None = None,
    rating: str | None = None,
    time: str | None = None,
    text: str | None = None,
    split: str | None = None,
    source: str = "the table",
    **decisions: Any,
) -> Interactions:
    """Interactions of a polars or pandas table, a row each.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or another table that narwhals knows
    user, item, domain, rating, time, text, split : str or None
        Names of columns; see `read_interactions`.
    source : str
        What to call the table in messages.
    **decisions
        `least_rating`, `duplicates`, `negative`, `missing`, `shared_items`; see `read_interactions`.

    Raises
    ------
    DataError
        If the table does not hold this; the sentence names the row (from 1) or the column.

    Examples
    --------
    >>> import polars as pl
    >>> from_frame(pl.DataFrame({"user": ["ann", "bob"], "item": ["tea", "tea"]})).items.tolist()
    ['tea']
    """
    names = {"user": user, "item": item, "domain": domain, "rating": rating, "time": time, "text": text, "split": split}
    return cleaned(named_columns(as_columns(frame, source), names, source), Decisions(**decisions))


def _table(path: Path, names: Names) -> Raw:
    table = read_table(checked(path)[0])
    columns = as_columns(table, str(path)) if isinstance(table, pl.DataFrame) else table
    of_films = ("domain",) if names.get("domain") == movielens.GENRES and movielens.GENRES not in columns else ()
    raw = named_columns(columns, names, str(path), elsewhere=of_films)
    is_release = path.name.lower() == "ratings.csv" and (of_films or "movieId" in columns)
    return movielens.with_films(raw, path.parent, genres=bool(of_films)) if is_release else raw


def _movielens(path: Path, names: Names) -> Raw:
    if path.is_dir():
        path = next((path / name for name in movielens.FILES if (path / name).is_file()), path / movielens.FILES[0])
    return _table(path, names) if path.suffix.lower() == ".csv" else movielens.read_lines(path, names)


def _lightgcn(path: Path, names: Names) -> Raw:
    _refuse_names(path, names)
    return lightgcn.read_folder(path) if path.is_dir() else lightgcn.read_lines(path)


def _csr(path: Path, names: Names) -> Raw:
    _refuse_names(path, names)
    return lightgcn.read_folder(path) if path.is_dir() else lightgcn.read_csr(path)


def _refuse_names(path: Path, names: Names) -> None:
    named = [f"{part}={name!r}" for part, name in names.items() if name is not None]
    if named:
        raise DataError(f"{path}: has no columns with names, so {named[0]} means nothing; leave it out")


FORMATS: Mapping[str, Callable[[Path, Names], Raw]] = {
    "table": _table,
    "recbole": recbole.read_recbole,
    "lightgcn": _lightgcn,
    "csr": _csr,
    "movielens": _movielens,
}
"""Readers of each format, to columns as they are written."""
