"""How many nearest neighbours representations share, from lists that were found once, and how sure that is."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.measure.inference.interval import Intervals, check_level, margin

# Pairs of items told apart at once while shared neighbours are counted.
KEYS = 2**18
# Neighbours compared at once: 16 MB.
COMPARED = 2**24


def shared_neighbours(lists: Ints) -> Floats:
    r"""Share of nearest neighbours that two layers have in common, for all pairs of layers.

    .. math:: m_{kl} = \frac{1}{n k} \sum_i \left| N_k(i) \cap N_l(i) \right|

    Every pair (item, neighbour) is a row of a sparse matrix with one column for each layer; all counts are the product
    of that matrix with itself, summed over blocks of items.

    Parameters
    ----------
    lists : int array of shape (layers, n, k)
        Positions of the k nearest neighbours of each item, each named once.

    Returns
    -------
    float64 array of shape (layers, layers)

    Examples
    --------
    >>> shared_neighbours(np.array([[[1], [0], [0]], [[1], [2], [0]]])).round(2)
    array([[1.  , 0.67],
           [0.67, 1.  ]])
    """
    layers, n, k = lists.shape
    counts = np.zeros((layers, layers))
    step = max(1, KEYS // n)
    for start in range(0, n, step):
        some = lists[:, start : start + step]
        items = some.shape[1]
        keys = (some + n * np.arange(items)[:, None]).ravel()
        columns = np.repeat(np.arange(layers), items * k)
        held = sp.csr_array((np.ones(len(keys)), (keys, columns)), shape=(items * n, layers))
        counts += (held.T @ held).toarray()
    return np.asarray(counts / (n * k))


def overlap_intervals(first: Ints, second: Ints, *, level: float = 0.95) -> Intervals:
    r"""Mutual nearest neighbours of pairs of layers, with intervals from what each item adds.

    .. math::
        m \pm t_{n-1} \sqrt{\frac{\sum_j \psi_j^2}{n (n-1)}}, \qquad
        \psi_j = o_j - m + \frac{1}{k} \sum_i \left( X_{ij} Y_{ij} - o_i \frac{X_{ij} + Y_{ij}}{2} \right)

    with :math:`o_j` the share of neighbours that item j's two lists have in common, and :math:`X_{ij}, Y_{ij}` whether
    j is on item i's lists. An item counts twice: by its own lists, and as a neighbour of others, who without it would
    list their next neighbour instead, which is shared as often as the rest of the list.

    The mean of the :math:`o_j` alone, as if they were independent, is too sure of itself: 95 % intervals made of it
    hold 78 to 90 % of the time in simulations. A jackknife of the lists is too wide, for it takes a statistic of few
    neighbours to be smooth: 99 %. These hold 95 to 99 %, and more than that at chance level.

    Parameters
    ----------
    first, second : int arrays of shape (pairs, n, k)
        Positions of the k nearest neighbours of each item in either layer of each pair.
    level : float, default 0.95

    Returns
    -------
    Intervals, with vectors of shape (pairs,).

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.

    References
    ----------
    Huh et al. 2024, arXiv:2405.07987; Jaeckel 1972, The Infinitesimal Jackknife.

    Examples
    --------
    >>> lists = np.random.default_rng(0).integers(100, size=(2, 100, 1))
    >>> print(overlap_intervals(lists[:1], lists[:1]).low)
    [1.]
    """
    check_level(level)
    pairs, n, k = first.shape
    step = max(1, COMPARED // (n * k * k))
    found = [_influence(first[a : a + step], second[a : a + step]) for a in range(0, pairs, step)]
    mean, influence = (np.concatenate(part) for part in zip(*found, strict=True))
    reach = margin(level, n - 1) * np.sqrt(np.sum(influence**2, axis=1) / (n * (n - 1)))
    return Intervals(mean, mean - reach, mean + reach)


def _influence(first: Ints, second: Ints) -> tuple[Floats, Floats]:
    k = first.shape[2]
    shared = (first[:, :, :, None] == second[:, :, None, :]).any(axis=3)
    own = shared.mean(axis=2)
    mean = own.mean(axis=1)
    expected = np.repeat(own[:, :, None], k, axis=2) / 2
    added = _by_neighbour(first, shared - expected) - _by_neighbour(second, expected)
    return mean, own - mean[:, None] + added / k


def _by_neighbour(lists: Ints, weights: Floats) -> Floats:
    pairs, n, _ = lists.shape
    keys = lists + n * np.arange(pairs)[:, None, None]
    return np.bincount(keys.ravel(), weights.ravel(), pairs * n).astype(np.float64).reshape(pairs, n)
