"""How well one representation can be turned onto another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import centred, checked, spans

ROUNDING = 1e-14
# Bytes of matrices whose singular values are found in one call.
MEMORY = 2**28


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=None,
    cost="n d² + d³",
    paper="Schönemann 1966, Psychometrika 31; Ding et al. 2021, arXiv:2108.01661",
)
def procrustes(x: Array, y: Array) -> float:
    r"""Procrustes similarity: the cosine between two representations after the best rotation of one onto the other.

    .. math:: s = \frac{\|X^\top Y\|_*}{\|X\| \, \|Y\|}

    with centred X and Y, and :math:`\|\cdot\|_*` the sum of the singular values. Others report, of the same two
    representations with :math:`\|X\| = \|Y\| = 1`:

    ========================================================  ======================================
    squared Procrustes distance :math:`\min_Q \|XQ - Y\|^2`   :math:`2 (1 - s)`
    half of it ("opd" in anatome)                             :math:`1 - s`
    disparity of `scipy.spatial.procrustes`, which rescales   :math:`1 - s^2`
    angular shape distance (the default of netrep)            :math:`\arccos s`
    ========================================================  ======================================

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite. Of unequal widths, the narrower is padded with
        zeros.

    Returns
    -------
    float in [0, 1]. Far above zero by chance unless items far outnumber features (0.75 for two independent Gaussian
    representations of 1024 items in 1024 dimensions), and no closed form of that is known: compare it with shuffled
    items. NaN if a representation does not vary.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 2.
    DataError
        If a value is not finite.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(procrustes(x, 2 * x[:, [1, 2, 0]] - 5), 6)
    1.0
    """
    return float(procrustes_matrix(same_items(x, y, at_least=2))[0, 1])


@measure(
    bounds=(0, np.pi / 2),
    symmetric=True,
    more_alike="lower",
    invariant_to=("rotation", "scale", "translation"),
    null=None,
    cost="n d² + d³",
    paper="Williams et al. 2021, arXiv:2110.14739",
)
def angular_shape_distance(x: Array, y: Array) -> float:
    r"""Angle between two representations after the best rotation of one onto the other: a metric.

    .. math:: \theta = \arccos \frac{\|X^\top Y\|_*}{\|X\| \, \|Y\|}

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        See `procrustes`.

    Returns
    -------
    float in [0, π/2], in radians; it keeps the triangle inequality. Smaller by chance the more features there are: 0.72
    for two independent Gaussian representations of 1024 items in 1024 dimensions. What is smaller than 1.4e-7 cannot be
    told from 0, and is 0. NaN if a representation does not vary.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 2.
    DataError
        If a value is not finite.

    Examples
    --------
    >>> angular_shape_distance([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], [[1.0], [0.0], [-1.0]]) * 180 / np.pi
    60.0...
    """
    return float(angular_shape_distance_matrix(same_items(x, y, at_least=2))[0, 1])


def procrustes_matrix(representations: Sequence[Array], *, memory: int = MEMORY) -> Floats:
    r"""`procrustes` of all pairs of representations.

    .. math:: S_{kl} = \frac{\|X_k^\top X_l\|_*}{\|X_k\| \, \|X_l\|}

    A representation of more features than items is first replaced by the n × n factor of its QR decomposition, which
    has the same inner products. Only singular values are found, never singular vectors.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    memory : int, default 256 MB
        Bytes of products held at once.

    Returns
    -------
    float64 array of shape (m, m), symmetric, values in [0, 1]; row and column k are NaN where representation k does not
    vary.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 2.
    DataError
        If a value is not finite.

    References
    ----------
    Schönemann 1966, Psychometrika 31; Ding et al. 2021, arXiv:2108.01661.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> procrustes_matrix([x, -x, x[:, ::-1] + 1]).round(6)
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    return nuclear_norms([_shape(x) for x in checked(representations, at_least=2)], memory)


def angular_shape_distance_matrix(representations: Sequence[Array], *, memory: int = MEMORY) -> Floats:
    """`angular_shape_distance` of all pairs of representations.

    Parameters
    ----------
    representations, memory
        See `procrustes_matrix`.

    Returns
    -------
    float64 array of shape (m, m), symmetric, values in [0, π/2] radians.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 2.
    DataError
        If a value is not finite.

    References
    ----------
    Williams et al. 2021, arXiv:2110.14739.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> angular_shape_distance_matrix([x, 2 * x]).round(6)
    array([[0., 0.],
           [0., 0.]])
    """
    cosines = procrustes_matrix(representations, memory=memory)
    # What a cosine misses 1 by, or passes it by, in its last digits says nothing of an angle.
    return np.asarray(np.arccos(np.where(cosines > 1 - ROUNDING, 1, cosines)))


def nuclear_norms(parts: Sequence[Floats], memory: int) -> Floats:
    """Sums of the singular values of the products of all pairs of matrices (n, r_k), (m, m); NaN for one all zero."""
    widths = np.array([part.shape[1] for part in parts])
    # Columns of zeros make all widths equal and add nothing.
    stack = np.zeros((len(parts), len(parts[0]), widths.max()))
    for part, place in zip(parts, stack, strict=True):
        place[:, : part.shape[1]] = part
    norms = np.empty((len(parts), len(parts)))
    for k, part in enumerate(parts):
        for some in spans(k, len(parts), max(1, memory // (8 * part.shape[1] * stack.shape[2]))):
            products = part.T @ stack[some, :, : widths[some].max()]
            norms[k, some] = norms[some, k] = np.linalg.svd(products, compute_uv=False).sum(axis=1)
    nothing = norms.diagonal() == 0
    norms[nothing] = norms[:, nothing] = np.nan
    return norms


def _shape(x: Floats) -> Floats:
    """Centred, of norm one unless it does not vary, and no wider than it has items."""
    x = centred(x)
    if x.shape[0] < x.shape[1]:
        x = np.asarray(np.linalg.qr(x.T, mode="r")).T
    return np.asarray(x / (np.linalg.norm(x) or 1))
