"""TIES: trim small changes, elect a sign, and average the changes that have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import change_of, check_setting
from polyculture.fuse.weights import Stretches, Weights, check_experts


def ties(base: Weights, experts: Sequence[Weights], *, density: float = 0.2, scale: float = 1.0) -> dict[str, Array]:
    r"""Base plus, for each number, the mean of the trimmed changes that point the way most of their mass does.

    .. math::
        \theta = \theta_0 + \lambda\, \frac{\sum_{i \in A} \hat\tau_i}{|A|}, \qquad
        A = \Big\{i : \hat\tau_i \sum_j \hat\tau_j > 0\Big\}

    with :math:`\hat\tau_i` the change of expert i in which only the share `density` of largest size is kept. Changes
    are trimmed tensor by tensor, so that no more than one tensor is ever needed at once; the paper trims over the whole
    model. Where changes cancel exactly no sign is elected, and the base model's number stays.

    Parameters
    ----------
    base : mapping of name to array
    experts : sequence of such mappings
    density : float in (0, 1]
        Share of each change that is kept; at least one number a tensor, and all that are as large as the smallest kept.
    scale : float
        λ.

    Raises
    ------
    ParameterError
        If a setting is out of range, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    References
    ----------
    Yadav et al. 2023, arXiv:2306.01708.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.ties import ties
    >>> base, one, two = ({"w": np.array(w)} for w in ([0.0, 0.0], [3.0, 1.0], [5.0, -4.0]))
    >>> ties(base, [one, two], density=1.0)
    {'w': array([ 4., -4.])}
    """
    check_experts(base, experts)
    return trimming(base, experts, density=density, scale=scale)(base, experts, 0)


def trimming(base: Weights, experts: Sequence[Weights], *, density: float = 0.2, scale: float = 1.0) -> Stretches:
    """TIES by stretches: how large a change must be to be kept is found from whole tensors, one expert at a time.

    Parameters
    ----------
    base, experts, density, scale
        As in :func:`ties`; whole tensors.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.ties import trimming
    >>> base, one = {"w": np.zeros(4)}, {"w": np.array([1.0, 4.0, 3.0, 2.0])}
    >>> merge = trimming(base, [one], density=0.5)
    >>> merge({"w": base["w"][2:]}, [{"w": one["w"][2:]}], 2)
    {'w': array([3., 0.])}
    """
    check_setting("density", density, 0, 1, above=True)
    check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    least = {name: _thresholds(name, np.asarray(value), experts, density) for name, value in base.items()}

    def merge(base: Weights, experts: Sequence[Weights], _: int) -> dict[str, Array]:
        merged = {}
        for name, value in base.items():
            start = np.asarray(value)
            changes = (change_of(expert[name], start).reshape(-1) for expert in experts)
            kept = [_trimmed(change, size) for change, size in zip(changes, least[name], strict=True)]
            merged[name] = np.asarray(start + scale * _elected(kept).reshape(start.shape)).astype(start.dtype)
        return merged

    return merge


def _thresholds(name: str, start: Array, experts: Sequence[Weights], density: float) -> list[float]:
    """Size of the smallest change that is kept of each expert's."""
    if density == 1 or not start.size:
        return [0.0] * len(experts)
    place = start.size - max(1, round(density * start.size))
    return [_smallest(change_of(expert[name], start).reshape(-1), place) for expert in experts]


def _smallest(change: Floats, place: int) -> float:
    # in place: a tensor is held twice at most
    np.abs(change, out=change)
    change.partition(place)
    return float(change[place])


def _trimmed(change: Floats, least: float) -> Floats:
    return np.multiply(change, np.abs(change) >= least, out=change)


def _elected(kept: Sequence[Floats]) -> Floats:
    """Mean of the trimmed changes of the elected sign."""
    mass, total, count = (np.zeros(kept[0].shape) for _ in range(3))
    for change in kept:
        mass += change
    sign = np.sign(mass).astype(kept[0].dtype)
    for change in kept:
        agreeing = change * sign
        count += agreeing > 0
        total += np.maximum(agreeing, 0, out=agreeing)
    return np.asarray(sign * total / np.maximum(count, 1.0))
