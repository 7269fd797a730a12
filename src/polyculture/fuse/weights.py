"""Checks and small steps that every merge of weights shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError, ShapeError

Weights = Mapping[str, Array]
Stretches = Callable[[Weights, Sequence[Weights], int], dict[str, Array]]
"""Merges a stretch of the base model's numbers and of the experts', when told where in the tensor it begins."""


class Checked(Mapping[str, Array]):
    """Tensors whose maker has seen to it that they fit and are numbers: to look again would be to read them again."""


def check_experts(base: Weights, experts: Sequence[Weights]) -> None:
    """Experts must have the base model's tensors, in its shapes, and only numbers in them.

    Raises
    ------
    ParameterError
        If there is no expert.
    ShapeError
        If a tensor is missing, left over, of another shape, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.weights import check_experts
    >>> check_experts({"w": np.zeros(2)}, [{"w": np.zeros(3)}])
    Traceback (most recent call last):
    ...
    polyculture.errors.ShapeError: expert 1: w is (3,), the base model's is (2,)
    """
    if not experts:
        raise ParameterError("there is no expert to fuse; give at least one")
    if isinstance(base, Checked):
        return
    for number, expert in enumerate(experts, start=1):
        if odd := sorted(set(base) ^ set(expert)):
            raise ShapeError(
                f"expert {number} and the base model do not have the same tensors ({', '.join(odd[:3])}); "
                "fuse models of one architecture"
            )
        for name, value in expert.items():
            if np.shape(value) != np.shape(base[name]):
                raise ShapeError(
                    f"expert {number}: {name} is {np.shape(value)}, the base model's is {np.shape(base[name])}"
                )
            if not np.isfinite(value).all():
                raise ShapeError(f"expert {number}: {name} holds values that are not numbers; train it again")


def shares(weights: Sequence[float] | None, count: int) -> Array:
    """Non-negative shares that sum to 1; equal when None.

    Raises
    ------
    ParameterError
        If there are not `count` of them, one is negative or no number, or all are 0.

    Examples
    --------
    >>> from polyculture.fuse.weights import shares
    >>> shares([3, 1], 2).tolist()
    [0.75, 0.25]
    """
    chosen = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if chosen.shape != (count,) or not (np.isfinite(chosen) & (chosen >= 0)).all() or chosen.sum() <= 0:
        raise ParameterError(f"weights are {chosen.tolist()}; give {count} non-negative numbers that are not all 0")
    return np.asarray(chosen / chosen.sum())
