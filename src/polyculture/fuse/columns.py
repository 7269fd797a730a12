"""One linear model for each of several outputs: what stacking fits to labels and to values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.targets import kind_of


@dataclass(frozen=True)
class Columns:
    """Coefficients of one linear model an output, each with columns of its own.

    Parameters
    ----------
    weights : array of shape (outputs, columns)
    bias : array of shape (outputs,)

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.columns import Columns
    >>> Columns(np.array([[2.0]]), np.array([1.0])).scores([np.array([[3.0]])])
    array([[7.]])
    """

    weights: Array
    bias: Array

    @classmethod
    def fit(cls, inputs: Sequence[Floats], y: Array, strength: float) -> Self:
        """Learn each output from its own columns; `y` is rows of labels, or values."""
        kind = kind_of(y)
        targets = y[:, :, None].transpose(1, 0, 2) if y.ndim == 2 else [y]
        fits = [kind.linear(x, target, strength, 1) for x, target in zip(inputs, targets, strict=True)]
        return cls(np.vstack([weights for weights, _ in fits]), np.concatenate([bias for _, bias in fits]))

    def scores(self, inputs: Sequence[Floats]) -> Floats:
        """Log-odds, or values, shape (n, outputs)."""
        return np.stack([x @ w + b for x, w, b in zip(inputs, self.weights, self.bias, strict=True)], axis=1)

    def state(self) -> dict[str, Any]:
        """Coefficients."""
        return {"weights": self.weights, "bias": self.bias}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(state["weights"], state["bias"])
