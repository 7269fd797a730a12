"""What every kind of target answers for the steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy.optimize import minimize_scalar

from polyculture.arrays import Array, Floats, Ints, Mask

if TYPE_CHECKING:
    from torch import Tensor


class Target(ABC):
    """A kind of target: an instance turns labels into arrays and back, the class works on the arrays.

    *Scores* are what a network gives before its last function, *answers* what it gives after it; both are of shape
    (n, width).

    Attributes
    ----------
    name : str
    needs : str
        What is missing where there is nothing to learn from.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets import Classes
    >>> target = Classes.of(np.array(["no", None, "yes"], dtype=object))
    >>> target.encode(np.array(["yes", None], dtype=object)).tolist()
    [1, -1]
    >>> target.decode(np.array([[0.2, 0.8]])).tolist()
    ['yes']
    """

    name: ClassVar[str]
    needs: ClassVar[str]

    # -- labels and arrays ---------------------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def of(cls, labels: Array) -> Self:
        """The target that these labels, None where there is none, are of."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Columns of scores and answers."""

    @property
    @abstractmethod
    def names(self) -> Array:
        """What the columns are called."""

    @classmethod
    @abstractmethod
    def coded(cls, width: int) -> Self:
        """The target of an array that was encoded already."""

    @abstractmethod
    def encode(self, labels: Array) -> Array:
        """Labels, None where there is none, as an array to learn from."""

    @abstractmethod
    def decode(self, answers: Array, threshold: float | None = None) -> Array:
        """What is predicted, in the terms of the labels."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that is needed to build it again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""

    # -- arrays to learn from ------------------------------------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def labelled(y: Array) -> Mask:
        """Which items have a label, shape (n,)."""

    @classmethod
    @abstractmethod
    def strata(cls, y: Array) -> Ints:
        """A class for each item, -1 where it has no label: to share items out by, and for what learns classes alone."""

    @classmethod
    def blank(cls, y: Array, kept: Mask) -> Array:
        """The same without the labels of the items that are not kept."""
        out = y.copy()
        out[~kept] = np.nan if y.dtype.kind == "f" else -1
        return out

    @classmethod
    @abstractmethod
    def varies(cls, y: Array) -> bool:
        """Whether labelled items differ, so that there is something to learn."""

    # -- networks ------------------------------------------------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def tensor(y: Array) -> Tensor:
        """What the loss takes."""

    @staticmethod
    @abstractmethod
    def loss(scores: Tensor, truth: Tensor, smoothing: float) -> Tensor:
        """Mean loss of a batch."""

    @staticmethod
    @abstractmethod
    def hits(scores: Tensor, truth: Tensor) -> int:
        """How many answers of a batch count as right."""

    @staticmethod
    @abstractmethod
    def goal(y: Array, width: int) -> Floats:
        """What a linear head in closed form is fitted to, shape (n, width)."""

    @classmethod
    @abstractmethod
    def linear(cls, X: Any, y: Array, strength: float, width: int) -> tuple[Array, Array]:
        """Weights (width, d) and biases (width,) of a linear model; `strength` is the inverse of its penalty."""

    # -- answers -------------------------------------------------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def answer(scores: Array) -> Array:
        """Scores to answers."""

    @staticmethod
    @abstractmethod
    def raised(answers: Array) -> Array:
        """Answers back to scores."""

    @classmethod
    def pool(cls, answers: Array, shares: Array) -> Array:
        """One answer from those of several models, shape (models, n, width), with these shares."""
        return cls.answer(np.tensordot(shares, cls.raised(answers), axes=1))

    @classmethod
    def evidence(cls, answers: Array) -> Array:
        """Answers as columns that a linear model can weigh."""
        return cls.raised(answers)

    @staticmethod
    @abstractmethod
    def losses(scores: Array, y: Array) -> Floats:
        """Loss of each item, shape (n,)."""

    @classmethod
    def temperature(cls, scores: Array, y: Array) -> float:
        """The T > 0 by which scores are divided for the lowest loss, between 0.05 and 20."""
        found = minimize_scalar(
            lambda log_t: float(np.mean(cls.losses(scores / np.exp(log_t), y))),
            bounds=(np.log(0.05), np.log(20.0)),
            method="bounded",
        )
        return float(np.exp(found.x))

    @classmethod
    def sharpen(cls, answers: Array, by: float) -> Array:
        """Answers at this temperature."""
        return cls.answer(cls.raised(answers) / by)

    @staticmethod
    @abstractmethod
    def judge(truth: Any, predicted: Array, weights: Floats | None = None) -> dict[str, float]:
        """Measures of what was predicted, in the terms of the labels; the first is what ``score`` gives.

        Parameters
        ----------
        truth : sequence of n labels
        predicted : array of n rows
            What :meth:`decode` gave.
        weights : array of shape (n,), or None
            How much each item counts.
        """

    @classmethod
    def confident(cls, answers: Array, y: Array) -> tuple[Floats, Floats]:  # noqa: ARG003 - of most kinds
        """Confidence of each decision and whether it was right; empty for a kind that has none."""
        return np.zeros(0), np.zeros(0)
