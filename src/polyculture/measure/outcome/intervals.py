"""Intervals for the outcome measures of a group of models, all from the same resamples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import betaincinv

from polyculture.arrays import Array, Floats, Mask
from polyculture.measure.checks import outcomes
from polyculture.measure.inference.interval import Interval, check_count, check_level, percentile_interval
from polyculture.measure.outcome import counts

# Numbers held at once while resamples are counted: 32 MB.
BLOCK = 2**22


def bootstrap_outcomes(
    failures: Array, *, samples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    r"""Percentile intervals of the outcome measures, from items drawn anew with replacement.

    .. math:: B^* = F^\top \mathrm{diag}(w) F, \qquad w \sim \mathrm{Multinomial}(n, 1/n)

    Every measure of a resample follows from its joint counts B*, one weighted product of matrices. Items with the same
    pattern of failures are interchangeable, so weights are drawn for the distinct patterns alone: the same
    distribution, and with few models only a handful of rows.

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1.
    samples : int, default 1000
    level : float, default 0.95
    seed : int, default 0

    Returns
    -------
    dict of str to Interval, with the keys

    - ``error_consistency``: mean of Cohen's κ over the pairs of models for which it is defined
    - ``joint_failure``: a plain share of items, so its interval is the exact one of Clopper and Pearson
    - ``joint_failure_expected``, ``joint_failure_difference``, ``joint_failure_ratio``
    - ``kish``: effective number of models by Kish's definition

    Ends are NaN where a measure is undefined in too many resamples, as for the ratio when a model hardly ever fails.
    If no item defeats all models, the ends of difference and ratio are NaN too: no resample can show what never
    happened, and an interval from zero to zero would be false certainty.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.
    ParameterError
        If samples < 1, or the level is not between 0 and 1.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap; Clopper and Pearson 1934, Biometrika 26.

    Examples
    --------
    >>> alike = np.repeat([[0, 0], [1, 1]], 50, axis=0)
    >>> print(bootstrap_outcomes(alike)["error_consistency"])
    1 [1, 1]
    """
    check_level(level)
    check_count(samples, "samples", 1)
    patterns, sizes = np.unique(outcomes(failures), axis=0, return_counts=True)
    estimate = _measured(patterns, sizes[None, :])
    parts = [_measured(patterns, weights) for weights in _weights(sizes, patterns.size, samples, seed)]
    draws = {name: np.concatenate([part[name] for part in parts]) for name in estimate}
    if not estimate["joint_failure"][0]:
        draws["joint_failure_difference"][:] = draws["joint_failure_ratio"][:] = np.nan
    intervals = {name: percentile_interval(float(estimate[name][0]), draws[name], level) for name in estimate}
    return intervals | {"joint_failure": exact_share(float(estimate["joint_failure"][0]), int(sizes.sum()), level)}


def exact_share(share: float, n: int, level: float) -> Interval:
    """Clopper and Pearson's interval of a share of n items."""
    tail, hits = (1 - level) / 2, round(share * n)
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return Interval(share, low, high)


def _weights(sizes: Array, width: int, samples: int, seed: int) -> Iterator[Array]:
    rng = np.random.default_rng(seed)
    n, step = int(sizes.sum()), max(1, BLOCK // width)
    for done in range(0, samples, step):
        yield rng.multinomial(n, sizes / n, size=min(step, samples - done))


def _measured(patterns: Mask, weights: Array) -> dict[str, Floats]:
    n = int(weights[0].sum())
    both = _weighted_counts(patterns, weights)
    rates = np.diagonal(both, axis1=1, axis2=2) / n
    joint, expected = weights @ patterns.all(axis=1) / n, rates.prod(axis=1)
    with np.errstate(over="ignore"):
        ratio = np.exp(counts.log_joint_ratio(joint, rates))
    return {
        "error_consistency": counts.mean_pairs(counts.kappa(both, n)),
        "joint_failure": joint,
        "joint_failure_expected": expected,
        "joint_failure_difference": joint - expected,
        "joint_failure_ratio": ratio,
        "kish": counts.kish(counts.phi(both, n)),
    }


def _weighted_counts(patterns: Mask, weights: Array) -> Floats:
    samples, models = len(weights), patterns.shape[1]
    numbers = patterns.astype(np.float64)
    weighted = weights[:, None, :] * numbers.T
    return np.asarray((weighted.reshape(samples * models, -1) @ numbers).reshape(samples, models, models))
