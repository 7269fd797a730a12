"""How much of a community falls to few categories."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.diversity.inputs import abundances, plain, shares
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


@measure(
    kind="counts",
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Simpson 1949, Nature 163; Herfindahl 1950; Hirschman 1945",
)
def hhi(counts: Array, *, unbiased: bool = False) -> Floats:
    r"""Chance that two draws fall into the same category (Herfindahl and Hirschman's index, Simpson's concentration).

    .. math:: \sum_i p_i^2, \qquad \text{unbiased:} \quad \sum_i \frac{n_i (n_i - 1)}{N (N - 1)}

    The first draws with replacement and comes out too high from a small sample, by (1 - Σ p²) / N; the second draws
    without, and its mean over samples is what the whole would give.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; counts if unbiased.
    unbiased : bool, default False

    Returns
    -------
    float64 array of shape (...) in [0, 1]; 1 where there is one category. NaN where all counts are 0, and if unbiased
    where they sum to 1 or less.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count is no finite number, or negative; if unbiased, also if it is no whole number.

    Examples
    --------
    >>> hhi([2, 1, 1]), round(float(hhi([2, 1, 1], unbiased=True)), 4)
    (np.float64(0.375), 0.1667)
    """
    given = abundances(counts, whole=unbiased)
    if not unbiased:
        return plain((shares(given) ** 2).sum(axis=-1))
    total = given.sum(axis=-1)
    return plain(defined_ratio((given * (given - 1)).sum(axis=-1), total * (total - 1)))


@measure(
    kind="counts",
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("scale",),
    null=None,
    cost="S log S",
    paper="Gini 1912, Variabilità e mutabilità",
)
def gini(counts: Array, *, corrected: bool = False) -> Floats:
    r"""Inequality of categories: the mean difference of two categories in shares of twice the mean (Gini).

    .. math:: \frac{\sum_i \sum_j |n_i - n_j|}{2 S \sum_i n_i}, \qquad \text{corrected:} \quad \frac{S}{S - 1} \times

    Categories with a count of 0 are categories: adding some raises the value. Corrected, one category that has all
    gives 1, whatever their number S.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares.
    corrected : bool, default False

    Returns
    -------
    float64 array of shape (...), from 0 (all alike) to (S - 1) / S, or to 1 if corrected. NaN where all counts are 0,
    and if corrected for one category.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count is no finite number, or negative.

    Examples
    --------
    >>> gini([3, 3, 3]), gini([0, 0, 0, 8]), gini([0, 0, 0, 8], corrected=True)
    (np.float64(0.0), np.float64(0.75), np.float64(1.0))
    """
    ranked = np.sort(shares(abundances(counts)), axis=-1)
    size = ranked.shape[-1]
    weights = 2 * np.arange(1, size + 1) - size - 1
    # Rounding leaves equal categories a hair below 0.
    difference = np.maximum(ranked @ weights, 0)
    return plain(defined_ratio(difference, np.asarray(size - 1 if corrected else size)))
