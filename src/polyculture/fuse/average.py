"""Averaging of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.fuse.weights import Weights, check_experts, shares


def average(base: Weights, experts: Sequence[Weights], *, weights: Sequence[float] | None = None) -> dict[str, Array]:
    r"""Weighted mean of the experts' weights.

    .. math:: \theta = \sum_i w_i \theta_i, \qquad \sum_i w_i = 1

    Parameters
    ----------
    base : mapping of name to array
        What the experts started from; only its shapes matter here.
    experts : sequence of such mappings
    weights : sequence of float >= 0, or None
        Share of each expert; equal when None.

    References
    ----------
    Wortsman et al. 2022, arXiv:2203.05482.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import average
    >>> average({"w": np.zeros(1)}, [{"w": np.array([1.0])}, {"w": np.array([4.0])}], weights=[2, 1])
    {'w': array([2.])}
    """
    check_experts(base, experts)
    parts = shares(weights, len(experts))
    merged = {}
    for name, value in base.items():
        total = np.zeros(np.shape(value))
        for part, expert in zip(parts, experts, strict=True):
            total += np.multiply(expert[name], part, dtype=np.float64)
        merged[name] = total.astype(np.asarray(value).dtype)
    return merged
