"""What papers name beside methods: data sets, tasks, tools, compute, and the status of their venue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.special import ndtri

from polyculture.arrays import Floats, Ints
from polyculture.measure.inference.interval import check_level
from polyculture.measure.inference.multiple import adjust
from polyculture.surveying.stratified import Stratified, mantel_haenszel
from polyculture.surveying.tagged import Tagged

STATUS = "status"
BLOCK = 2**21
"""Cells of tables that are reckoned at once."""
SCHEMA = {
    "kind": pl.String,
    "beside": pl.String,
    "name": pl.String,
    "papers": pl.Int64,
    "expected": pl.Float64,
    "lift": pl.Float64,
    "lift_low": pl.Float64,
    "lift_high": pl.Float64,
    "odds_ratio": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "p_adjusted": pl.Float64,
    "strata": pl.Int64,
}


def associations(tagged: Tagged, *, least: int = 10, level: float = 0.95) -> pl.DataFrame:
    r"""What is named beside each method more or less often than by chance, within each community and year.

    .. math:: \text{lift} = \frac{\sum_k a_k}{\sum_k r_k s_k / n_k}

    These are associations and no causes: of a data set and a method that papers name together either may have brought
    the other, or a third thing both. Strata are communities by year, so that two things that grew in the same years or
    at the same venues are not associated for that alone. Intervals are in closed form and not from resampled papers:
    they take the tables apart in the same way, and cost nothing for thousands of pairs. Chance is independence within
    strata, whose mean and variance are exact, and what p is measured against. What is called like the method or its
    family is left out beside it: the same words would be on both sides.

    Parameters
    ----------
    tagged : Tagged
        With `beside`; where papers have a status of their venue, that is a kind, too.
    least : int, default 10
        Papers that must name each, and how many must be expected, or found, to name both.
    level : float, default 0.95

    Returns
    -------
    DataFrame with kind, beside (what is named), name (of the method), papers (that name both), expected, lift with
    ends, odds_ratio with low and high (none where one cell of the tables is always empty), p, p_adjusted (Benjamini and
    Hochberg, over all rows), strata; the surest first.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.

    References
    ----------
    Mantel and Haenszel 1959, JNCI 22; Benjamini and Hochberg 1995, JRSS B 57.

    Examples
    --------
    >>> from polyculture.data.papers.types import Papers
    >>> frame = pl.DataFrame({"community": ["CV"] * 80, "year": [2020] * 80})
    >>> cnn, imagenet = np.arange(80) % 2 == 0, np.arange(80) % 4 == 0
    >>> one = Tagged(Papers(frame, "memory"), ("cnn",), ("cnn",), (0,), (None,), sp.csr_array(cnn[:, None]),
    ...     {"data set": (("ImageNet",), sp.csr_array(imagenet[:, None]))})
    >>> associations(one).select("beside", "name", "papers", "expected", "lift", "odds_ratio").rows()
    [('ImageNet', 'cnn', 20, 10.0, 2.0, None)]
    """
    check_level(level)
    strata = _strata(tagged.papers.frame)
    common = np.flatnonzero(_named(tagged.names) >= least)
    methods, names = sp.csr_array(tagged.names, dtype=np.float64)[:, common], [tagged.methods[m] for m in common]
    own = [{_words(name), _words(tagged.families[tagged.family_of[m]])} for m, name in zip(common, names, strict=True)]
    frames = [
        _table(kind, beside, names, own, _compared(methods, has, strata), least, level)
        for kind, beside, has in _parts(tagged, least, BLOCK // max(len(strata[1]) * len(names), 1))
    ]
    found = pl.concat([pl.DataFrame(schema=SCHEMA), *frames])
    if found.height:
        found = found.with_columns(p_adjusted=pl.Series(adjust(found["p"].to_numpy())))
    return found.sort("p", "kind", "beside", "name")


def _strata(frame: pl.DataFrame) -> tuple[Ints, Floats]:
    """Number of each paper's community and year, and papers of each."""
    community = frame["community"].cast(pl.String).rank("dense").to_numpy().astype(np.int64)
    year = frame["year"].cast(pl.Int64).to_numpy()
    which = np.unique(community * 10_000 + year, return_inverse=True)[1]
    return which, np.bincount(which).astype(np.float64)


