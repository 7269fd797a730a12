"""Correlation alignment: the source is given the target's mean and covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyculture.adapt.inputs import dense, two_samples
from polyculture.arrays import Floats, Matrix
from polyculture.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor


def coral(source: Matrix, target: Matrix, *, ridge: float = 1.0) -> Floats:
    r"""Source vectors moved so that their mean and covariance are the target's.

    .. math:: \tilde X_s = (X_s - \mu_s) C_s^{-1/2} C_t^{1/2} + \mu_t, \qquad
        C = \operatorname{cov}(X) + \rho \bar v I

    with :math:`\bar v` the mean variance of the columns of both. Where there are fewer items than columns, roots are
    taken of the items' Gram matrix: no matrix of columns by columns is made.

    It aligns what labels had no part in: where classes lie otherwise in the target than in the source, or in other
    proportions, it can move a class to the place of another.

    Parameters
    ----------
    source, target : array or sparse array of shape (n, d) and (m, d)
        Without labels; at least two rows each.
    ridge : float > 0
        Relative to the mean variance, so that no unit matters; 1 for columns of variance 1 is the paper's. The larger,
        the less is moved but the mean.

    Returns
    -------
    dense array of shape (n, d), float32 where the source is

    Raises
    ------
    ShapeError, DataError
        If source and target do not fit together, or hold values that are not finite.
    ParameterError
        If `ridge` is not above 0.

    References
    ----------
    Sun, Feng & Saenko 2016, Return of frustratingly easy domain adaptation, arXiv:1511.05547.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.coral import coral
    >>> coral(np.array([[0.0], [2.0]]), np.array([[10.0], [16.0]]), ridge=1e-9).ravel().round(3)
    array([10., 16.])
    """
    source, target = two_samples(source, target, least=2)
    if not ridge > 0:
        raise ParameterError(f"ridge is {ridge}; pass a number above 0, 1 is usual.")
    means = [np.asarray(part.mean(axis=0), dtype=np.float64).ravel() for part in (source, target)]
    own, other = (dense(part).astype(np.float64) - mean for part, mean in zip((source, target), means, strict=True))
    variance = (np.square(own).sum() / (len(own) - 1) + np.square(other).sum() / (len(other) - 1)) / (2 * own.shape[1])
    floor = max(ridge * variance, np.finfo(np.float64).tiny)
    white = _times_power(own, own, floor, -0.5)
    moved = _times_power(white, other, floor, 0.5) + means[1]
    return np.asarray(moved, dtype=source.dtype)


def _times_power(values: Floats, sample: Floats, floor: float, power: float) -> Floats:
    """``values @ (covariance of a centred sample + floor I) ** power``, from the smaller of two systems."""
    n, d = sample.shape
    if d <= n:
        variances, axes = np.linalg.eigh(sample.T @ sample / (n - 1))
        # the power itself is the smaller matrix: one product with all values, not two
        return np.asarray(values @ ((axes * (np.maximum(variances, 0) + floor) ** power) @ axes.T))
    squares, sides = np.linalg.eigh(sample @ sample.T)
    kept = squares > squares[-1] * 1e-10
    axes = (sample.T @ sides[:, kept]) / np.sqrt(squares[kept])
    # in all directions that the sample does not span only the floor is left
    gain = (squares[kept] / (n - 1) + floor) ** power - floor**power
    return np.asarray(values * floor**power + (values @ axes * gain) @ axes.T)


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    r"""How far apart the covariances of two batches are: the penalty of Deep CORAL.

    .. math:: \frac{1}{4 d^2} \| \operatorname{cov}(H_s) - \operatorname{cov}(H_t) \|_F^2

    Parameters
    ----------
    source, target : tensor of shape (n, d) and (m, d)
        Hidden features, at least two rows each; gradients pass to both.

    Returns
    -------
    tensor without axes, >= 0

    References
    ----------
    Sun & Saenko 2016, Deep CORAL, arXiv:1607.01719.

    Examples
    --------
    >>> import torch
    >>> from polyculture.adapt.coral import coral_loss
    >>> float(coral_loss(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [0.0]])))
    1.0
    """
    return (_covariance(source) - _covariance(target)).square().sum() / (4 * source.shape[1] ** 2)


def _covariance(features: Tensor) -> Tensor:
    centred = features - features.mean(0)
    return centred.T @ centred / (len(features) - 1)
