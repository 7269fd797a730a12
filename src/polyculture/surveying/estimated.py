"""What a number is worth: its interval from resampled papers, and what chance alone would give."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError
from polyculture.surveying.counts import Counts
from polyculture.surveying.shares import mean_over
from polyculture.surveying.years import ends

Question = Callable[[Counts], Array]
Bounds = tuple[Array | float, Array | float]
BLOCK = 2**20
"""Numbers of `holds` in the draws that a question is asked of at once."""


@dataclass(frozen=True)
class Draws:
    """Counts as they are, and as they would be.

    Parameters
    ----------
    observed : Counts
    population : Counts
        What ever more papers drawn anew would lead to.
    resampled : Counts
        Of papers drawn anew.
    shuffled : Counts
        Of papers that swapped communities at random within each year.
    rarefied : Counts or None
        Of as many papers in each cell as give the same coverage.
    """

    observed: Counts
    population: Counts
    resampled: Counts
    shuffled: Counts
    rarefied: Counts | None = None


@dataclass(frozen=True)
class Estimated:
    """Numbers with their intervals and nulls, all arrays of one shape.

    Parameters
    ----------
    estimate : float64 array
        On all papers, as they are.
    low, high : float64 array
        Ends of the interval of the value that more papers of the same kind would lead to; the estimate lies inside.
    null : float64 array
        Mean over shuffled communities.
    calibrated : float64 array
        Estimate less null.
    p : float64 array
        Share of values at least as far on the side asked for, the observed one counted among the shuffled.
    corrected : float64 array
        Estimate less its bias, by resampling.
    below, above : float64 array
        Ends before they were moved to hold the estimate.
    at_coverage, at_coverage_low, at_coverage_high : float64 array
        At the coverage that all cells share, its interval as wide as that of all papers; NaN without rarefied counts.
    chance : float array of shape (shuffles, ...)
        Values of shuffled communities.
    """

    estimate: Floats
    low: Floats
    high: Floats
    null: Floats
    calibrated: Floats
    p: Floats
    corrected: Floats
    below: Floats
    above: Floats
    at_coverage: Floats
    at_coverage_low: Floats
    at_coverage_high: Floats
    chance: Floats


def estimated(
    question: Question,
    draws: Draws,
    *,
    tail: Array | int = 0,
    confidence: float = 0.95,
    bounds: Bounds = (-np.inf, np.inf),
    jobs: int = 1,
) -> Estimated:
    r"""Ask a question of the counts as they are, of resampled papers and of shuffled communities.

    .. math::
        \hat\theta = T(\text{counts}), \qquad \hat b = \overline{T^*} - T(\text{population}), \qquad
        \hat\theta - \hat b + [T^*_{(\alpha / 2)} - \overline{T^*}, \; T^*_{(1 - \alpha / 2)} - \overline{T^*}], \qquad
        \theta_0 = \overline{T_{shuffled}}

    Measures of diversity and divergence are biased in small samples, and those of resampled papers are so twice: once
    by the papers that there are and once by drawing among them. The interval is therefore that of the estimate less its
    bias b. Where the estimate lies outside all the same, the interval is widened to hold it.

    Parameters
    ----------
    question : callable
        Gives an array (..., \*shape) for counts with any leading axes.
    draws : Draws
    tail : int or array of shape (\*shape)
        1 if values above the null are what is looked for, -1 if below, 0 if either.
    confidence : float in (0, 1), default 0.95
    bounds : pair of float or arrays of shape (\*shape)
        Smallest and largest value possible.
    jobs : int
        Threads; the result does not depend on it.

    Returns
    -------
    Estimated; ends are NaN where more than 1 - confidence of the resampled values are undefined

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, 10.3; Phipson and Smyth 2010, Statistical Applications
    in Genetics and Molecular Biology 9.

    Examples
    --------
    >>> one, many = np.ones((1, 1)), np.ones((99, 1, 1))
    >>> counts = [Counts(("NLP",), (2020,), ("cnn",), n, n, n[..., None], n[..., None]) for n in (one, many)]
    >>> found = estimated(lambda counts: counts.papers[..., 0, 0], Draws(counts[0], *counts, counts[1]))
    >>> float(found.estimate), float(found.null), float(found.p)
    (1.0, 1.0, 1.0)
    """
    estimate, centre = (np.asarray(question(counts), dtype=np.float64) for counts in (draws.observed, draws.population))
    spread, chance = (asked(question, counts, jobs=jobs) for counts in (draws.resampled, draws.shuffled))
    if spread.shape[1:] != estimate.shape or chance.shape[1:] != estimate.shape:
        raise ShapeError(f"the question gives {estimate.shape} of counts but {spread.shape[1:]} of draws")
    mean, null = mean_over(spread, 0), mean_over(chance, 0)
    corrected = estimate - (mean - centre)
    low, high = (end - mean for end in ends(spread, confidence))
    even = np.full(estimate.shape, np.nan)
    if draws.rarefied is not None:
        even = np.where(np.isnan(estimate), np.nan, mean_over(asked(question, draws.rarefied, jobs=jobs), 0))
    below, above = corrected + low, corrected + high
    return Estimated(
        estimate,
        np.minimum(np.clip(below, *bounds), estimate),
        np.maximum(np.clip(above, *bounds), estimate),
        null,
        estimate - null,
        p_value(estimate, chance, null, tail),
        np.clip(corrected, *bounds),
        below,
        above,
        even,
        np.clip(even + low, *bounds),
        np.clip(even + high, *bounds),
        chance,
    )


def asked(question: Question, counts: Counts, *, jobs: int = 1) -> Floats:
    """The question's answer to each draw, a block of draws at a time so that memory stays small."""
    step = max(1, BLOCK // max(1, counts.holds[0].size))
    blocks = [slice(start, start + step) for start in range(0, len(counts.holds), step)]
    with ThreadPoolExecutor(jobs) as pool:
        return np.concatenate(list(pool.map(lambda block: np.asarray(question(part(counts, block))), blocks)))


def p_value(estimate: Floats, chance: Floats, null: Floats, tail: Array | int) -> Floats:
    """Share of chance values at least as far from their mean; NaN where the estimate is, or chance is not known."""
    side = np.asarray(tail)
    away, reach = estimate - null, chance - null
    away, reach = (np.where(side == 0, np.abs(value), side * value) for value in (away, reach))
    known = (~np.isnan(chance)).sum(axis=0)
    # rounding must not break ties
    p = (1 + (reach >= away - 1e-9).sum(axis=0)) / (known + 1)
    return np.where(np.isnan(estimate) | (known == 0), np.nan, p)


def part(counts: Counts, draws: slice) -> Counts:
    """Some of the draws."""
    return replace(counts, **{name: getattr(counts, name)[draws] for name in ("papers", "naming", "holds", "parts")})
