"""Papers that come with their tags."""

from __future__ import annotations

from collections import Counter

import polars as pl
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError
from polyculture.surveying.tagged import Tagged


def from_tags(papers: Papers) -> Tagged:
    """What papers name, by the columns of tags that they come with.

    Parameters
    ----------
    papers : Papers
        With `papers.tags`: boolean columns named ``"family.method"``, or ``"method"``, which is then a family of its
        own. A missing value is not named.

    Returns
    -------
    Tagged
        Methods keep the columns' order, families that of their first method. A method's name is what follows the first
        dot, or the whole column's name where two families have a method of that name.

    Raises
    ------
    DataError
        If there are no tags, or a column of tags is not boolean.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.papers.types import Papers
    >>> frame = pl.DataFrame({"paper_id": ["a"], "rnn.lstm": [True], "rnn.gru": [False], "svm": [True]})
    >>> tagged = from_tags(Papers(frame, "memory", tags=("rnn.lstm", "rnn.gru", "svm")))
    >>> tagged.families, tagged.methods, tagged.names.indices.tolist()
    (('rnn', 'svm'), ('lstm', 'gru', 'svm'), [0, 2])
    """
    if not papers.tags:
        raise DataError(f"{papers.source}: has no columns of tags; name some, or tag the papers with a vocabulary")
    for column in papers.tags:
        _check(papers, column)
    families = [_family(column) for column in papers.tags]
    order = tuple(dict.fromkeys(families))
    flags = papers.frame.select(pl.col(papers.tags).fill_null(value=False)).to_numpy()
    return Tagged(
        papers=papers,
        families=order,
        methods=_methods(papers.tags),
        family_of=tuple(order.index(family) for family in families),
        first_known=(None,) * len(families),
        names=sp.csr_array(flags),
        beside={},
    )


def _check(papers: Papers, column: str) -> None:
    if column not in papers.frame.columns:
        there = ", ".join(papers.frame.columns)
        raise DataError(f"{papers.source}: has no column {column!r} of tags; its columns are {there}")
    kind = papers.frame.schema[column]
    if kind != pl.Boolean:
        raise DataError(f"{papers.source}: the column {column!r} of tags is {kind}, not boolean; write true or false")


def _family(column: str) -> str:
    return column.split(".", maxsplit=1)[0]


def _methods(columns: tuple[str, ...]) -> tuple[str, ...]:
    short = [column.split(".", maxsplit=1)[-1] for column in columns]
    times = Counter(short)
    return tuple(name if times[name] == 1 else column for name, column in zip(short, columns, strict=True))
