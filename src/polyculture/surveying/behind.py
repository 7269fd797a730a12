"""How far communities are behind the first over all methods, where some have not taken a method up yet."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.surveying.lags import Lags
from polyculture.surveying.survival import kaplan_meier
from polyculture.surveying.years import ends, finite

SOON = 3.0


def behind(
    found: Lags, spread: Lags, chance: Lags | None, communities: tuple[str, ...], level: float, seed: int
) -> pl.DataFrame:
    """Median lag of each community, and the share of methods that it takes up soon; see `Transfer`.

    Parameters
    ----------
    found, spread : Lags
        Of the papers, (C, M), and of R resamples of them, (R, C, M).
    chance : Lags or None
        With communities shuffled.
    communities : tuple of str, C
    level, seed : float, int
        Coverage aimed at, and seed with which methods are drawn anew.

    Returns
    -------
    DataFrame, a row for each community
    """
    copies = _drawn_anew(found.lag.shape[-1], len(spread.lag), seed)
    values, drawn = _summaries(found), _summaries(spread, copies)
    nulls = dict.fromkeys(values) if chance is None else _summaries(chance)
    watched = ~np.isnan(found.lag)
    counted = {"methods": watched, "censored": watched & ~found.known, "leads": found.leads}
    columns: dict[str, Any] = {"community": pl.Series(communities, dtype=pl.String)}
    columns |= {name: pl.Series(part.sum(axis=-1), dtype=pl.Int64) for name, part in counted.items()}
    for name, value in values.items():
        low, high = ends(drawn[name], level)
        null, p = _by_chance(value, nulls[name], name)
        numbers = {"": value, "_low": low, "_high": high, "_null": null, "_p": p}
        columns |= {
            name + part: pl.Series([finite(x) for x in of.tolist()], dtype=pl.Float64) for part, of in numbers.items()
        }
    return pl.DataFrame(columns)


def _drawn_anew(methods: int, draws: int, seed: int) -> Ints:
    """How often each method is in each draw, (R, 1, M)."""
    if not methods:
        return np.zeros((draws, 1, 0), dtype=np.int64)
    return np.random.default_rng(seed).multinomial(methods, np.full(methods, 1 / methods), (draws, 1))


def _summaries(found: Lags, copies: Ints | None = None) -> dict[str, Floats]:
    if not found.lag.shape[-1]:
        return dict.fromkeys(("median", "soon"), np.full(found.lag.shape[:-1], np.nan))
    curve = kaplan_meier(found.lag, found.known, copies)
    return {"median": curve.quantile(), "soon": 1 - curve.at(SOON)}


def _by_chance(value: Floats, null: Floats | None, name: str) -> tuple[Floats, Floats]:
    """Median with communities shuffled, and the probability of lagging as far behind."""
    if null is None:
        return np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    as_far = null >= value if name == "median" else null <= value
    # Half-way between two draws that are both infinite lies nothing: take the lower of the two.
    middle = np.sort(null, axis=0)[(len(null) - 1) // 2]
    return middle, np.where(np.isnan(value), np.nan, (1 + as_far.sum(axis=0)) / (1 + len(null)))
