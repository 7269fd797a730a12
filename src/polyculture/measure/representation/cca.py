"""How well the directions of one representation correlate with those of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import centred, checked
from polyculture.measure.representation.procrustes import MEMORY, nuclear_norms


class Basis(NamedTuple):
    """Directions of the space of items that a representation spans."""

    vectors: Floats  # (n, r), orthonormal
    coordinates: Floats  # (r, d): of the features


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=None,
    cost="n d² + d³",
    paper="Raghu et al. 2017, arXiv:1706.05806",
)
def svcca(x: Array, y: Array, *, threshold: float = 0.99, items_per_direction: float = 10) -> float:
    r"""Mean canonical correlation of the directions in which two representations vary most.

    .. math::
        \frac{1}{\min(r_x, r_y)} \sum_i \rho_i, \qquad \rho = \operatorname{svd}(U_x^\top U_y), \qquad
        r = \min \Big\{ r : \sum_{i \le r} s_i^2 \ge t \sum_i s_i^2 \Big\}

    with :math:`U_x` the first r left singular vectors of centred x, and s its singular values.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite.
    threshold : float in (0, 1], default 0.99
        Share t of the variance, that is of the squared singular values, that is kept.
    items_per_direction : float, default 10
        Fewest items for each direction kept. With few, chance alone aligns the directions: with no more items than
        directions all correlations are 1.

    Returns
    -------
    float in [0, 1]. Above zero by chance, and no closed form of that is known: compare it with shuffled items. NaN if a
    representation does not vary, or keeps more directions than n / items_per_direction; measure more items then, or
    lower the threshold.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 2.
    DataError
        If a value is not finite.
    ParameterError
        If the threshold is not in (0, 1].

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> round(svcca(x, x @ [[1, 2, 0], [0, 1, 1], [1, 0, 5]]), 6)
    1.0
    >>> svcca(x[:20], x[:20])
    nan
    """
    pair = same_items(x, y, at_least=2)
    return float(svcca_matrix(pair, threshold=threshold, items_per_direction=items_per_direction)[0, 1])


@measure(
    bounds=(0, 1),
    symmetric=False,
    more_alike="higher",
    invariant_to=("scale", "translation"),
    null=None,
    cost="n d² + d³",
    paper="Morcos et al. 2018, arXiv:1806.05759",
)
def pwcca(x: Array, y: Array, *, threshold: float = 1.0, items_per_direction: float = 10) -> float:
    r"""Mean canonical correlation, weighted by how much of the first representation each direction accounts for.

    .. math:: \frac{\sum_i a_i \rho_i}{\sum_i a_i}, \qquad a_i = \sum_j |\langle h_i, x_j \rangle|

    with :math:`h_i` the canonical variates of x, and :math:`x_j` its centred features.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite. The weights are those of x: report both orders.
    threshold : float in (0, 1], default 1
        Share of the variance that is kept before; see `svcca`.
    items_per_direction : float, default 10
        See `svcca`.

    Returns
    -------
    float in [0, 1]. Above zero by chance, and no closed form of that is known: compare it with shuffled items. NaN
    where `svcca` is.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 2.
    DataError
        If a value is not finite.
    ParameterError
        If the threshold is not in (0, 1].

    Examples
    --------
    >>> x, y = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> weak = np.column_stack([x[:, 0], y[:, 1] / 10])
    >>> pwcca(weak, x) > 0.9, pwcca(x, weak) < 0.7
    (True, True)
    """
    pair = same_items(x, y, at_least=2)
    return float(pwcca_matrix(pair, threshold=threshold, items_per_direction=items_per_direction)[0, 1])


def svcca_matrix(
    representations: Sequence[Array],
    *,
    threshold: float = 0.99,
    items_per_direction: float = 10,
    memory: int = MEMORY,
) -> Floats:
    """`svcca` of all pairs; each representation is decomposed once.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    threshold, items_per_direction
        See `svcca`.
    memory : int, default 256 MB
        Bytes of products held at once.

    Returns
    -------
    float64 array of shape (m, m), symmetric, values in [0, 1]; row and column k are NaN where representation k does not
    vary, or keeps too many directions for so few items.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 2.
    DataError
        If a value is not finite.
    ParameterError
        If the threshold is not in (0, 1].

    References
    ----------
    Raghu et al. 2017, arXiv:1706.05806.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> svcca_matrix([x, x[:, ::-1], x[:, :1] + 7]).round(6)
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    bases = [_basis(x, threshold, items_per_direction) for x in checked(representations, at_least=2)]
    ranks = np.array([basis.vectors.shape[1] for basis in bases])
    norms = nuclear_norms([basis.vectors for basis in bases], memory)
    return np.asarray(norms / np.minimum(ranks[:, None], ranks))


