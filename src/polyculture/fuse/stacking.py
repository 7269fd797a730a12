"""Stacking: a linear model over the answers of several models."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError
from polyculture.features.encoders.base import State
from polyculture.fuse.ensemble import logs


class Stacking(BaseEstimator):  # type: ignore[misc]
    r"""Logistic regression on the models' log-probabilities, partly shared by the domains and partly their own.

    .. math:: z_{ik} = b_{d(i)k} + \sum_m (w_{mk} + \alpha\, v_{d(i)mk})^\top \log p_{mi}

    All coefficients are shrunk alike, so that a domain leaves the common ones only as far as its held-out items ask for
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

    def fit(self, probabilities: Array, y: Ints, domain: Array) -> Self:
        """Learn from items that none of the models was trained on.

        Parameters
        ----------
        probabilities : array of shape (models, n, classes)
        y : array of int, shape (n,)
        domain : array of str, shape (n,)
        """
        self.domains_ = sorted(set(domain.tolist()))
        self.n_classes_ = probabilities.shape[2]
        _check_classes(y)
        self.model_ = self._model().fit(self._inputs(probabilities, domain), y)
        return self

    def _model(self) -> LogisticRegression:
        return LogisticRegression(C=self.strength, max_iter=1000)

    def _inputs(self, probabilities: Array, domain: Array) -> Floats:
        raised = logs(probabilities)
        centred = np.concatenate(list(raised - raised.mean(axis=2, keepdims=True)), axis=1)
        known = (domain[:, None] == np.array(self.domains_, dtype=object)[None, :]).astype(float)
        copies = [self.own * known[:, [d]] * centred for d in range(len(self.domains_))] if self.own else []
        return np.hstack([centred, *copies, known])

    def predict_proba(self, probabilities: Array, domain: Array) -> Array:
        """Probability of each class, shape (n, classes)."""
        if not len(domain):
            return np.zeros((0, self.n_classes_))
        return self._spread(self.model_.predict_proba(self._inputs(probabilities, domain)), self.model_.classes_)

    def _spread(self, found: Array, classes: Array) -> Array:
        out = np.zeros((len(found), self.n_classes_))
        out[:, classes] = found
        return out

    def out_of_fold(self, probabilities: Array, y: Ints, domain: Array) -> Array:
        """Probabilities for the items it learns from, each given by a fit without it: what stacking is judged by."""
        _check_classes(y)
        self.domains_, self.n_classes_ = sorted(set(domain.tolist())), probabilities.shape[2]
        folds = min(self.folds, int(np.bincount(y)[np.unique(y)].min()))
        if folds < 2:
            raise DataError("stacking needs at least two held-out items of each class; give more validation items")
        cut = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        found = cross_val_predict(self._model(), self._inputs(probabilities, domain), y, cv=cut, method="predict_proba")
        return self._spread(found, np.unique(y))

    def state(self) -> State:
        """Coefficients and names."""
        return {
            "params": self.get_params(),
            "domains": self.domains_,
            "classes": self.n_classes_,
            "seen": self.model_.classes_,
            "coefficients": self.model_.coef_,
            "intercept": self.model_.intercept_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        stacking = cls(**state["params"])
        stacking.domains_, stacking.n_classes_ = list(state["domains"]), state["classes"]
        stacking.model_ = stacking._model()
        stacking.model_.classes_ = state["seen"]
        stacking.model_.coef_, stacking.model_.intercept_ = state["coefficients"], state["intercept"]
        return stacking


def _check_classes(y: Ints) -> None:
    if len(np.unique(y)) < 2:
        raise DataError("stacking needs held-out items of at least two classes; give more validation items")
