"""What two communities have in common, category by category."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform

from polyculture.arrays import Array, Floats
from polyculture.measure.diversity.blocks import by_blocks, each_pair
from polyculture.measure.diversity.inputs import abundances, pair, plain, shares
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("empty category",),
    null=None,
    cost="S",
    paper="Bray and Curtis 1957, Ecological Monographs 27",
)
def bray_curtis(a: Array, b: Array) -> Floats:
    r"""Share of all counts that two communities do not have in common (Bray and Curtis).

    .. math:: 1 - \frac{2 \sum_i \min(n_{ai}, n_{bi})}{\sum_i n_{ai} + \sum_i n_{bi}}

    Counts are taken as they are: of counts it also tells that one community is larger, of shares only that they
    differ.

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        Counts, or shares.

    Returns
    -------
    float64 array of shape (...), from 0 (the same) to 1 (no category in common). NaN where neither has counts.

    Raises
    ------
    ShapeError
        If there are no categories, or the arrays do not fit.
    DataError
        If a count is no finite number, or negative.

    Examples
    --------
    >>> bray_curtis([4, 0, 1], [[4, 0, 1], [1, 3, 1], [0, 5, 0]])
    array([0. , 0.6, 1. ])
    """
    first, second = pair(a, b)
    return plain(_bray_curtis(first, second))


def bray_curtis_matrix(communities: Array) -> Floats:
    """`bray_curtis` of all pairs of communities.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares.

    Returns
    -------
    float64 array of shape (..., communities, communities), symmetric, values in [0, 1], the diagonal 0. NaN where
    neither has counts.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or it or that of categories is empty.
    DataError
        If a count is no finite number, or negative.

    References
    ----------
    Bray and Curtis 1957, Ecological Monographs 27.

    Examples
    --------
    >>> bray_curtis_matrix([[4, 0, 1], [1, 3, 1]])
    array([[0. , 0.6],
           [0.6, 0. ]])
    """
    given = abundances(communities, "communities", axes=2)
    return by_blocks(_bray_curtis_block, given)


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Horn 1966, The American Naturalist 100",
)
def morisita_horn(a: Array, b: Array) -> Floats:
    r"""Chance that draws from two communities fall into the same category, against draws from the same one.

    .. math:: \frac{2 \sum_i p_{ai} p_{bi}}{\sum_i p_{ai}^2 + \sum_i p_{bi}^2}

    A likeness: 1 less it is the dissimilarity. Common categories decide, so that it depends little on the size of the
    samples.

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        Counts, or shares; each row is divided by its sum.

    Returns
    -------
    float64 array of shape (...), from 0 (no category in common) to 1 (the same shares). NaN where a community has no
    counts.

    Raises
    ------
    ShapeError
        If there are no categories, or the arrays do not fit.
    DataError
        If a count is no finite number, or negative.

    Examples
    --------
    >>> morisita_horn([4, 0, 0], [[2, 0, 0], [1, 1, 0], [0, 5, 0]]).round(3)
    array([1.   , 0.667, 0.   ])
    """
    first, second = (shares(given) for given in pair(a, b))
    own = (first**2).sum(axis=-1) + (second**2).sum(axis=-1)
    return plain(defined_ratio(2 * (first * second).sum(axis=-1), own))


def morisita_horn_matrix(communities: Array) -> Floats:
    """`morisita_horn` of all pairs of communities, from one matrix product.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares; each row is divided by its sum.

    Returns
    -------
    float64 array of shape (..., communities, communities), symmetric, values in [0, 1], the diagonal 1. NaN in row and
    column of a community without counts.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or it or that of categories is empty.
    DataError
        If a count is no finite number, or negative.

    References
    ----------
    Horn 1966, The American Naturalist 100.

    Examples
    --------
    >>> morisita_horn_matrix([[4, 0], [1, 1], [0, 5]]).round(3)
    array([[1.   , 0.667, 0.   ],
           [0.667, 1.   , 0.667],
           [0.   , 0.667, 1.   ]])
    """
    return by_blocks(_morisita_horn_block, abundances(communities, "communities", axes=2))


def _bray_curtis(a: Floats, b: Floats) -> Floats:
    return defined_ratio(np.abs(a - b).sum(axis=-1), a.sum(axis=-1) + b.sum(axis=-1))


def _bray_curtis_block(block: Floats) -> Floats:
    if len(block) > 1:
        return each_pair(_bray_curtis, block)
    # one large matrix: scipy's loop in C needs no room for differences
    found = squareform(pdist(block[0], "braycurtis"))
    # as `defined_ratio` has it: nothing is not like nothing
    np.fill_diagonal(found, np.where(block[0].sum(axis=1) > 0, 0.0, np.nan))
    return np.asarray(found[None])


def _morisita_horn_block(block: Floats) -> Floats:
    p = shares(block)
    both = p @ p.swapaxes(1, 2)
    own = np.diagonal(both, axis1=1, axis2=2)
    return defined_ratio(2 * both, own[:, :, None] + own[:, None, :])
