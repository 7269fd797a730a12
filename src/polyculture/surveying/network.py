"""Who takes methods over from whom, against communities that take them up in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Mask
from polyculture.measure.inference.multiple import adjust
from polyculture.measure.outcome.poisson_binomial import poisson_binomial
from polyculture.surveying.lags import Lags
from polyculture.surveying.years import ends

EDGES: dict[str, Any] = {
    "leader": pl.String,
    "follower": pl.String,
    "methods": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "expected": pl.Float64,
    "p": pl.Float64,
    "p_adjusted": pl.Float64,
    "median_lag": pl.Float64,
    "names": pl.List(pl.String),
}


def followed(found: Lags) -> Floats:
    """Number of methods in which one community was the first and another took them up later, (..., C, C)."""
    later = found.known & ~found.leads
    return np.asarray(found.leads.astype(np.float32) @ np.swapaxes(later, -1, -2).astype(np.float32))


def transfer_network(
    observed: Lags, draws: Lags, communities: tuple[str, ...], names: tuple[str, ...], *, level: float = 0.95
) -> pl.DataFrame:
    r"""Edges from the first community to take a method up to each that took it up later, weighted by methods.

    .. math:: E[w_{ab}] = \sum_m \frac{n_m - 1}{C_m (C_m - 1)}

    That is what each pair would have if the order in which communities took up a method were shuffled, for each method
    on its own: of C communities with data any is the first with the same probability, and any other among the n - 1
    that follow. Methods are independent then, so the number of them is Poisson-binomial, and p is exact. A community
    that is early in everything leads everywhere: an edge tells of an order in time, not that anything was handed over.

    Parameters
    ----------
    observed, draws : Lags
        Of the papers, (C, M), and of R resamples of them, (R, C, M).
    communities, names : tuple of str
    level : float, default 0.95

    Returns
    -------
    DataFrame with leader, follower, methods (how many), low, high, expected, p (of as many), p_adjusted (Benjamini and
    Hochberg, over all ordered pairs), median_lag, names; the strongest first, pairs without methods left out.

    References
    ----------
    Benjamini and Hochberg 1995, JRSS B 57.

    Examples
    --------
    >>> from polyculture.surveying.lags import lags
    >>> found = lags(np.tile([[2012.0], [2014.0], [np.inf]], 5), np.ones((3, 8), bool), tuple(range(2010, 2018)))
    >>> drawn = Lags(*(np.stack([part] * 20) for part in found))
    >>> edges = transfer_network(found, drawn, ("ML", "CV", "NLP"), tuple("abcde"))
    >>> edges.select("leader", "follower", "methods", pl.col("p_adjusted").round(4)).rows()
    [('ML', 'CV', 5, 0.0008)]
    """
    weights, (low, high) = followed(observed), ends(followed(draws), level)
    chance = _rates(observed)
    tail = np.append(np.cumsum(poisson_binomial(chance)[::-1])[::-1], 0.0) if len(chance) else np.ones(1)
    pairs = ~np.eye(len(communities), dtype=bool)
    p = np.clip(tail[np.rint(weights).astype(np.intp)], 0, 1)
    adjusted = np.full(p.shape, np.nan)
    if pairs.any():
        adjusted[pairs] = adjust(p[pairs])
    later = observed.known & ~observed.leads
    rows: list[dict[str, Any]] = [
        {
            "leader": communities[a],
            "follower": communities[b],
            "methods": round(float(weights[a, b])),
            "low": float(low[a, b]),
            "high": float(high[a, b]),
            "expected": float(chance.sum()),
            "p": float(p[a, b]),
            "p_adjusted": float(adjusted[a, b]),
            **_carried(observed.leads[a] & later[b], observed.lag[b], names),
        }
        for a, b in np.argwhere(pairs & (weights > 0)).tolist()
    ]
    return pl.DataFrame(rows, schema=EDGES).sort("methods", "p", "leader", "follower", descending=[True, *[False] * 3])


def _rates(found: Lags) -> Floats:
    """Probability of each method that one given community is the first and another given one follows."""
    dated = found.leads.any(axis=0)
    # those that took it up in a gap have no place in the order
    count, took = ((found.known | found.never).sum(axis=0)[dated], found.known.sum(axis=0)[dated])
    return np.asarray((took - 1) / np.maximum(count * (count - 1), 1), dtype=np.float64)


def _carried(which: Mask, lag: Floats, names: tuple[str, ...]) -> dict[str, float | list[str]]:
    return {"median_lag": float(np.median(lag[which])), "names": [names[m] for m in np.flatnonzero(which)]}
