"""What is known of a candidate without target labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from polyculture.adapt.inputs import codes, distributions, two_samples
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import ParameterError, ShapeError


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate model's answers to source items that it has not seen, and to the target's.

    Parameters
    ----------
    source : array or sparse array of shape (n, d)
        Held-out source items, in the vectors that the candidate works on: moved, where it moves the source.
    y : array of int, shape (n,)
        Their classes; -1 where there is none.
    target : array or sparse array of shape (m, d)
        Items of the target, in the vectors that the candidate works on.
    source_answers, target_answers : array of shape (n, classes) and (m, classes)
        Probabilities.
    back : callable or None
        Classes of the target's items to probabilities of `source`, by the same way of adapting with both sides
        exchanged; for :func:`~polyculture.adapt.selection.circular.circular`.

    Raises
    ------
    ShapeError, DataError
        If rows or columns do not fit, a value is not finite, or a row of answers is no distribution.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial
    >>> trial = Trial(np.zeros((1, 2)), np.array([0]), np.ones((2, 2)), np.array([[1, 0]]), np.eye(2))
    >>> trial.labelled
    array([0])
    """

    source: Matrix
    y: Array
    target: Matrix
    source_answers: Array
    target_answers: Array
    back: Callable[[Ints], Array] | None = None

    def __post_init__(self) -> None:
        source, target = two_samples(self.source, self.target)
        found = {
            "source": source,
            "target": target,
            "y": codes(self.y, source.shape[0]),
            "source_answers": distributions(self.source_answers, "source_answers"),
            "target_answers": distributions(self.target_answers, "target_answers"),
        }
        shapes = found["source_answers"].shape, found["target_answers"].shape
        if shapes != ((source.shape[0], shapes[1][1]), (target.shape[0], shapes[0][1])):
            raise ShapeError(f"answers have shapes {shapes[0]} and {shapes[1]}; pass one row an item of either side.")
        if found["y"].max() >= shapes[0][1]:
            raise ShapeError(f"y holds class {found['y'].max()} and answers have {shapes[0][1]} columns; add columns.")
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def labelled(self) -> Array:
        """Rows of the source that have a label."""
        return np.flatnonzero(self.y >= 0)

    def losses(self, kind: str = "log") -> Floats:
        """Loss of each labelled source item: cross-entropy, at most that of 1e-6, or 1 for a wrong answer.

        Raises
        ------
        ParameterError
            If it is neither ``"log"`` nor ``"error"``.
        """
        rows, truth = self.labelled, self.y[self.labelled]
        if kind == "log":
            return np.asarray(-np.log(np.maximum(self.source_answers[rows, truth], 1e-6)))
        if kind == "error":
            return np.asarray((self.source_answers[rows].argmax(axis=1) != truth).astype(np.float64))
        raise ParameterError(f"loss is {kind!r}; use 'log' or 'error'.")


Scorer = Callable[[Trial], float]
"""A trial to a number: higher is better."""
