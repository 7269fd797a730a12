"""TIES: trim small changes, elect a sign, and average the changes that have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import Changes, add_to_base, check_setting
from polyculture.fuse.weights import Weights


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
    check_setting("density", density, 0, 1, above=True)
    check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    return add_to_base(base, experts, lambda changes: scale * _elected(changes, density))


def _elected(changes: Changes, density: float) -> Floats:
    """Mean of the trimmed changes of the elected sign, in two passes over the experts."""
    mass, total, count = (np.zeros_like(changes.start) for _ in range(3))
    for change in changes:
        mass += _trimmed(change, density)
    for change in changes:
        kept = _trimmed(change, density)
        agrees = kept * np.sign(mass) > 0
        total += np.where(agrees, kept, 0.0)
        count += agrees
    return total / np.maximum(count, 1.0)


def _trimmed(change: Floats, density: float) -> Floats:
    if density == 1 or not change.size:
        return change
    size = np.abs(change)
    place = size.size - max(1, round(density * size.size))
    return np.where(size >= np.partition(size.ravel(), place)[place], change, 0.0)
