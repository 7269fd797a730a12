"""The logarithmic opinion pool with learnt weights: one number a model instead of a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, clone

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError
from polyculture.features.encoders.base import State
from polyculture.fuse.folds import cut
from polyculture.targets import KINDS, Target, kind_of


@dataclass(frozen=True)
class _Task:
    """The loss to be minimised, over one flat vector: common weights, each domain's weights, biases."""

    kind: type[Target]
    scores: Floats
    goal: Floats
    known: Floats
    penalty: float
    apart: float
    """Penalty of a domain's distance from the common weights, relative to the others."""

    def parts(self, flat: Floats) -> tuple[Floats, Floats, Floats]:
        """Weights (M,), those of each domain (D, M), and biases (outputs,)."""
        models, domains = len(self.scores), self.known.shape[1]
        end = models * (1 + domains)
        return flat[:models], flat[models:end].reshape(domains, models), flat[end:]

    def start(self) -> Floats:
        """The plain ensemble."""
        models, domains = len(self.scores), self.known.shape[1]
        return np.concatenate([np.full(models * (1 + domains), 1 / models), np.zeros(self.goal.shape[1])])

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        """Mean loss with its penalty, and the gradient."""
        weights, own, bias = self.parts(flat)
        each = self.known @ own if len(own) else np.broadcast_to(weights, (len(self.goal), len(weights)))
        z = _mixed(self.scores, each, bias)
        error = self.kind.answer(z) - self.goal
        by_model = np.einsum("mnk,nk->nm", self.scores, error)
        away, apart = weights - 1 / len(weights), (own - weights) * self.apart
        found = _loss(self.kind, z, self.goal)
        found += self.penalty / 2 * (away @ away + (apart * (own - weights)).sum() + bias @ bias)
        common = self.penalty * (away - apart.sum(axis=0)) + (0 if len(own) else by_model.sum(axis=0))
        gradient = [common, (self.known.T @ by_model + self.penalty * apart).ravel()]
        gradient.append(error.sum(axis=0) + self.penalty * bias)
        return found / len(z), np.concatenate(gradient) / len(z)


def _mixed(scores: Floats, each: Floats, bias: Floats) -> Floats:
    return np.asarray(np.einsum("mnk,nm->nk", scores, each) + bias)


def _loss(kind: type[Target], z: Floats, goal: Floats) -> float:
    if kind.name == "labels":
        return float(kind.losses(z, goal).sum() * goal.shape[1])
    return float(kind.losses(z, goal.argmax(axis=1)).sum())


