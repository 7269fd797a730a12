"""Whether two representations give items the same nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import checked, precision
from polyculture.measure.representation.neighbours import check_neighbours, nearest
from polyculture.measure.representation.overlap import shared_neighbours


def mutual_knn_null(x: Array, y: Array, *, k: int = 10) -> float:  # noqa: ARG001 - a null takes what its measure takes
    r"""Expected `mutual_knn` if the items of one representation are shuffled.

    .. math:: \mathrm{E}[m] = \frac{k}{n-1}

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
    k : int, default 10

    Returns
    -------
    float in (0, 1): the mean of the hypergeometric number of shared neighbours, over k. Exact if no distances
    tie; where they do, `mutual_knn` of shuffled items is higher.

    Examples
    --------
    >>> mutual_knn_null(np.zeros((101, 3)), np.zeros((101, 2)))
    0.1
    """
    return k / (len(x) - 1)


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=mutual_knn_null,
    cost="n² d",
    paper="Huh et al. 2024, arXiv:2405.07987",
)
def mutual_knn(x: Array, y: Array, *, k: int = 10, metric: str = "euclidean", adjusted: bool = False) -> float:
    r"""Share of each item's nearest neighbours that two representations agree on.

    .. math::
        m = \frac{1}{nk} \sum_i \left| N_k^X(i) \cap N_k^Y(i) \right|, \qquad
        m_\text{adjusted} = \frac{m - k / (n-1)}{1 - k / (n-1)}

    Ties bias it upwards. Where distances tie, as with rounded, binary or repeated features, the lower index is taken in
    both representations, and unrelated ones agree on it: independent Gaussians rounded to integers (n = 500, d = 2,
    k = 10) share 0.054 of their neighbours, not 0.020; five classes in one-hot code 0.17, not 0.05 (n = 200).
    `representation_pairs` breaks ties at random, for each model on its own.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite.
    k : int, default 10
        Neighbours of each item; see `nearest` for how ties fall.
    metric : {"euclidean", "cosine"}
        How near is meant. Huh et al. take the cosine, which changes when a vector is added to all items; the distance
        does not.
    adjusted : bool, default False
        Take chance off, so that values can be compared across n and k: 0 is expected by chance.

    Returns
    -------
    float in [0, 1]; k / (n - 1) is expected by chance if no distances tie. Adjusted, it may be negative. NaN if
    n <= k + 1, for then every item is a neighbour of every other.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or none.
    DataError
        If a value is not finite.
    ParameterError
        If k < 1, or the metric is not known.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 8))
    >>> mutual_knn(x, 2 * x + 1), mutual_knn(x, x[::-1]) < 0.2
    (1.0, True)
    """
    pair = same_items(x, y)
    return float(mutual_knn_matrix(pair, k=k, metric=metric, adjusted=adjusted)[0, 1])


def mutual_knn_matrix(
    representations: Sequence[Array], *, k: int = 10, metric: str = "euclidean", adjusted: bool = False
) -> Floats:
    """`mutual_knn` of all pairs: neighbours are found once for each representation, and shared ones counted at once.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    k, metric, adjusted
        See `mutual_knn`.

    Returns
    -------
    float64 array of shape (m, m), symmetric; 1 on the diagonal. NaN if n <= k + 1.

    Raises
    ------
    ShapeError
        If there are no representations, they have different numbers of rows, or none.
    DataError
        If a value is not finite.
    ParameterError
        If k < 1, or the metric is not known.

    References
    ----------
    Huh et al. 2024, arXiv:2405.07987.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 8))
    >>> mutual_knn_matrix([x, 2 * x, x[::-1]], k=5).round(2)
    array([[1.  , 1.  , 0.02],
           [1.  , 1.  , 0.02],
           [0.02, 0.02, 1.  ]])
    """
    check_neighbours(k, metric)
    dtype = precision(representations)
    lists, n = [], 0
    for points in checked(representations):
        n = len(points)
        if n > k + 1:
            lists.append(nearest(points, k, metric=metric, dtype=dtype))
    if not lists:
        return np.full((len(representations), len(representations)), np.nan)
    shared, chance = shared_neighbours(np.stack(lists)), k / (n - 1)
    return np.asarray((shared - chance) / (1 - chance)) if adjusted else shared
