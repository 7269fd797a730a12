"""One solver for a family of merges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.fuse.sums import solve_sums


def merge_linear(changes: Sequence[Array], grams: Sequence[Array], ridge: float = 0.0) -> Array:
    r"""The change of a linear layer that disturbs every expert's own outputs least.

    .. math:: \tau^* = \Big(\sum_i \tau_i C_i\Big)\Big(\sum_i C_i + \rho\,\bar c\, I\Big)^{-1}

    minimises

    .. math:: \sum_i \operatorname{tr}\,(\tau - \tau_i) C_i (\tau - \tau_i)^\top + \rho \bar c \lVert\tau\rVert^2

    with :math:`\bar c` the mean of the diagonal of :math:`\sum_i C_i`. :math:`C_i = I` averages;
    :math:`C_i = X_i^\top X_i` is RegMean. Working on changes, the ridge pulls directions that no expert's data reach
    towards the base model and not towards 0.

    Parameters
    ----------
    changes : sequence of array, each of shape (out, in)
        Expert's weights less the base model's.
    grams : sequence of array, each of shape (in, in)
        Symmetric, positive semi-definite.
    ridge : float >= 0
        Relative to the mean of the diagonal.

    Returns
    -------
    array of shape (out, in)

    Raises
    ------
    ParameterError
        If numbers or shapes do not fit.

    References
    ----------
    Jin et al. 2023, arXiv:2212.09849.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import merge_linear
    >>> eye = np.eye(2)
    >>> merge_linear([np.array([[1.0, 0.0]]), np.array([[3.0, 0.0]])], [eye, eye])
    array([[2., 0.]])
    """
    if len(changes) != len(grams) or not changes:
        raise ParameterError(
            f"there are {len(changes)} changes and {len(grams)} Gram matrices; give one of each for at least one expert"
        )
    if not ridge >= 0:
        raise ParameterError(f"ridge is {ridge}; it must not be negative")
    _check_shapes(changes, grams)
    total = np.sum([np.asarray(c, dtype=np.float64) for c in grams], axis=0)
    moved = np.sum([np.asarray(t, dtype=np.float64) @ c for t, c in zip(changes, grams, strict=True)], axis=0)
    return solve_sums(moved, total, ridge)


def _check_shapes(changes: Sequence[Array], grams: Sequence[Array]) -> None:
    shape = np.shape(changes[0])
    for number, (change, gram) in enumerate(zip(changes, grams, strict=True), start=1):
        if np.shape(change) != shape or len(shape) != 2:
            raise ParameterError(f"change {number} is {np.shape(change)}, expected (out, in) as the first is {shape}")
        if np.shape(gram) != (shape[1], shape[1]):
            raise ParameterError(f"Gram matrix {number} is {np.shape(gram)}, expected {(shape[1], shape[1])}")
        if not np.isfinite(gram).all():
            raise ParameterError(f"Gram matrix {number} holds values that are not numbers; gather it again")
