"""How much each of several sources should count for a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from polyculture.adapt.inputs import two_samples
from polyculture.adapt.mmd import WIDTHS, kernel_sum, median_distance
from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import ParameterError, ShapeError


def source_weights(
    X: Matrix, domain: Array, target: Matrix, *, widths: Sequence[float] = WIDTHS, block: int = 1024
) -> dict[str, float]:
    r"""The mixture of the sources that is nearest to the target.

    .. math:: \min_{w \ge 0, \sum w = 1} \Big\| \sum_d w_d \mu_d - \mu_t \Big\|^2

    with :math:`\mu` the mean embeddings of :func:`polyculture.adapt.mmd.squared_mmd`: the biased squared MMD between
    the mixture and the target. Solved exactly, as non-negative least squares.

    It looks at the items and not at their classes: a source that looks like the target and labels it otherwise gets
    weight all the same. Sources of few items seem farther than they are.

    Parameters
    ----------
    X : array or sparse array of shape (n, d)
        Items of all sources.
    domain : array of str, shape (n,)
        Which source each is of.
    target : array or sparse array of shape (m, d)
    widths, block
        As in :func:`polyculture.adapt.mmd.squared_mmd`.

    Returns
    -------
    dict of domain to weight
        Sorted by name; they sum to 1.

    Raises
    ------
    ShapeError, DataError
        If rows or columns do not fit, or a value is not finite.
    ParameterError
        If a width is not above 0.

    References
    ----------
    Mansour, Mohri & Rostamizadeh 2009, Domain adaptation with multiple sources, NeurIPS 21; Gretton et al. 2012,
    JMLR 13 (the distance).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.source_weights import source_weights
    >>> x = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> found = source_weights(x, np.array(["far", "far", "near", "near"]), x[2:])
    >>> {name: round(weight, 3) for name, weight in found.items()}
    {'far': 0.0, 'near': 1.0}
    """
    X, target = two_samples(X, target)
    names = np.asarray(domain)
    if names.shape != (X.shape[0],):
        raise ShapeError(f"domain has shape {names.shape}; pass one name for each of the {X.shape[0]} items.")
    if not len(widths) or not min(widths) > 0:
        raise ParameterError(f"widths is {widths}; pass one or more numbers above 0.")
    found = sorted(set(names.tolist()))
    scale = median_distance(X, target)
    parts = [*(X[names == name] for name in found), target]
    means = _inner_products(parts, widths, scale, block)
    # inner products of what parts each source from the target
    apart = means[:-1, :-1] - means[:-1, -1:] - means[-1:, :-1] + means[-1, -1]
    return dict(zip(found, nearest_in_hull(apart).tolist(), strict=True))


def _inner_products(parts: Sequence[Matrix], widths: Sequence[float], scale: float, block: int) -> Floats:
    found = np.zeros((len(parts), len(parts)))
    for i, left in enumerate(parts):
        for j, right in enumerate(parts[: i + 1]):
            pairs = left.shape[0] * right.shape[0]
            found[i, j] = found[j, i] = kernel_sum(left, right, widths, scale, block) / pairs
    return found


def nearest_in_hull(products: Floats) -> Floats:
    r"""Weights of the point nearest to the origin among all mixtures of some points, from their inner products.

    The direction of :math:`\min_{w \ge 0} w^\top G w + (1 - \sum w)^2` is that of the constrained problem: along any
    direction the best length gives :math:`q / (1 + q)`, which rises with the direction's own :math:`q = w^\top G w`.

    Parameters
    ----------
    products : array of shape (k, k)
        Symmetric, without negative eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.source_weights import nearest_in_hull
    >>> nearest_in_hull(np.diag([1.0, 3.0]))
    array([0.75, 0.25])
    """
    values, axes = np.linalg.eigh(np.asarray(products, dtype=np.float64))
    # a common unit of the points does not change the weights, and keeps both terms in sight of each other
    unit = max(values[-1], np.finfo(np.float64).tiny)
    root = np.sqrt(np.maximum(values, 0) / unit)[:, None] * axes.T
    size = len(root)
    found = nnls(np.vstack([root, np.ones((1, size))]), np.append(np.zeros(size), 1.0))[0]
    return np.asarray(found / found.sum())