class LogPool(BaseEstimator):  # type: ignore[misc]
    r"""The logarithmic opinion pool: one weight a model, learnt, partly shared by the domains and partly their own.

    .. math:: z_{ik} = b_k + \sum_m u_{d(i)m} \log p_{mik}, \qquad u_d = w + \alpha v_d, \qquad w, u_d \ge 0

    For classes z goes through a softmax; for labels :math:`\log p` is the log-odds of a label and z goes through a
    sigmoid. What is minimised is

    .. math:: \sum_i -\log p_{i y_i} + \frac{1}{2C} \Big(\lVert w - \tfrac 1M \rVert^2
        + \sum_d \lVert v_d \rVert^2 + \lVert b \rVert^2\Big)

    so that with few held-out items it is the plain ensemble, and a domain leaves the common weights only as far as its
    items ask for it. An unknown domain has w. These are M + K + DM numbers for M models, K outputs and D domains, where
    :class:`polyculture.fuse.Stacking` learns some :math:`K \cdot MK (1 + D)`.

    Weights are not negative, so that what all models find more probable never becomes less so by pooling them. A model
    that is wrong in a lawful way is heard by stacking alone.

    Parameters
    ----------
    strength : float > 0
        C: larger fits the held-out items more closely.
    own : float >= 0
        α; 0 gives all domains the same weights.
    folds : int >= 2
        For :meth:`out_of_fold`.
    random_state : int

    Attributes
    ----------
    weights_ : array of shape (models,)
        w.
    own_ : array of shape (domains, models)
        u, in the order of ``domains_``; empty where there is one domain alone, or `own` is 0.
    bias_ : array of shape (outputs,)

    References
    ----------
    Genest & Zidek 1986, Statistical Science 1(1) (pools); Hinton 2002, Neural Computation 14(8) (products of experts);
    Daumé 2007, arXiv:0907.1815 (shared and own copies).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import LogPool
    >>> y, noise = np.array([0, 1] * 20), np.random.RandomState(0).rand(40)
    >>> right, random = np.where(y, 0.8, 0.2), noise
    >>> models = np.stack([np.stack([1 - p, p], axis=1) for p in (right, random)])
    >>> pool = LogPool(strength=0.2).fit(models, y, np.repeat("a", 40))
    >>> bool(pool.weights_[0] > 1 > 0.5 > pool.weights_[1])
    True
    """

    def __init__(self, strength: float = 0.02, own: float = 1.0, folds: int = 5, random_state: int = 0) -> None:
        self.strength = strength
        self.own = own
        self.folds = folds
        self.random_state = random_state

    def fit(self, probabilities: Array, y: Array, domain: Array) -> Self:
        """Learn from items that none of the models was trained on.

        Parameters
        ----------
        probabilities : array of shape (models, n, outputs)
        y : array of n rows
            Classes, or labels; see :mod:`polyculture.targets`.
        domain : array of str, shape (n,)

        Raises
        ------
        DataError
            If the held-out items do not differ, or y holds values, which have no probabilities.
        """
        kind = kind_of(y)
        if kind.name == "values":
            raise DataError("log_pool pools probabilities, and values have none; use stacking or logit_ensemble")
        if not len(y) or not kind.varies(y):
            raise DataError(f"log_pool needs held-out items of {kind.needs}; give more validation items")
        self.target_, found = kind.name, sorted(set(domain.tolist()))
        # the weights of the only domain are the common ones
        self.domains_ = found if self.own and len(found) > 1 else []
        goal = y if y.ndim == 2 else np.eye(probabilities.shape[2])[y]
        task = _Task(
            kind,
            self._scores(probabilities),
            np.asarray(goal, dtype=np.float64),
            self._known(domain),
            1 / self.strength,
            1 / self.own**2 if self.own else 0.0,
        )
        self._minimise(task)
        return self

    def _minimise(self, task: _Task) -> None:
        start = task.start()
        outputs = task.goal.shape[1]
        bounds = [(0.0, None)] * (len(start) - outputs) + [(None, None)] * outputs
        done = minimize(task, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-7})
        self.weights_, self.own_, self.bias_ = task.parts(done.x)

    def _scores(self, probabilities: Array) -> Floats:
        return np.asarray(KINDS[self.target_].raised(np.asarray(probabilities, dtype=np.float64)))

    def _known(self, domain: Array) -> Floats:
        return np.asarray(domain[:, None] == np.array(self.domains_, dtype=object)[None, :], dtype=np.float64)

    @staticmethod
    def coefficients(shape: tuple[int, ...], domain: Array, target: str) -> int:  # noqa: ARG004 (one for all kinds)
        """How many numbers it learns from answers of shape (models, n, outputs)."""
        domains = len(set(domain.tolist()))
        return shape[0] * (1 + domains if domains > 1 else 1) + shape[2]

    def predict_proba(self, probabilities: Array, domain: Array) -> Array:
        """Probabilities, shape (n, outputs)."""
        if not len(domain):
            return np.zeros((0, len(self.bias_)))
        each = self.weights_ + self._known(domain) @ (self.own_ - self.weights_)
        answered = KINDS[self.target_].answer(_mixed(self._scores(probabilities), each, self.bias_))
        return np.asarray(answered)

    def out_of_fold(self, probabilities: Array, y: Array, domain: Array, groups: Array | None = None) -> Array:
        """Answers for the items it learns from, each given by a fit without it: what the pool is judged by.

        Folds are not cut by class, as a class that a fold misses has its bias at 0 and is answered all the same.

        Parameters
        ----------
        probabilities, y, domain
            As in :meth:`fit`.
        groups : array of shape (n,), or None
            Items of one group are never on both sides of a fold.

        Raises
        ------
        DataError
            As :meth:`fit`; or if there are fewer than two items a fold, or one group alone.
        """
        if len(y) < 2 * self.folds:
            raise DataError(f"log_pool needs at least {2 * self.folds} held-out items; give more validation items")
        found = np.zeros(probabilities.shape[1:])
        pool = clone(self)
        for rows, rest in cut(y, self.folds, self.random_state, groups):
            pool.fit(probabilities[:, rows], y[rows], domain[rows])
            found[rest] = pool.predict_proba(probabilities[:, rest], domain[rest])
        return found

    def state(self) -> State:
        """Weights and names."""
        return {
            "params": self.get_params(),
            "target": self.target_,
            "domains": self.domains_,
            "weights": self.weights_,
            "own": self.own_,
            "bias": self.bias_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        pool = cls(**state["params"])
        pool.target_, pool.domains_ = state["target"], list(state["domains"])
        pool.weights_, pool.own_, pool.bias_ = state["weights"], state["own"], state["bias"]
        return pool
