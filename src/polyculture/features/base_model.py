"""A base model alone: one encoder's vectors under a linear head."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.random_projection import SparseRandomProjection
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.features.blocks import Block
from polyculture.features.encoders.base import State
from polyculture.features.reading import as_kind, taught, unless_values
from polyculture.features.sampling import at_most
from polyculture.features.term_ratio import term_ratios
from polyculture.targets import KINDS, kind_named

SPARSE, DENSE = (2.0, 5.0), (0.003, 0.03)
SCALED = (5.0, 20.0)
"""Where each term counts by its ratio: strengths are larger, as most terms are made small."""

KEPT = (np.float64, np.float32)
"""Kinds of numbers that are worked with as they come; others become the first."""


class BaseModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A linear model on one encoder's vectors, its strength and temperature chosen on held-out items.

    Logistic regression for classes and, one for each, for labels; ridge regression for values. For classes of sparse
    items each term may count by how much more often it stands in one class than in the others
    (:func:`~polyculture.features.term_ratio.term_ratios`), where held-out items say so.

    Parameters
    ----------
    strengths : tuple of float > 0, or None
        Values of C to choose from; None for what suits sparse or dense vectors.
    random_state : int
    target : {"classes", "labels", "values"}
        What is learnt; see :mod:`polyculture.targets`.
    ratios : bool
        Try term ratios.

    Attributes
    ----------
    classes_ : array
        Classes, or names of labels; the numbers of the outputs where `y` was coded already.
    weights_, bias_ : array
        One row, and one number, for each output.
    temperature_ : float
    prior_ : array of shape (outputs,)
        Mean of its answers to held-out items: what it says of an item that it knows nothing of.
    by_ratio_ : bool
        Whether terms count by their ratio.
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.base_model import BaseModel
    >>> x = np.random.RandomState(0).randn(60, 3)
    >>> y = (x[:, 0] > 0).astype(int)
    >>> bool((BaseModel().fit(x, y).predict_proba(x).argmax(axis=1) == y).mean() > 0.9)
    True
    """

    def __init__(
        self,
        strengths: tuple[float, ...] | None = None,
        random_state: int = 0,
        target: str = "classes",
        ratios: bool = True,
    ) -> None:
        self.strengths = strengths
        self.ratios = ratios
        self.random_state = random_state
        self.target = target

    def fit(self, X: Matrix, y: Array, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Learn from labelled rows; those of `validation` choose strength and temperature.

        Parameters
        ----------
        X : array or sparse array of shape (n, d)
        y : sequence of n labels
            Classes, a matrix of labels, or values; -1, a row of -1 or NaN where an item has none.
        validation : array of bool, shape (n,), or None
            A tenth of each class when None.
        classes : int or None
            Number of outputs, where `y` is coded already; None for labels of any form.

        Raises
        ------
        DataError
            If there is nothing to tell apart: fewer than two classes or values.
        """
        X = _matrix(validate_data(self, X, accept_sparse="csr", dtype=KEPT, ensure_min_samples=2))
        y, self.coding_, rows, stop = taught(
            y, classes, self.target, X.shape[0], validation, seed=self.random_state, asker=type(self).__name__
        )
        kind = kind_named(self.target)
        if self.target != "values":
            self.classes_ = self.coding_.names
        self.block_ = None if sp.issparse(X) else Block().fit(X, rows=np.isin(np.arange(len(y)), rows))
        inputs = X if self.block_ is None else self.block_.transform(X)
        judged = stop if len(stop) else rows
        lowest = np.inf
        few = at_most(rows, self.random_state)
        asked = _taken(inputs, judged)
        tried = self._settings(X)
        # nothing is chosen by what was learnt from
        for by_ratio, strength in tried if len(stop) else tried[:1]:
            weights, bias = self._linear(inputs, y, few, strength, by_ratio=by_ratio)
            loss = kind.losses(asked @ weights.T + bias, y[judged]).mean()
            if loss < lowest:
                lowest, self.strength_, self.by_ratio_ = loss, strength, by_ratio
                self.weights_, self.bias_ = weights, bias
        if len(few) < len(rows):
            # the inverse of a penalty is how large weights are expected to be, which does not depend on how many rows
            self.weights_, self.bias_ = self._linear(inputs, y, rows, self.strength_, by_ratio=self.by_ratio_)
        scores = asked @ self.weights_.T + self.bias_
        self.temperature_ = kind.temperature(np.asarray(scores), y[judged]) if len(stop) else 1.0
        self.prior_ = kind.answer(np.asarray(scores / self.temperature_)).mean(axis=0)
        return self

    def _settings(self, X: Matrix) -> list[tuple[bool, float]]:
        """Whether terms count by their ratio, and the strength: what is tried."""
        sparse = sp.issparse(X)
        plain = [(False, strength) for strength in self.strengths or (SPARSE if sparse else DENSE)]
        # a number below 0 is no count of a term
        if not (sparse and self.ratios and self.target == "classes" and X.data.min(initial=0) >= 0):
            return plain
        return [*plain, *((True, strength) for strength in self.strengths or SCALED)]

    def _linear(self, inputs: Matrix, y: Array, rows: Ints, strength: float, *, by_ratio: bool) -> tuple[Array, Array]:
        """Weights and bias from these rows; ratios are multiplied into the weights: inputs stay as they come."""
        kind, width, own = kind_named(self.target), self.coding_.width, _taken(inputs, rows)
        if not by_ratio:
            return kind.linear(own, y[rows], strength, width)
        ratios = term_ratios(own, y[rows], width)
        weights, bias = kind.linear(_scaled(own, ratios), y[rows], strength, width)
        return weights * ratios, bias

    def refitted(self, X: Matrix, y: Array) -> Self:
        """Another of the same strength, scale and temperature that learns from all labelled rows, held out or not.

        Parameters
        ----------
        X, y
            As in :meth:`fit`; `y` coded, as the steps hold it.
        """
        rows = np.flatnonzero(kind_named(self.target).labelled(y))
        inputs = X if self.block_ is None else self.block_.transform(X)
        again = copy(self)
        again.weights_, again.bias_ = self._linear(inputs, y, rows, self.strength_, by_ratio=self.by_ratio_)
        return again

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

    def answers(self, X: Matrix, present: Mask | None = None) -> Array:
        """Probabilities, or values on the scale that was learnt, shape (n, outputs).

        Of an item that is not `present` it knows nothing, and answers with ``prior_``.
        """
        check_is_fitted(self)
        checked = validate_data(self, X, accept_sparse="csr", dtype=KEPT, reset=False, ensure_min_samples=0)
        found = kind_named(self.target).answer(self._logits(_matrix(checked)))
        if present is not None:
            found[~present] = self.prior_
        return found

    @unless_values
    def predict_proba(self, X: Matrix) -> Array:
        """Probability of each class or label, shape (n, classes); values have none."""
        return self.answers(X)

    def predict(self, X: Matrix) -> Array:
        """Most probable class of each item, its labels, or its value."""
        found = self.answers(X)
        return self.coding_.decode(found)

    def score(self, X: Matrix, y: Array, sample_weight: Array | None = None) -> float:
        """Accuracy; for labels the share of items with all of them right, for values R²."""
        return next(iter(kind_named(self.target).judge(y, self.predict(X), sample_weight).values()))

    def __sklearn_tags__(self) -> Tags:
        tags = as_kind(super().__sklearn_tags__(), self.target)
        tags.input_tags.sparse = True
        return tags

    def state(self) -> State:
        """Weights, bias, temperature and scale."""
        return {
            "params": self.get_params(),
            "block": None if self.block_ is None else self.block_.state(),
            "weights": self.weights_,
            "bias": self.bias_,
            "prior": self.prior_,
            "coding": self.coding_.state(),
            "width": self.n_features_in_,
            "temperature": self.temperature_,
            "chosen": {"strength": self.strength_, "by_ratio": self.by_ratio_},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        model = cls(**state["params"])
        model.block_ = None if state["block"] is None else Block.from_state(state["block"])
        model.weights_, model.bias_, model.temperature_ = state["weights"], state["bias"], state["temperature"]
        model.prior_ = state["prior"]
        model.strength_, model.by_ratio_ = state["chosen"]["strength"], state["chosen"]["by_ratio"]
        model.coding_ = KINDS[state["coding"]["kind"]].from_state(state["coding"])
        if model.target != "values":
            model.classes_ = model.coding_.names
        model.n_features_in_ = state["width"]
        return model


def _taken(X: Matrix, rows: Ints) -> Matrix:
    """These rows; not copied where they are all, in their order."""
    return X if np.array_equal(rows, np.arange(X.shape[0])) else X[rows]


def _scaled(X: sp.csr_array, ratios: Array) -> sp.csr_array:
    """Columns times their ratios; where the columns stand is shared, not copied."""
    data = ratios.astype(X.dtype)[X.indices]
    data *= X.data
    return sp.csr_array((data, X.indices, X.indptr), shape=X.shape)


def _matrix(X: Matrix) -> Matrix:
    return sp.csr_array(X) if sp.issparse(X) else X
