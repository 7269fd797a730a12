"""What a value is worth once chance has been taken off."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError, ShapeError


class Calibrated(NamedTuple):
    """Values calibrated against draws from chance, all of one shape.

    Parameters
    ----------
    calibrated : float64 array
        Share of the way from the threshold to the highest value: at most 1, and below 0 for what chance surpasses.
    p : float64 array
        Share of values at least as high, the observed one counted among the draws: between 1 / (K + 1) and 1.
    threshold : float64 array
        Value that chance passes with probability `alpha` at most.
    """

    calibrated: Floats
    p: Floats
    threshold: Floats


def calibrate(
    observed: Array, draws: Array, *, alpha: float = 0.05, highest: float | Array = 1.0, slack: float = 0.0
) -> Calibrated:
    r"""Calibrate values against draws of what chance alone gives.

    .. math::
        \tau = v_{(\lceil (1 - \alpha)(K + 1) \rceil)}, \qquad s_{cal} = \frac{s - \tau}{s_{max} - \tau}, \qquad
        p = \frac{1 + \#\{v_k \ge s\}}{K + 1}

    with :math:`v` the K draws and the observed value s together, in order. To calibrate a maximum, such as that over
    pairs of layers, pass the observed maximum and the maximum of each draw. Tools with the same formula cut calibrated
    values at 0; here they are left as they are, so that averages over pairs are not pushed up.

    Parameters
    ----------
    observed : float or array of any shape
        NaN where a value is undefined.
    draws : array of shape (K, ...), the rest as observed
        The same values where nothing but chance makes things alike, such as after a permutation of items.
    alpha : float, default 0.05
        Share of chance values allowed above the threshold.
    highest : float or array, default 1
        Largest value possible.
    slack : float, default 0
        Draws below the observed value by no more than this count as reaching it: rounding must not break ties.

    Returns
    -------
    Calibrated; entries are NaN where the observed value or a draw is, and `calibrated` is NaN where the threshold
    leaves no way to go.

    Raises
    ------
    ShapeError
        If there are no draws, or their shape is not that of the observed values.
    ParameterError
        If alpha is not between 0 and 1.

    References
    ----------
    Gröger et al. 2026, Revisiting the Platonic Representation Hypothesis: an Aristotelian view; Phipson and Smyth 2010,
    Statistical Applications in Genetics and Molecular Biology 9.

    Examples
    --------
    >>> found = calibrate(0.6, np.linspace(0, 0.2, 199))
    >>> round(float(found.threshold), 3), round(float(found.calibrated), 3), float(found.p)
    (0.191, 0.506, 0.005)
    """
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha is {alpha}; pass a share between 0 and 1, such as 0.05.")
    value, chance = np.asarray(observed, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    if not chance.ndim or not len(chance) or chance.shape[1:] != value.shape:
        raise ShapeError(f"draws has shape {chance.shape}; pass one or more draws of shape {value.shape} each.")
    count = len(chance) + 1
    position = ceil((1 - alpha) * count) - 1
    threshold = np.partition(np.concatenate([chance, value[None]]), position, axis=0)[position]
    reached = (1 + (chance >= value - slack).sum(axis=0)) / count
    undefined = np.isnan(value) | np.isnan(chance).any(axis=0)
    threshold, p = (np.where(undefined, np.nan, part) for part in (threshold, reached))
    return Calibrated(towards(value, threshold, highest), p, threshold)


_ROOM = 1e-6
"""What is left between chance and the largest value is rounding below this, in single precision."""


def towards(value: Floats, null: Floats, highest: float | Array) -> Floats:
    """Share of the way from the null to the highest value; NaN where there is no way to go."""
    room = np.asarray(highest - null)
    undefined = np.full(np.broadcast_shapes(value.shape, room.shape), np.nan)
    return np.asarray(np.divide(value - null, room, out=undefined, where=room > _ROOM))
