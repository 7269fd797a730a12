"""Which rows of folded texts name a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from polyculture.surveying.vocabulary.patterns import joined
from polyculture.surveying.vocabulary.schema import Method

# what an excluded phrase leaves behind: no pattern reaches across it
_GAP = " | "


def candidates(methods: Iterable[Method]) -> pl.Expr:
    """Whether a text may name any of the methods, whatever its year and sense: one pass for all."""
    patterns: list[str] = []
    exact: list[str] = []
    for method in methods:
        patterns += [*method.patterns, *(alias.pattern for alias in method.aliases if not alias.exact)]
        exact += [*method.exact, *(alias.pattern for alias in method.aliases if alias.exact)]
    return _contains(patterns, exact)


def named(texts: pl.DataFrame, methods: Mapping[str, Method]) -> dict[str, pl.Series]:
    """Rows that name each method.

    Parameters
    ----------
    texts : polars.DataFrame
        Of `folding.folded`, or some of its rows.
    methods : mapping of name to Method

    Returns
    -------
    mapping of name to rows
        Ascending.
    """
    hits = texts.select("row", **{f"={name}": _matches(method) for name, method in methods.items()})
    return {name: _meant(texts.filter(hits[f"={name}"]), method)["row"] for name, method in methods.items()}


def _meant(texts: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Of rows that match, those that still do once phrases in another sense are gone."""
    if method.unless:
        texts = texts.filter(~_contains(method.unless))
    excluded = joined(method.excluding)
    if excluded is None or texts.is_empty():
        return texts
    return texts.with_columns(pl.col("text").str.replace_all(excluded, _GAP)).filter(_matches(method))


def _matches(method: Method) -> pl.Expr:
    year = pl.col("year")
    found = _contains(method.patterns, method.exact)
    for alias in method.aliases:
        here = _contains([], [alias.pattern]) if alias.exact else _contains([alias.pattern])
        here = here if alias.since is None else here & (year >= alias.since)
        found |= here if alias.until is None else here & (year <= alias.until)
    known = found if method.first_known is None else found & (year >= method.first_known)
    # a paper without a year is not known to be late enough
    return known.fill_null(value=False)


def _contains(patterns: Iterable[str], exact: Iterable[str] = ()) -> pl.Expr:
    whole = joined(patterns, exact)
    return pl.lit(value=False) if whole is None else pl.col("text").str.contains(whole)
