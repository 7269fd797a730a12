"""One class of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError
from polyculture.targets.base import Target

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Classes(Target):
    """One class of several: softmax and cross-entropy.

    Parameters
    ----------
    classes : array of shape (classes,)
        In the order of the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets import Classes
    >>> Classes.losses(np.array([[0.0, 0.0]]), np.array([1])).round(3)
    array([0.693])
    """

    name: ClassVar[str] = "classes"
    needs: ClassVar[str] = "at least two classes"

    classes: Array

    @classmethod
    def of(cls, labels: Array) -> Self:
        """The classes that occur, sorted.

        Raises
        ------
        DataError
            If they are words and numbers mixed.
        """
        found = {value for value in labels.tolist() if value is not None}
        try:
            return cls(np.array(sorted(found)))
        except TypeError:
            kinds = sorted({type(value).__name__ for value in found})
            raise DataError(
                f"labels are of mixed type ({', '.join(kinds)}); make them all words or all numbers"
            ) from None

    @property
    def width(self) -> int:
        """Columns of scores and answers."""
        return len(self.classes)

    @property
    def names(self) -> Array:
        """The classes."""
        return self.classes

    @classmethod
    def coded(cls, width: int) -> Self:
        """Columns by their numbers."""
        return cls(np.arange(width))

    def encode(self, labels: Array) -> Ints:
        """Position of each label among the classes, -1 where there is none."""
        place = {value: i for i, value in enumerate(self.classes.tolist())}
        return np.array([-1 if value is None else place[value] for value in labels.tolist()], dtype=np.int64)

    def decode(self, answers: Array, threshold: float | None = None) -> Array:
        """The most probable class, or of two the second from its threshold on."""
        if threshold is not None and answers.shape[1] == 2:
            return np.asarray(self.classes[(answers[:, 1] >= threshold).astype(int)])
        return np.asarray(self.classes[answers.argmax(axis=1)])

    def state(self) -> dict[str, Any]:
        """The classes."""
        return {"kind": self.name, "classes": self.classes.tolist()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(np.array(state["classes"]))

    @staticmethod
    def labelled(y: Array) -> Mask:
        """Which items have a label."""
        return np.asarray(y >= 0)

    @classmethod
    def strata(cls, y: Array) -> Ints:
        """The classes themselves."""
        return y

    @classmethod
    def varies(cls, y: Array) -> bool:
        """Whether two classes occur."""
        return len(np.unique(y[y >= 0])) > 1

    @staticmethod
    def tensor(y: Array) -> Tensor:
        """Classes as int64."""
        import torch

        return torch.from_numpy(y.astype(np.int64))

    @staticmethod
    def loss(scores: Tensor, truth: Tensor, smoothing: float) -> Tensor:
        """Cross-entropy with smoothed labels."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(scores, truth, label_smoothing=smoothing)

    @staticmethod
    def hits(scores: Tensor, truth: Tensor) -> int:
        """Items whose class has the largest score."""
        return int((scores.argmax(1) == truth).sum())

    @staticmethod
    def goal(y: Array, width: int) -> Floats:
        """Centred one-hot rows."""
        return np.eye(width)[y] - 1.0 / width

    @classmethod
    def linear(cls, X: Any, y: Array, strength: float, width: int) -> tuple[Array, Array]:
        """Logistic regression; a class that was not seen gets a bias that rules it out."""
        fitted = LogisticRegression(C=strength, max_iter=1000).fit(X, y)
        found, bias = fitted.coef_, fitted.intercept_
        if len(found) == 1:
            found, bias = np.vstack([-found / 2, found / 2]), np.concatenate([-bias / 2, bias / 2])
        weights, shift = np.zeros((width, found.shape[1])), np.full(width, -1e3)
        weights[fitted.classes_], shift[fitted.classes_] = found, bias
        return weights.astype(np.float32), shift

    @staticmethod
    def answer(scores: Array) -> Array:
        """Softmax."""
        return softmax(scores)

    @staticmethod
    def raised(answers: Array) -> Array:
        """Log-probabilities, none below that of 1e-6."""
        return np.asarray(np.log(np.clip(answers, 1e-6, 1.0)))

    @classmethod
    def evidence(cls, answers: Array) -> Array:
        """Log-probabilities less their mean over the classes."""
        found = cls.raised(answers)
        return np.asarray(found - found.mean(axis=-1, keepdims=True))

    @classmethod
    def sharpen(cls, answers: Array, by: float) -> Array:
        """Probabilities at this temperature, none below that of 1e-6 of the largest."""
        found = cls.raised(answers) / by
        return cls.answer(cls.raised(np.exp(found - found.max(axis=1, keepdims=True))).astype(np.float64))

    @staticmethod
    def losses(scores: Array, y: Array) -> Floats:
        """Cross-entropy of each item."""
        top = scores.max(axis=1, keepdims=True)
        return np.asarray(top[:, 0] + np.log(np.exp(scores - top).sum(axis=1)) - scores[np.arange(len(y)), y])

    @classmethod
    def confident(cls, answers: Array, y: Array) -> tuple[Floats, Floats]:
        """Probability of the predicted class, and whether it is right."""
        return answers.max(axis=1), (answers.argmax(axis=1) == y).astype(float)

    @staticmethod
    def judge(truth: Any, predicted: Array, weights: Floats | None = None) -> dict[str, float]:
        """Accuracy and macro-F1."""
        given = np.asarray(truth)
        place = {value: i for i, value in enumerate(dict.fromkeys([*given.tolist(), *predicted.tolist()]))}
        codes = [[place[value] for value in column.tolist()] for column in (given, predicted)]
        return {
            "accuracy": float(accuracy_score(*codes, sample_weight=weights)),
            "macro_f1": float(f1_score(*codes, average="macro", zero_division=0.0, sample_weight=weights)),
        }


def softmax(logits: Array) -> Array:
    r""":math:`e^{z_k} / \sum_j e^{z_j}` along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets.classes import softmax
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