def _status(frame: pl.DataFrame) -> dict[str, tuple[tuple[str, ...], sp.csr_array]]:
    """Status of venues as one more kind of thing beside methods, where more than one is known."""
    if STATUS not in frame.columns or frame[STATUS].drop_nulls().n_unique() < 2:
        return {}
    status = frame[STATUS].cast(pl.String)
    names = sorted(status.drop_nulls().unique())
    has = np.stack([(status == name).fill_null(value=False).to_numpy() for name in names], axis=1)
    return {STATUS: (tuple(names), sp.csr_array(has))}


def _named(has: sp.csr_array) -> Ints:
    """Papers that name each."""
    return np.asarray(sp.csr_array(has, dtype=np.int64).sum(axis=0)).ravel()


def _parts(tagged: Tagged, least: int, width: int) -> Iterator[tuple[str, list[str], sp.csr_array]]:
    """Kinds of things that enough papers name, a few things at a time so that tables stay small."""
    for kind, (names, has) in (dict(tagged.beside) | _status(tagged.papers.frame)).items():
        common = np.flatnonzero(_named(has) >= least) if len(names) else np.empty(0, dtype=np.intp)
        for start in range(0, len(common), max(width, 1)):
            some = common[start : start + max(width, 1)]
            yield kind, [names[column] for column in some], sp.csr_array(has, dtype=np.float64)[:, some]


def _compared(methods: sp.csr_array, others: sp.csr_array, strata: tuple[Ints, Floats]) -> Stratified:
    stratum, totals = strata
    held, named = (_by_stratum(part, stratum, len(totals)) for part in (methods, others))
    both = _together(methods, others, stratum, len(totals))
    return mantel_haenszel(both, held[:, :, None], named[:, None, :], totals[:, None, None])


def _by_stratum(has: sp.csr_array, stratum: Ints, count: int) -> Floats:
    member = sp.csr_array((np.ones(len(stratum)), (stratum, np.arange(len(stratum)))), shape=(count, len(stratum)))
    return np.asarray((member @ has).todense())


def _together(methods: sp.csr_array, others: sp.csr_array, stratum: Ints, count: int) -> Floats:
    """Papers of each stratum that name both, (strata, methods, others)."""
    entries = methods.tocoo()
    width = methods.shape[1]
    place = stratum[entries.row] * width + entries.col
    split = sp.csr_array((entries.data, (place, entries.row)), shape=(count * width, methods.shape[0]))
    return np.asarray((split @ others).todense()).reshape(count, width, others.shape[1])


def _words(name: str) -> str:
    """A name as it is compared with others.

    Examples
    --------
    >>> _words("Reinforcement-Learning") == _words("reinforcement_learning")
    True
    """
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _table(
    kind: str, things: list[str], names: list[str], own: list[set[str]], found: Stratified, least: int, level: float
) -> pl.DataFrame:
    z = float(ndtri((1 + level) / 2))
    other = np.array([[_words(thing) not in words for thing in things] for words in own], dtype=bool)
    often = np.maximum(found.observed, found.expected) >= least
    where = np.nonzero(often & (found.variance > 0) & other.reshape(often.shape))
    observed, expected = found.observed[where], found.expected[where]
    odds, error = found.odds_ratio[where], found.log_error[where]
    lift, reach = observed / expected, z * found.lift_error[where]
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        columns: dict[str, Any] = {
            "kind": [kind] * len(observed),
            "beside": [things[o] for o in where[1]],
            "name": [names[m] for m in where[0]],
            "papers": observed.astype(np.int64),
            "expected": expected,
            "lift": lift,
            "lift_low": lift * np.exp(-reach),
            "lift_high": lift * np.exp(reach),
            "odds_ratio": odds,
            "low": np.exp(np.log(odds) - z * error),
            "high": np.exp(np.log(odds) + z * error),
            "p": found.p[where],
            "p_adjusted": np.full(len(observed), np.nan),
            "strata": found.strata[where],
        }
    return pl.DataFrame({c: _plain(v) for c, v in columns.items()}, schema=SCHEMA)


def _plain(values: Any) -> Any:
    """Values of a column, nothing where a number is not finite."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return [float(value) if np.isfinite(value) else None for value in values]
    return values