def pwcca_matrix(
    representations: Sequence[Array], *, threshold: float = 1.0, items_per_direction: float = 10
) -> Floats:
    """`pwcca` of all pairs; each representation is decomposed once.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    threshold, items_per_direction
        See `pwcca`.

    Returns
    -------
    float64 array of shape (m, m), not symmetric: entry (k, l) has the weights of k. NaN as in `svcca_matrix`.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 2.
    DataError
        If a value is not finite.
    ParameterError
        If the threshold is not in (0, 1].

    References
    ----------
    Morcos et al. 2018, arXiv:1806.05759.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> pwcca_matrix([x, 2 * x + 1]).round(6)
    array([[1., 1.],
           [1., 1.]])
    """
    bases = [_basis(x, threshold, items_per_direction) for x in checked(representations, at_least=2)]
    values = np.full((len(bases), len(bases)), np.nan)
    for others in _alike([basis.coordinates.shape for basis in bases]):
        vectors = np.stack([bases[k].vectors for k in others])
        coordinates = np.stack([bases[k].coordinates for k in others])
        for k, basis in enumerate(bases):
            left, rho, right = np.linalg.svd(basis.vectors.T @ vectors, full_matrices=False)
            values[k, others] = _weighted(rho, left.transpose(0, 2, 1) @ basis.coordinates)
            values[others, k] = _weighted(rho, right @ coordinates)
    undefined = [not basis.vectors.any() for basis in bases]
    values[undefined] = values[:, undefined] = np.nan
    return values


def _basis(x: Floats, threshold: float, items_per_direction: float) -> Basis:
    """Basis that keeps a share of the variance; of one zero if that takes more directions than the items allow."""
    if not 0 < threshold <= 1:
        raise ParameterError(f"threshold is {threshold}; pass a share of the variance above 0 and up to 1.")
    x = centred(x)
    vectors, s, rows = np.linalg.svd(x, full_matrices=False)
    s = s[s > s[0] * max(x.shape) * np.finfo(s.dtype).eps]
    kept = np.cumsum(s**2) / (np.sum(s**2) or 1)
    # The last sum may miss 1 by its last digit.
    rank = min(len(s), int(np.searchsorted(kept, threshold * (1 - 1e-12))) + 1)
    if rank == 0 or rank * items_per_direction > len(x):
        return Basis(np.zeros((len(x), 1)), np.zeros((1, x.shape[1])))
    return Basis(vectors[:, :rank], s[:rank, None] * rows[:rank])


def _weighted(rho: Floats, variates: Floats) -> Floats:
    """Means of canonical correlations (..., r), weighted by the coordinates of the variates (..., r, d)."""
    weights = np.abs(variates).sum(axis=-1)
    total = weights.sum(axis=-1)
    mean = np.full(total.shape, np.nan)
    return np.asarray(np.divide((weights * rho).sum(axis=-1), total, out=mean, where=total > 0))


def _alike(shapes: Sequence[tuple[int, ...]]) -> Iterator[Ints]:
    """Positions of equal shapes, one shape after the other."""
    _, which = np.unique(np.array(shapes), axis=0, return_inverse=True)
    for shape in range(which.max() + 1):
        yield np.flatnonzero(which.ravel() == shape)
