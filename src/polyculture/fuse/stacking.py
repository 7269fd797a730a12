"""Stacking: a linear model over the answers of several models."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError
from polyculture.features.encoders.base import State
from polyculture.fuse.columns import Columns
from polyculture.fuse.folds import cut
from polyculture.targets import KINDS, Classes, kind_of


class Stacking(BaseEstimator):  # type: ignore[misc]
    r"""A linear model on the models' answers, partly shared by the domains and partly their own.

    For classes it is logistic regression on log-probabilities:

    .. math:: z_{ik} = b_{d(i)k} + \sum_m (w_{mk} + \alpha\, v_{d(i)mk})^\top \log p_{mi}

    For labels it is one logistic regression each on that label's log-odds, for values a ridge regression. All
    coefficients are shrunk alike, so that a domain leaves the common ones only as far as its held-out items ask for
    it: the smaller :math:`\alpha`, the less. An unknown domain has the common ones alone.

    Parameters
    ----------
    strength : float > 0
        C of the logistic regression: larger fits the held-out items more closely.
    own : float >= 0
        α; 0 gives all domains the same coefficients.
    folds : int >= 2
        For :meth:`out_of_fold`.
    random_state : int

    References
    ----------
    Wolpert 1992, Neural Networks 5(2); Daumé 2007, arXiv:0907.1815 (shared and own copies).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import Stacking
    >>> y, noise = np.array([0, 1] * 20), np.random.RandomState(0).rand(40)
    >>> right, random = np.where(y, 0.9, 0.1), noise
    >>> models = np.stack([np.stack([1 - p, p], axis=1) for p in (right, random)])
    >>> domain = np.repeat("a", 40)
    >>> Stacking().fit(models, y, domain).predict_proba(models, domain).argmax(axis=1).tolist() == y.tolist()
    True
    """

    def __init__(self, strength: float = 0.2, own: float = 0.3, folds: int = 5, random_state: int = 0) -> None:
        self.strength = strength
        self.own = own
        self.folds = folds
        self.random_state = random_state

    def fit(self, probabilities: Array, y: Array, domain: Array) -> Self:
        """Learn from items that none of the models was trained on.

        Parameters
        ----------
        probabilities : array of shape (models, n, outputs)
            Probabilities, or values.
        y : array of n rows
            What was to be answered; see :mod:`polyculture.targets`.
        domain : array of str, shape (n,)

        Raises
        ------
        DataError
            If the held-out items are too few, or do not differ.
        """
        self.domains_ = sorted(set(domain.tolist()))
        self.n_classes_ = probabilities.shape[2]
        self._begin(y)
        if self.target_ == "classes":
            self.model_ = self._model().fit(self._inputs(probabilities, domain), y)
            # as it comes back from a file: sums of products depend on the layout
            self.model_.coef_ = np.ascontiguousarray(self.model_.coef_)
        else:
            self.model_ = Columns.fit(self._each(probabilities, domain), y, self.strength)
        return self

    def _begin(self, y: Array) -> None:
        kind = kind_of(y)
        self.target_ = kind.name
        if not len(y) or not kind.varies(y):
            raise DataError(f"stacking needs held-out items of {kind.needs}; give more validation items")

    def _model(self) -> LogisticRegression:
        return LogisticRegression(C=self.strength, max_iter=1000)

    def _each(self, answers: Array, domain: Array) -> list[Floats]:
        """For each output the columns of a linear model of its own."""
        kind = KINDS[self.target_]
        return [self._copies(kind.raised(answers[:, :, j]).T, domain) for j in range(answers.shape[2])]

    def _inputs(self, probabilities: Array, domain: Array) -> Floats:
        return self._copies(np.concatenate(list(Classes.evidence(probabilities)), axis=1), domain)

    def _copies(self, centred: Floats, domain: Array) -> Floats:
        known = (domain[:, None] == np.array(self.domains_, dtype=object)[None, :]).astype(float)
        copies = [self.own * known[:, [d]] * centred for d in range(len(self.domains_))] if self.own else []
        return np.hstack([centred, *copies, known])

    @staticmethod
    def coefficients(shape: tuple[int, ...], domain: Array, target: str) -> int:
        """How many numbers it learns from answers of shape (models, n, outputs); for labels and values, of each."""
        models, outputs, domains = shape[0], shape[2], len(set(domain.tolist()))
        if target != "classes":
            return models * (1 + domains) + domains
        return (1 if outputs == 2 else outputs) * (models * outputs * (1 + domains) + domains + 1)

    def predict_proba(self, probabilities: Array, domain: Array) -> Array:
        """Probabilities, or values, shape (n, outputs)."""
        if not len(domain):
            return np.zeros((0, self.n_classes_))
        if isinstance(self.model_, Columns):
            return KINDS[self.target_].answer(self.model_.scores(self._each(probabilities, domain)))
        return self._spread(self.model_.predict_proba(self._inputs(probabilities, domain)), self.model_.classes_)

    def _spread(self, found: Array, classes: Array) -> Array:
        out = np.zeros((len(found), self.n_classes_))
        out[:, classes] = found
        return out

    def out_of_fold(self, probabilities: Array, y: Array, domain: Array, groups: Array | None = None) -> Array:
        """Answers for the items it learns from, each given by a fit without it: what stacking is judged by.

        Parameters
        ----------
        probabilities, y, domain
            As in :meth:`fit`.
        groups : array of shape (n,), or None
            Items of one group are never on both sides of a fold.

        Raises
        ------
        DataError
            If the held-out items are too few, do not differ, or are all of one group.
        """
        self._begin(y)
        self.domains_, self.n_classes_ = sorted(set(domain.tolist())), probabilities.shape[2]
        if self.target_ != "classes":
            return self._columns_out_of_fold(self._each(probabilities, domain), y, groups)
        folds = min(self.folds, int(np.bincount(y)[np.unique(y)].min()))
        if folds < 2:
            raise DataError("stacking needs at least two held-out items of each class; give more validation items")
        inputs, found = self._inputs(probabilities, domain), np.zeros(probabilities.shape[1:])
        for rows, rest in cut(y, folds, self.random_state, groups, stratified=True):
            if not Classes.varies(y[rows]):
                raise DataError("stacking needs held-out items of each class in two groups; give more validation items")
            model = self._model().fit(inputs[rows], y[rows])
            found[rest] = self._spread(model.predict_proba(inputs[rest]), model.classes_)
        return found

    def _columns_out_of_fold(self, inputs: list[Floats], y: Array, groups: Array | None) -> Array:
        if len(y) < 2 * self.folds:
            raise DataError(f"stacking needs at least {2 * self.folds} held-out items; give more validation items")
        found = np.zeros((len(y), len(inputs)))
        for rows, rest in cut(y, self.folds, self.random_state, groups):
            fitted = Columns.fit([x[rows] for x in inputs], y[rows], self.strength)
            found[rest] = fitted.scores([x[rest] for x in inputs])
        return KINDS[self.target_].answer(found)

    def state(self) -> State:
        """Coefficients and names."""
        facts = {"params": self.get_params(), "domains": self.domains_, "classes": self.n_classes_}
        if isinstance(self.model_, Columns):
            return facts | {"target": self.target_, "columns": self.model_.state()}
        return facts | {
            "target": self.target_,
            "seen": self.model_.classes_,
            "coefficients": self.model_.coef_,
            "intercept": self.model_.intercept_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        stacking = cls(**state["params"])
        stacking.domains_, stacking.n_classes_ = list(state["domains"]), state["classes"]
        stacking.target_ = state["target"]
        if "columns" in state:
            stacking.model_ = Columns.from_state(state["columns"])
            return stacking
        stacking.model_ = stacking._model()
        stacking.model_.classes_ = state["seen"]
        stacking.model_.coef_, stacking.model_.intercept_ = state["coefficients"], state["intercept"]
        return stacking
