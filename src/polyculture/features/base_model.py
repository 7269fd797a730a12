"""A base model alone: one encoder's vectors under a linear head."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.random_projection import SparseRandomProjection

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.errors import DataError
from polyculture.features.backbone import softmax
from polyculture.features.blocks import Block
from polyculture.features.encoders.base import State, held_out

SPARSE, DENSE = (2.0, 5.0), (0.003, 0.03)


class BaseModel(BaseEstimator):  # type: ignore[misc]
    """Logistic regression on one encoder's vectors, its strength and temperature chosen on held-out items.

    Parameters
    ----------
    strengths : tuple of float > 0, or None
        Values of C to choose from; None for what suits sparse or dense vectors.
    random_state : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.base_model import BaseModel
    >>> x = np.random.RandomState(0).randn(60, 3)
    >>> y = (x[:, 0] > 0).astype(int)
    >>> bool((BaseModel().fit(x, y).predict_proba(x).argmax(axis=1) == y).mean() > 0.9)
    True
    """

    def __init__(self, strengths: tuple[float, ...] | None = None, random_state: int = 0) -> None:
        self.strengths = strengths
        self.random_state = random_state

    def fit(self, X: Matrix, y: Ints, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Learn from labelled rows (`y` >= 0); rows of `validation` choose strength and temperature."""
        rows, stop = held_out(y, validation, share=0.1, seed=self.random_state)
        if (found := len(np.unique(y[rows]))) < 2:
            raise DataError(f"training needs at least two classes, {found} found among the labelled items to train on")
        self.n_classes_ = classes or int(y.max()) + 1
        self.block_ = None if sp.issparse(X) else Block().fit(X, np.isin(np.arange(len(y)), rows))
        inputs = X if self.block_ is None else self.block_.transform(X)
        fits = [
            LogisticRegression(C=c, max_iter=300, tol=1e-3).fit(inputs[rows], y[rows])
            for c in self.strengths or (SPARSE if sp.issparse(X) else DENSE)
        ]
        judged = stop if len(stop) else rows
        losses = [
            log_loss(
                y[judged], _spread(f.predict_proba(inputs[judged]), f, self.n_classes_), labels=range(self.n_classes_)
            )
            for f in fits
        ]
        best = fits[int(np.argmin(losses))]
        self.weights_, self.bias_ = _expanded(best, self.n_classes_)
        self.temperature_ = 1.0
        self.temperature_ = temperature(self._logits(X[judged]), y[judged]) if len(stop) else 1.0
        return self

    def dense(self, X: Matrix, *, most: int = 256) -> Array:
        """Its inputs as dense columns; sparse ones as sums of terms under random signs, which keep inner products."""
        if self.block_ is not None:
            return self.block_.transform(X)
        if X.shape[1] <= most:
            return np.asarray(X.toarray())
        signs = SparseRandomProjection(most, dense_output=True, random_state=self.random_state)
        return np.asarray(signs.fit_transform(X))

    def _logits(self, X: Matrix) -> Array:
        inputs = X if self.block_ is None else self.block_.transform(X)
        return np.asarray((inputs @ self.weights_.T + self.bias_) / self.temperature_)

    def predict_proba(self, X: Matrix) -> Array:
        """Probability of each class, shape (n, classes)."""
        return softmax(self._logits(X))

    def state(self) -> State:
        """Weights, bias, temperature and scale."""
        return {
            "params": self.get_params(),
            "block": None if self.block_ is None else self.block_.state(),
            "weights": self.weights_,
            "bias": self.bias_,
            "temperature": self.temperature_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        model = cls(**state["params"])
        model.block_ = None if state["block"] is None else Block.from_state(state["block"])
        model.weights_, model.bias_, model.temperature_ = state["weights"], state["bias"], state["temperature"]
        model.n_classes_ = len(model.weights_)
        return model


def _spread(found: Array, fitted: LogisticRegression, classes: int) -> Array:
    out = np.full((len(found), classes), 1e-12)
    out[:, fitted.classes_] = found
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def _expanded(fitted: LogisticRegression, classes: int) -> tuple[Array, Array]:
    """One row a class; a class that was not seen gets a bias that rules it out."""
    found, bias = fitted.coef_, fitted.intercept_
    if len(found) == 1:
        found, bias = np.vstack([-found / 2, found / 2]), np.concatenate([-bias / 2, bias / 2])
    weights, shift = np.zeros((classes, found.shape[1])), np.full(classes, -1e3)
    weights[fitted.classes_], shift[fitted.classes_] = found, bias
    return weights.astype(np.float32), shift


def temperature(logits: Array, y: Ints) -> float:
    r"""The T > 0 that makes :math:`\operatorname{softmax}(z / T)` most likely, between 0.05 and 20.

    Parameters
    ----------
    logits : array of shape (n, classes)
    y : array of int, shape (n,)

    References
    ----------
    Guo et al. 2017, arXiv:1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.base_model import temperature
    >>> overconfident = np.array([[9.0, 0.0]] * 4)
    >>> temperature(overconfident, np.array([0, 0, 0, 1])) > 2
    True
    """
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        scaled = logits / np.exp(log_t)
        top = scaled.max(axis=1, keepdims=True)
        return float(np.mean(top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1)) - scaled[rows, y]))

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))
