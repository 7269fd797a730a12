"""What each expert changed, one tensor and one expert at a time: what the merges of changes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.fuse.weights import Weights, check_experts

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Changes:
    """Every expert's change of one tensor, computed anew each time it is gone through.

    Sums over experts are kept running, so that memory does not grow with their number.

    Parameters
    ----------
    name : str
    start : array
        The base model's tensor.
    experts : sequence of mapping of name to array

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.changes import Changes
    >>> Changes("w", np.ones(1), [{"w": np.array([2.0])}, {"w": np.array([5.0])}]).mean()
    array([2.5])
    """

    name: str
    start: Floats
    experts: Sequence[Weights]

    def __len__(self) -> int:
        return len(self.experts)

    def __iter__(self) -> Iterator[Floats]:
        return (np.asarray(expert[self.name], dtype=np.float64) - self.start for expert in self.experts)

    def sum(self) -> Floats:
        """Sum over experts."""
        total = np.zeros_like(self.start)
        for change in self:
            total += change
        return total

    def mean(self) -> Floats:
        """Mean over experts."""
        return self.sum() / len(self)


def add_to_base(base: Weights, experts: Sequence[Weights], step: Callable[[Changes], Floats]) -> dict[str, Array]:
    """Base model plus what `step` makes of the experts' changes of each tensor, in the base model's types.

    Raises
    ------
    ParameterError, ShapeError
        If there is no expert, or one does not fit the base model; see `check_experts`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.changes import Changes, add_to_base
    >>> add_to_base({"w": np.ones(1)}, [{"w": np.array([3.0])}], Changes.sum)
    {'w': array([3.])}
    """
    check_experts(base, experts)
    merged = {}
    for name, given in base.items():
        value = np.asarray(given)
        start = value.astype(np.float64)
        merged[name] = np.asarray(start + step(Changes(name, start, experts))).astype(value.dtype)
    return merged


def change_of(value: Array, start: Array) -> Floats:
    """What an expert changed, in the wider type of both, and no narrower than four bytes.

    Numbers of four bytes that are near each other have an exact difference of four bytes: half the work of doubles.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.changes import change_of
    >>> change_of(np.ones(1, dtype=np.float16), np.zeros(1, dtype=np.float16))
    array([1.], dtype=float32)
    """
    value, start = np.asarray(value), np.asarray(start)
    return np.asarray(np.subtract(value, start, dtype=np.result_type(value, start, np.float32)))


def singular(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Singular triplets whose value is not zero to rounding: directions of the others are arbitrary.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.changes import singular
    >>> left, values, right = singular(np.diag([2.0, 0.0]))
    >>> left.shape, values, right.shape
    ((2, 1), array([2.]), (1, 2))
    """
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    kept = values > values.max(initial=0.0) * max(matrix.shape) * _EPSILON
    return left[:, kept], values[kept], right[kept]


def check_setting(
    name: str, value: float, low: float, high: float, *, above: bool = False, below: bool = False
) -> None:
    """A setting must be a number between bounds, which `above` and `below` leave out.

    Raises
    ------
    ParameterError
        Naming the setting and its range.

    Examples
    --------
    >>> from polyculture.fuse.changes import check_setting
    >>> check_setting("density", 0, 0, 1, above=True)
    Traceback (most recent call last):
    ...
    polyculture.errors.ParameterError: density is 0; give a number in (0, 1]
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not low <= value <= high or (above and value == low) or (below and value == high):
        left, right = "(" if above or low == -np.inf else "[", ")" if below or high == np.inf else "]"
        raise ParameterError(f"{name} is {value!r}; give a number in {left}{low:g}, {high:g}{right}")
