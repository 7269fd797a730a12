"""Several labels at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.targets.base import Target

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Labels(Target):
    """Any number of labels at once: a sigmoid and binary cross-entropy for each.

    Parameters
    ----------
    classes : array of shape (L,)
        Names of the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets import Labels
    >>> target = Labels(np.array(["new", "red"]))
    >>> target.decode(np.array([[0.9, 0.2], [0.6, 0.7]])).tolist()
    [[1, 0], [1, 1]]
    """

    name: ClassVar[str] = "labels"
    needs: ClassVar[str] = "a label that some items have and others do not"

    classes: Array

    @classmethod
    def of(cls, labels: Array) -> Self:
        """As many columns as the rows are long, by their numbers."""
        width = next((len(row) for row in labels.tolist() if row is not None), 0)
        return cls(np.arange(width))

    @property
    def width(self) -> int:
        """Columns of scores and answers."""
        return len(self.classes)

    @property
    def names(self) -> Array:
        """Names of the labels."""
        return self.classes

    @classmethod
    def coded(cls, width: int) -> Self:
        """Columns by their numbers."""
        return cls(np.arange(width))

    def encode(self, labels: Array) -> Ints:
        """Rows of 0 and 1, of -1 where there is no label."""
        out = np.full((len(labels), self.width), -1, dtype=np.int64)
        for i, row in enumerate(labels.tolist()):
            if row is not None:
                out[i] = row
        return out

    def decode(self, answers: Array, threshold: float | None = None) -> Array:
        """1 for every label whose probability is at least one half (or the threshold)."""
        return (answers >= (0.5 if threshold is None else threshold)).astype(np.int64)

    def state(self) -> dict[str, Any]:
        """Names of the columns."""
        return {"kind": self.name, "classes": self.classes.tolist()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(np.array(state["classes"]))

    @staticmethod
    def labelled(y: Array) -> Mask:
        """Which items have a label."""
        return np.asarray((y >= 0).all(axis=1))

    @classmethod
    def strata(cls, y: Array) -> Ints:
        """The rarest label of each item, and one class more for items without any: so no label is left to chance."""
        known = cls.labelled(y)
        count = (y[known] > 0).sum(axis=0)
        rarest = np.argsort(np.argsort(count, kind="stable"), kind="stable")
        order = np.argsort(rarest)
        first = np.where(y > 0, rarest, y.shape[1]).min(axis=1, initial=y.shape[1])
        names = np.concatenate([order, [y.shape[1]]])
        return np.where(known, names[first], -1)

    @classmethod
    def varies(cls, y: Array) -> bool:
        """Whether a label is there for some and not for others."""
        known = y[cls.labelled(y)]
        return bool(len(known) and (known != known[0]).any())

    @staticmethod
    def tensor(y: Array) -> Tensor:
        """Labels as float32."""
        import torch

        return torch.from_numpy(y.astype(np.float32))

    @staticmethod
    def loss(scores: Tensor, truth: Tensor, smoothing: float) -> Tensor:
        """Binary cross-entropy with smoothed labels."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(scores, truth * (1 - smoothing) + smoothing / 2)

    @staticmethod
    def hits(scores: Tensor, truth: Tensor) -> int:
        """Items all of whose labels are right."""
        return int((((scores >= 0) == (truth > 0.5)).all(dim=1)).sum())

    @staticmethod
    def goal(y: Array, width: int) -> Floats:  # noqa: ARG004 - as all kinds are asked
        """One half for a label, less one half for none."""
        return np.asarray(y - 0.5, dtype=np.float64)

    @classmethod
    def linear(cls, X: Any, y: Array, strength: float, width: int) -> tuple[Array, Array]:
        """One logistic regression a label; a label that all or none have gets a bias alone."""
        weights, bias = np.zeros((width, X.shape[1]), dtype=np.float32), np.zeros(width)
        for j in range(width):
            share = y[:, j].mean()
            if 0 < share < 1:
                fitted = LogisticRegression(C=strength, max_iter=1000).fit(X, y[:, j])
                weights[j], bias[j] = fitted.coef_[0], fitted.intercept_[0]
            else:
                bias[j] = np.log((share * len(y) + 0.5) / ((1 - share) * len(y) + 0.5))
        return weights, bias

    @staticmethod
    def answer(scores: Array) -> Array:
        """The sigmoid of each score."""
        return np.asarray(expit(scores))

    @staticmethod
    def raised(answers: Array) -> Array:
        """Log-odds, of probabilities between 1e-6 and 1 - 1e-6."""
        p = np.clip(np.asarray(answers, dtype=np.float64), 1e-6, 1 - 1e-6)
        return np.asarray(np.log(p) - np.log1p(-p))

    @staticmethod
    def losses(scores: Array, y: Array) -> Floats:
        """Binary cross-entropy of each item, mean over the labels."""
        return np.asarray((np.logaddexp(0.0, scores) - scores * y).mean(axis=1))

    @classmethod
    def confident(cls, answers: Array, y: Array) -> tuple[Floats, Floats]:
        """Probability of each decision on each label, and whether it is right."""
        said = answers >= 0.5
        return np.where(said, answers, 1 - answers).ravel(), (said == (y > 0)).ravel().astype(float)

    @staticmethod
    def judge(truth: Any, predicted: Array, weights: Floats | None = None) -> dict[str, float]:
        """Share of items with all labels right, micro-F1 and macro-F1."""
        given = np.asarray(truth)
        return {
            "accuracy": float(accuracy_score(given, predicted, sample_weight=weights)),
            "micro_f1": float(f1_score(given, predicted, average="micro", zero_division=0.0, sample_weight=weights)),
            "macro_f1": float(f1_score(given, predicted, average="macro", zero_division=0.0, sample_weight=weights)),
        }
