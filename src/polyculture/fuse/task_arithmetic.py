"""Task arithmetic: the base model plus the sum of what the experts learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.fuse.weights import Weights, check_experts


def task_arithmetic(base: Weights, experts: Sequence[Weights], *, scale: float = 0.3) -> dict[str, Array]:
    r"""Base weights plus the scaled sum of the experts' changes.

    .. math:: \theta = \theta_0 + \lambda \sum_i (\theta_i - \theta_0)

    Parameters
    ----------
    base : mapping of name to array
    experts : sequence of such mappings
    scale : float
        λ; 1 / (number of experts) is the plain average.

    References
    ----------
    Ilharco et al. 2023, arXiv:2212.04089.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import task_arithmetic
    >>> task_arithmetic({"w": np.ones(1)}, [{"w": np.array([2.0])}, {"w": np.array([4.0])}], scale=0.5)
    {'w': array([3.])}
    """
    check_experts(base, experts)
    merged = {}
    for name, value in base.items():
        start = np.asarray(value, dtype=np.float64)
        change = -len(experts) * start
        for expert in experts:
            change += expert[name]
        merged[name] = np.asarray(start + scale * change).astype(np.asarray(value).dtype)
    return merged
