"""How much of what a community could name its papers have shown, and how many papers show as much elsewhere."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.surveying.counts import Counts
from polyculture.surveying.shares import divided


def coverage(holds: Array, papers: Array) -> Floats:
    r"""Share of all that papers will name which is of names already seen (sample coverage, for incidences).

    .. math::
        1 - \frac{Q_1}{U} \left[ \frac{(n - 1) Q_1}{(n - 1) Q_1 + 2 Q_2} \right]

    with n papers, U mentions, and :math:`Q_1, Q_2` the names that one and two papers mention; without any of the
    latter, :math:`Q_1 - 1` and 1 stand for :math:`Q_1` and :math:`Q_2` in the brackets.

    Parameters
    ----------
    holds : array of shape (..., M)
        Papers that name each.
    papers : array of shape (...)

    Returns
    -------
    float64 array of shape (...) in [0, 1]; NaN where nothing is named

    References
    ----------
    Chao and Jost 2012, Ecology 93; Chao et al. 2014, Ecological Monographs 84.

    Examples
    --------
    >>> coverage(np.array([[5, 3, 1, 1, 0], [5, 3, 2, 2, 0]]), np.array([10, 10])).round(3)
    array([0.836, 1.   ])
    """
    once, twice = ((holds == times).sum(axis=-1) for times in (1, 2))
    first = np.where(twice > 0, once, np.maximum(once - 1, 0))
    second = np.where(twice > 0, twice, 1)
    weight = (papers - 1) * first
    return 1 - divided(once, holds.sum(axis=-1)) * np.where(once > 0, divided(weight, weight + 2 * second), 0)


def coverage_of(holds: Array, papers: Array, smaller: Array) -> Floats:
    r"""Coverage to expect of fewer papers, drawn without replacement.

    .. math:: 1 - \sum_i \frac{Q_i}{U} \binom{n - Q_i}{m} \Big/ \binom{n - 1}{m}, \qquad m < n

    Parameters
    ----------
    holds : array of shape (..., M)
    papers, smaller : arrays of shape (...)
        Papers there are, and papers drawn.

    Returns
    -------
    float64 array of shape (...); that of all papers where no fewer are drawn

    References
    ----------
    Chao et al. 2014, Ecological Monographs 84.

    Examples
    --------
    >>> coverage_of(np.array([[2, 2]]), np.array([4]), np.array([1])).round(3)
    array([0.333])
    """
    n, m = (np.asarray(count, dtype=np.float64)[..., None] for count in (papers, np.minimum(smaller, papers - 1)))
    rest = n - holds - m
    inside = (rest >= 0) & (holds > 0) & (m >= 0)
    at = np.where(inside, rest, 0)
    logs = gammaln(np.where(inside, n - holds, 0) + 1) - gammaln(at + 1) - gammaln(n) + gammaln(np.maximum(n - m, 1))
    missed = np.where(inside, holds * np.exp(np.where(inside, logs, 0)), 0).sum(axis=-1)
    found = 1 - divided(missed, holds.sum(axis=-1))
    return np.where(smaller >= papers, coverage(holds, papers), found)


def papers_at(counts: Counts, kept: Mask, target: float | None = None) -> tuple[Ints, float]:
    """Papers of each cell that reach one coverage, by default the highest that every cell kept can reach.

    Parameters
    ----------
    counts : Counts
        As observed.
    kept : boolean array of shape (C, Y)
    target : float or None
        Coverage.

    Returns
    -------
    papers : int array of shape (C, Y)
        0 in cells not kept or that cannot reach it, and at most the papers there are.
    target : float
        NaN if no cell is kept.
    """
    holds, papers = counts.holds[kept], counts.papers[kept].astype(np.int64)
    if target is None:
        target = float(np.min(coverage(holds, papers), initial=np.inf))
    low, high = np.zeros_like(papers), papers.copy()
    for _ in range(int(papers.max(initial=1)).bit_length() + 1):
        middle = (low + high) // 2
        enough = coverage_of(holds, papers, middle) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    found = np.zeros(kept.shape, dtype=np.int64)
    found[kept] = np.where(coverage(holds, papers) >= target, high, 0)
    return found, target if len(papers) else float("nan")
