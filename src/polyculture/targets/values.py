"""A value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.targets.base import Target

if TYPE_CHECKING:
    from torch import Tensor

PARTS = 5
"""Classes that values are cut into, of equal numbers of items, where a step can work with classes alone."""


@dataclass(frozen=True)
class Values(Target):
    """A value: squared error of the standardised target.

    Parameters
    ----------
    mean, scale : float
        Of the labelled items; arrays to learn from are standardised by them.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets import Values
    >>> target = Values.of(np.array([1.0, 3.0, None], dtype=object))
    >>> target.encode(np.array([3.0, None], dtype=object))
    array([ 1., nan])
    >>> target.decode(np.array([[1.0]]))
    array([3.])
    """

    name: ClassVar[str] = "values"
    needs: ClassVar[str] = "at least two values"

    mean: float
    scale: float

    @classmethod
    def of(cls, labels: Array) -> Self:
        """Mean and standard deviation of the values that are known."""
        found = np.array([value for value in labels.tolist() if value is not None], dtype=np.float64)
        # divided first: the square of a large value is beyond what a float holds
        top = float(np.abs(found).max(initial=0.0)) or 1.0
        spread = float((found / top).std()) * top if len(found) else 0.0
        return cls(float((found / top).mean()) * top if len(found) else 0.0, spread or 1.0)

    @property
    def width(self) -> int:
        """Columns of scores and answers."""
        return 1

    @property
    def names(self) -> Array:
        """None, for a value has no names."""
        return np.zeros(0)

    @classmethod
    def coded(cls, width: int) -> Self:  # noqa: ARG003 - a value has one
        """The standardised value."""
        return cls(0.0, 1.0)

    def encode(self, labels: Array) -> Floats:
        """Standardised values, NaN where there is none."""
        found = np.array([np.nan if value is None else value for value in labels.tolist()], dtype=np.float64)
        return np.asarray((found - self.mean) / self.scale)

    def decode(self, answers: Array, threshold: float | None = None) -> Array:  # noqa: ARG002 - as all kinds are asked
        """Values in their own unit."""
        return np.asarray(answers[:, 0] * self.scale + self.mean, dtype=np.float64)

    def state(self) -> dict[str, Any]:
        """Mean and scale."""
        return {"kind": self.name, "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(state["mean"], state["scale"])

    @staticmethod
    def labelled(y: Array) -> Mask:
        """Which items have a value."""
        return ~np.isnan(y)

    @classmethod
    def strata(cls, y: Array) -> Ints:
        """Fifths of the values, from the lowest to the highest."""
        known = y[cls.labelled(y)]
        if not len(known):
            return np.full(len(y), -1)
        cuts = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS))
        out = np.full(len(y), -1)
        # few or equal values leave some fifths empty; the others are numbered without gaps
        out[cls.labelled(y)] = np.unique(np.searchsorted(cuts, known, side="right"), return_inverse=True)[1]
        return out

    @classmethod
    def varies(cls, y: Array) -> bool:
        """Whether two values occur."""
        return len(np.unique(y[cls.labelled(y)])) > 1

    @staticmethod
    def tensor(y: Array) -> Tensor:
        """Values as float32."""
        import torch

        return torch.from_numpy(y.astype(np.float32))

    @staticmethod
    def loss(scores: Tensor, truth: Tensor, smoothing: float) -> Tensor:  # noqa: ARG004 - there is no label to smooth
        """Half the squared error."""
        from torch.nn.functional import mse_loss

        return mse_loss(scores[:, 0], truth) / 2

    @staticmethod
    def hits(scores: Tensor, truth: Tensor) -> int:
        """Items that are within half a standard deviation."""
        return int(((scores[:, 0] - truth).abs() < 0.5).sum())

    @staticmethod
    def goal(y: Array, width: int) -> Floats:  # noqa: ARG004 - as all kinds are asked
        """The values themselves."""
        return np.asarray(y, dtype=np.float64)[:, None]

    @classmethod
    def linear(cls, X: Any, y: Array, strength: float, width: int) -> tuple[Array, Array]:  # noqa: ARG003
        """Ridge regression."""
        fitted = Ridge(alpha=1 / strength).fit(X, y)
        return np.asarray(fitted.coef_, dtype=np.float32).reshape(1, -1), np.array([float(fitted.intercept_)])

    @staticmethod
    def answer(scores: Array) -> Array:
        """Scores are answers."""
        return np.asarray(scores)

    @staticmethod
    def raised(answers: Array) -> Array:
        """Answers are scores."""
        return np.asarray(answers)

    @staticmethod
    def losses(scores: Array, y: Array) -> Floats:
        """Half the squared error of each item."""
        return np.asarray((scores[:, 0] - y) ** 2 / 2)

    @classmethod
    def temperature(cls, scores: Array, y: Array) -> float:  # noqa: ARG003 - as all kinds are asked
        """1, for a value has no confidence that could be too large."""
        return 1.0

    @staticmethod
    def judge(truth: Any, predicted: Array, weights: Floats | None = None) -> dict[str, float]:
        """R² and the mean absolute error."""
        given = np.asarray(truth, dtype=np.float64)
        return {
            "r2": float(r2_score(given, predicted, sample_weight=weights)),
            "mae": float(mean_absolute_error(given, predicted, sample_weight=weights)),
        }
