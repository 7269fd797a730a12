"""Step 3 where a domain has no labels: a network of its own, taught by the model's surest answers there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from polyculture.adapt.automatic import METHODS, can_hold_out, trials
from polyculture.adapt.inputs import proportions
from polyculture.adapt.linear import Fit, logistic
from polyculture.adapt.selection import choose, circular
from polyculture.adapt.selection.left_out import left_out_domains
from polyculture.adapt.self_training import pseudo_labels
from polyculture.arrays import Array, Floats, Ints
from polyculture.features.encoders.base import State
from polyculture.features.network import Weights
from polyculture.features.sampling import at_most
from polyculture.progress import LOG

BALANCE: dict[str, str | None] = {"self_training": "source", "self_training_free": None}
"""Ways to adapt, and whose proportions of the classes the surest answers are taken in; None: as they are found."""
WAYS = {"none": METHODS["none"]} | {name: METHODS[name] for name in BALANCE}
ROUNDS, SHARE = 3, 0.8
FEW = 20
"""Fewer items of a domain say too little of it."""
MARGIN = 0.005
"""By how much a way to adapt must be better than none: it costs time, and may mislead."""
TRIED = 3000
"""Source items, and target items, on which the ways to adapt are compared."""


@dataclass(frozen=True, eq=False)
class OwnNetwork:
    """What answers for one domain in place of the merged network, and how it was found.

    Parameters
    ----------
    method : str
    scores : dict of str to float
        What the criterion said of each way to adapt; higher is better.
    weights : dict of str to array
    """

    kind: ClassVar[str] = "network"
    method: str
    scores: dict[str, float]
    weights: Weights

    def state(self) -> State:
        """All that is needed to build it again."""
        return {"kind": self.kind, "method": self.method, "scores": self.scores, "weights": dict(self.weights)}

    @classmethod
    def from_state(cls, state: State) -> OwnNetwork:
        """Rebuild from :meth:`state`."""
        return cls(state["method"], state["scores"], state["weights"])


@dataclass(frozen=True, eq=False)
class Teaching:
    """What adapting needs of a model that is fitted but for this.

    Parameters
    ----------
    vectors : array of shape (n, d)
        All items, of every domain: what the ways to adapt are compared on.
    y : array of int, shape (n,)
        -1 where there is no label.
    domain : array of str, shape (n,)
    weights : dict of str to array
        Of the merged network.
    train : callable
        Labels of all items (-1 where there is none) to weights that learnt from them.
    asked : callable
        Rows to a function of weights that gives their fused answers, shape (rows, classes).
    seed : int
        Of samples, and of what is held out.
    """

    vectors: Floats
    y: Ints
    domain: Array
    weights: Weights
    train: Callable[[Ints], Weights]
    asked: Callable[[Ints], Callable[[Weights], Floats]]
    seed: int = 0

    @property
    def fit(self) -> Fit:
        """The linear model that ways to adapt are compared with."""
        return partial(logistic, classes=int(self.y.max()) + 1)

    @cached_property
    def left_out(self) -> dict[str, float]:
        """What each way reached in up to four domains with labels, in turn taken for ones without; for all targets."""
        return left_out_domains(self.fit, self.vectors, self.y, self.domain.astype(str), WAYS, seed=self.seed)


def adapt_without_labels(teaching: Teaching, rows: Ints, *, name: str = "target") -> OwnNetwork | None:
    r"""A network for a domain whose items have no labels, or None where it promises nothing.

    In each round the fused answers, its own network among them, label the surest items of every class, and the network
    learns from these and from all labelled items.

    Ways to adapt are compared on a sample, with linear models in place of the network. Where several domains have
    labels, up to four of them are taken in turn for ones that have none: what helps there should help here. Where one
    has, circular validation decides: what the answers for the domain teach must still be right on held-out items of
    the other; with one label a class none can be held out, and there is no network.

    Parameters
    ----------
    teaching : Teaching
    rows : array of int
        Where the domain's items are.
    name : str
        Of the domain, for the log.

    References
    ----------
    Zou et al. 2018, Unsupervised domain adaptation via class-balanced self-training, arXiv:1810.07911.

    Examples
    --------
    A linear model in place of the network; each domain has a column of its own that tells classes:

    >>> import numpy as np
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.classify.unlabelled import Teaching, adapt_without_labels
    >>> y, domain = np.arange(120) % 2, np.repeat(["here", "there", "new"], 40)
    >>> x = np.random.RandomState(0).normal(size=(120, 4)) + 2.0 * y[:, None] * (np.arange(4) == 0)
    >>> for place, name in enumerate(["here", "there", "new"], start=1):
    ...     x[domain == name, place] += 6.0 * y[domain == name] - 3.0
    >>> train = lambda taught: {"model": logistic(x[taught >= 0], taught[taught >= 0], classes=2)}
    >>> known = np.where(domain == "new", -1, y)
    >>> asked = lambda rows: lambda weights: weights["model"](x[rows])
    >>> found = adapt_without_labels(Teaching(x, known, domain, train(known), train, asked), np.arange(80, 120))
    >>> found.method
    'self_training'
    """
    if len(rows) < FEW:
        LOG.info("domain %s: too few items to adapt to", name)
        return None
    scores = _scores(teaching, rows)
    best = max(scores, key=lambda way: scores[way])
    method = best if scores[best] > scores["none"] + MARGIN else "none"
    LOG.info("domain %s: %s (%s)", name, method, ", ".join(f"{way} {value:.3f}" for way, value in scores.items()))
    return None if method == "none" else OwnNetwork(method, scores, _self_trained(teaching, rows, BALANCE[method]))


def _self_trained(teaching: Teaching, rows: Ints, balance: str | None) -> Weights:
    answers, weights = teaching.asked(rows), teaching.weights
    for _ in range(ROUNDS):
        found, taught = answers(weights), teaching.y.copy()
        known = None if balance is None else proportions(teaching.y, found.shape[1])
        taught[rows] = pseudo_labels(found, share=SHARE, proportions=known)
        weights = teaching.train(taught)
    return weights


def _scores(teaching: Teaching, rows: Ints) -> dict[str, float]:
    vectors, y, seed = teaching.vectors, teaching.y, teaching.seed
    labelled = np.flatnonzero(y >= 0)
    if len(np.unique(teaching.domain[labelled].astype(str))) > 1:
        return teaching.left_out
    if not can_hold_out(y):
        return {"none": float("nan")}
    source, target = at_most(labelled, seed, TRIED), at_most(rows, seed, TRIED)
    return choose(trials(teaching.fit, vectors[source], y[source], vectors[target], WAYS, seed=seed), circular).scores
