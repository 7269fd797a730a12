"""Whether communities differ because one replaces what the other has, or because one has less of the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.diversity.blocks import by_blocks, each_pair
from polyculture.measure.diversity.inputs import abundances, pair, plain
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


class Split(NamedTuple):
    """Dissimilarity and the two parts that it is the sum of, each of shape (...) or (..., communities, communities)."""

    total: Floats
    turnover: Floats
    nestedness: Floats


# Of each family: whether presence alone counts, and how often what two communities share is counted.
FAMILIES: Mapping[str, tuple[bool, int]] = MappingProxyType(
    {"sorensen": (True, 2), "jaccard": (True, 1), "bray_curtis": (False, 2), "ruzicka": (False, 1)}
)


def turnover_nestedness(a: Array, b: Array, *, family: str = "sorensen") -> Split:
    r"""Split the dissimilarity of two communities into replacement and loss.

    .. math::
        \frac{B + C}{2 A + B + C} = \frac{\min(B, C)}{A + \min(B, C)} + \text{nestedness}, \qquad
        \frac{B + C}{A + B + C} = \frac{2 \min(B, C)}{A + 2 \min(B, C)} + \text{nestedness}

    for the families of Sørensen and Jaccard, with A the categories that both have, B and C those of one alone. Of
    counts, A is :math:`\sum_i \min(n_{ai}, n_{bi})`, and B and C are what is left of each: the families of Bray and
    Curtis and of Růžička, whose parts are called balanced variation and abundance gradient.

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        Counts, or shares. For Sørensen and Jaccard a category is present if its count is above 0.
    family : {"sorensen", "jaccard", "bray_curtis", "ruzicka"}

    Returns
    -------
    Split of three float64 arrays of shape (...) in [0, 1]; turnover and nestedness add up to the total. NaN where
    neither has counts; where one has none the total is 1, and which part that is cannot be told: NaN.

    Raises
    ------
    ShapeError
        If there are no categories, or the arrays do not fit.
    DataError
        If a count is no finite number, or negative.
    ParameterError
        If the family is not known.

    References
    ----------
    Baselga 2010, Global Ecology and Biogeography 19; 2012, Global Ecology and Biogeography 21; 2013, Methods in Ecology
    and Evolution 4.

    Examples
    --------
    >>> [float(part) for part in turnover_nestedness([1, 1, 1, 0], [1, 0, 0, 0])]
    [0.5, 0.0, 0.5]
    """
    twice, (first, second) = _counting(family, *pair(a, b))
    shared = np.minimum(first, second).sum(axis=-1)
    only = first.sum(axis=-1) - shared, second.sum(axis=-1) - shared
    return _split(shared, np.minimum(*only), np.maximum(*only), twice)


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Baselga 2010, Global Ecology and Biogeography 19",
)
def turnover(a: Array, b: Array, *, family: str = "sorensen") -> Floats:
    r"""Part of the dissimilarity of two communities that is replacement of one category by another.

    .. math:: \frac{\min(B, C)}{A + \min(B, C)}

    with A the categories that both have, B and C those of one alone. See `turnover_nestedness`.

    Parameters
    ----------
    a, b, family
        See `turnover_nestedness`.

    Returns
    -------
    float64 array of shape (...), from 0 (one has nothing that the other lacks) to 1 (no category in common). NaN where
    a community has no counts.

    Raises
    ------
    ShapeError, DataError, ParameterError
        See `turnover_nestedness`.

    Examples
    --------
    >>> turnover([1, 1, 0, 0], [[1, 0, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1]])
    array([0. , 0.5, 1. ])
    """
    return turnover_nestedness(a, b, family=family).turnover


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Baselga 2010, Global Ecology and Biogeography 19",
)
def nestedness(a: Array, b: Array, *, family: str = "sorensen") -> Floats:
    r"""Part of the dissimilarity of two communities that is one having less of what the other has.

    .. math:: \frac{B + C}{2 A + B + C} - \frac{\min(B, C)}{A + \min(B, C)}

    with A the categories that both have, B and C those of one alone. See `turnover_nestedness`.

    Parameters
    ----------
    a, b, family
        See `turnover_nestedness`.

    Returns
    -------
    float64 array of shape (...), from 0 (equally rich, or nothing in common) to below 1. NaN where a community has no
    counts.

    Raises
    ------
    ShapeError, DataError, ParameterError
        See `turnover_nestedness`.

    Examples
    --------
    >>> nestedness([1, 1, 1, 0], [[1, 0, 0, 0], [1, 1, 0, 1]])
    array([0.5, 0. ])
    """
    return turnover_nestedness(a, b, family=family).nestedness


def turnover_nestedness_matrix(communities: Array, *, family: str = "sorensen") -> Split:
    """`turnover_nestedness` of all pairs of communities.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares.
    family : {"sorensen", "jaccard", "bray_curtis", "ruzicka"}

    Returns
    -------
    Split of three float64 arrays of shape (..., communities, communities), symmetric, diagonal 0.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or it or that of categories is empty.
    DataError
        If a count is no finite number, or negative.
    ParameterError
        If the family is not known.

    References
    ----------
    Baselga 2010, Global Ecology and Biogeography 19.

    Examples
    --------
    >>> turnover_nestedness_matrix([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 1]]).turnover.round(3)
    array([[0.   , 0.   , 0.333],
           [0.   , 0.   , 0.   ],
           [0.333, 0.   , 0.   ]])
    """
    twice, (given,) = _counting(family, abundances(communities, "communities", axes=2))
    shared, small, large = _pairs(given)
    return _split(shared, small, large, twice)


def turnover_nestedness_multiple(communities: Array, *, family: str = "sorensen") -> Split:
    r"""Split the dissimilarity of several communities at once into replacement and loss.

    .. math::
        A = \sum_c \sum_i n_{ci} - \sum_i \max_c n_{ci}, \qquad B = \sum_{c < d} \min(B_{cd}, B_{dc}), \qquad
        C = \sum_{c < d} \max(B_{cd}, B_{dc})

    in the formulas of `turnover_nestedness`, with :math:`B_{cd}` what c has and d lacks. Unlike the mean over pairs it
    tells a category that three communities share from three that two share each. It grows with the number of
    communities.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares.
    family : {"sorensen", "jaccard", "bray_curtis", "ruzicka"}

    Returns
    -------
    Split of three float64 arrays of shape (...) in [0, 1]; NaN where fewer than two communities have counts.

    Raises
    ------
    ShapeError, DataError, ParameterError
        See `turnover_nestedness_matrix`.

    References
    ----------
    Baselga 2010, Global Ecology and Biogeography 19; 2017, Methods in Ecology and Evolution 8.

    Examples
    --------
    >>> [round(float(part), 3) for part in turnover_nestedness_multiple([[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]])]
    [0.6, 0.6, 0.0]
    """
    twice, (given,) = _counting(family, abundances(communities, "communities", axes=2))
    _, small, large = _pairs(given)
    shared = given.sum(axis=(-2, -1)) - given.max(axis=-2).sum(axis=-1)
    return _split(shared, small.sum(axis=(-2, -1)) / 2, large.sum(axis=(-2, -1)) / 2, twice)


def _counting(family: str, *given: Floats) -> tuple[int, tuple[Floats, ...]]:
    if family not in FAMILIES:
        raise ParameterError(f"No family of dissimilarities is called {family!r}; pass one of {sorted(FAMILIES)}.")
    presence, twice = FAMILIES[family]
    return twice, tuple((one > 0) * 1.0 if presence else one for one in given)


def _pairs(given: Floats) -> tuple[Floats, Floats, Floats]:
    """What each pair shares, and the smaller and the larger of what only one of them has."""
    shared = by_blocks(lambda block: each_pair(_shared, block), given)
    size = given.sum(axis=-1)
    only, other = size[..., :, None] - shared, size[..., None, :] - shared
    return shared, np.minimum(only, other), np.maximum(only, other)


def _shared(first: Floats, second: Floats) -> Floats:
    return np.asarray(np.minimum(first, second).sum(axis=-1))


def _split(shared: Floats, small: Floats, large: Floats, twice: int) -> Split:
    """Totals and parts; where what is shared counts once, what is replaced counts twice."""
    total = defined_ratio(small + large, twice * shared + small + large)
    replaced = small * (3 - twice)
    turnover = defined_ratio(replaced, shared + replaced)
    return Split(*(plain(part) for part in (total, turnover, total - turnover)))
