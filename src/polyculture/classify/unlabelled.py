"""Step 3 where a domain has no labels: parts of its own, taught by the model's surest answers there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from polyculture.adapt.automatic import METHODS, trials
from polyculture.adapt.inputs import proportions
from polyculture.adapt.linear import Answer
from polyculture.adapt.selection import choose, circular
from polyculture.adapt.selection.left_out import left_out_domains
from polyculture.adapt.self_training import pseudo_labels
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.features.base_model import BaseModel
from polyculture.features.combine import Encoded
from polyculture.features.encoders.base import State
from polyculture.features.network import Weights
from polyculture.features.sampling import at_most
from polyculture.progress import LOG
from polyculture.targets import Classes

BALANCE: dict[str, str | None] = {"self_training": "source", "self_training_free": None}
"""Ways to adapt, and whose proportions of the classes the surest answers are taken in; None: as the model finds them."""
ROUNDS, SHARE = 3, 0.8
FEW = 20
"""Fewer items of a domain say too little of it."""
MARGIN = 0.005
"""By how much a way to adapt must be better than none: it costs time, and may mislead."""
TRIED = 3000
"""Source items, and target items, on which the ways to adapt are compared."""


@dataclass(frozen=True, eq=False)
class OwnParts:
    """What answers for one domain in place of the shared parts, and how it was found.

    Parameters
    ----------
    method : str
    scores : dict of str to float
        What the criterion said of each way to adapt; higher is better.
    weights : dict of str to array
        The network's.
    families : dict of str to BaseModel
    """

    method: str
    scores: dict[str, float]
    weights: Weights
    families: dict[str, BaseModel]

    def state(self) -> State:
        """All that is needed to build it again."""
        return {
            "method": self.method,
            "scores": self.scores,
            "weights": dict(self.weights),
            "families": {name: model.state() for name, model in self.families.items()},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        families = {name: BaseModel.from_state(model) for name, model in state["families"].items()}
        return cls(state["method"], state["scores"], state["weights"], families)


@dataclass(frozen=True, eq=False)
class Teaching:
    """What adapting needs of a model that is fitted but for this.

    Parameters
    ----------
    encoded : Encoded
        All items, of every domain.
    y : array of int, shape (n,)
        -1 where there is no label.
    domain : array of str, shape (n,)
    families : dict of str to BaseModel
    weights : dict of str to array
        Of the merged network.
    train : callable
        Labels (n,) and rows to learn from, to weights.
    answer : callable
        Items, weights and base models to probabilities.
    """

    encoded: Encoded
    y: Ints
    domain: Array
    families: Mapping[str, BaseModel]
    weights: Weights
    train: Callable[[Ints, Ints], Weights]
    answer: Callable[[Encoded, Weights, Mapping[str, BaseModel]], Floats]


def adapt_to(teaching: Teaching, rows: Ints, *, seed: int = 0, name: str = "target") -> OwnParts | None:
    """Parts for a domain whose items have no labels, or None where the shared ones are as good.

    Ways to adapt are compared on base models alone and on a sample. Where several domains have labels, each is taken in
    turn for one that has none: what helps there should help here. Where one has, circular validation decides: what the
    answers for the domain teach must still be right on held-out items of the other. The way that is chosen teaches all
    parts.

    Parameters
    ----------
    teaching : Teaching
    rows : array of int
        Where the domain's items are.
    seed : int
        Of the sample and of what is held out.
    name : str
        Of the domain, for the log.
    """
    if len(rows) < FEW:
        LOG.info("domain %s: too few items to adapt to", name)
        return None
    scores = _scores(teaching, rows, seed)
    best = max(scores, key=lambda way: scores[way])
    method = best if scores[best] > scores["none"] + MARGIN else "none"
    LOG.info("domain %s: %s (%s)", name, method, ", ".join(f"{way} {value:.3f}" for way, value in scores.items()))
    if method == "none":
        return None
    weights, families = _self_trained(teaching, rows, BALANCE[method])
    return OwnParts(method, scores, weights, families)


def _self_trained(teaching: Teaching, rows: Ints, balance: str | None) -> tuple[Weights, dict[str, BaseModel]]:
    """Network and base models after some rounds of learning from their own surest answers."""
    own, y = teaching.encoded.take(rows), teaching.y
    weights, families = teaching.weights, dict(teaching.families)
    for _ in range(ROUNDS):
        answers = teaching.answer(own, weights, families)
        known = None if balance is None else proportions(y, answers.shape[1])
        taught = y.copy()
        taught[rows] = pseudo_labels(answers, share=SHARE, proportions=known)
        weights = teaching.train(taught, np.flatnonzero(taught >= 0))
        families = {
            name: model.refitted(teaching.encoded.views[name], taught) for name, model in teaching.families.items()
        }
    return weights, families


def _scores(teaching: Teaching, rows: Ints, seed: int) -> dict[str, float]:
    labelled = np.flatnonzero(teaching.y >= 0)
    methods = {"none": METHODS["none"]} | {name: METHODS[name] for name in BALANCE}
    fit = partial(_together, teaching.families, teaching.encoded.views)
    if len(np.unique(teaching.domain[labelled])) > 1:
        everything = np.arange(len(teaching.y))[:, None]
        return left_out_domains(fit, everything, teaching.y, teaching.domain.astype(str), methods, seed=seed)
    source, target = at_most(labelled, seed, TRIED), at_most(rows, seed, TRIED)
    seen = trials(fit, source[:, None], teaching.y[source], target[:, None], methods, seed=seed)
    return choose(seen, circular).scores


def _together(families: Mapping[str, BaseModel], views: Mapping[str, Matrix], rows: Matrix, y: Array) -> Answer:
    """All base models taught by these rows, as one: the mean of their log-odds."""
    at = _positions(rows)
    taught = {name: model.refitted(views[name][at], y) for name, model in families.items()}

    def answer(asked: Matrix) -> Floats:
        places = _positions(asked)
        each = np.stack([model.answers(views[name][places]) for name, model in taught.items()])
        return Classes.pool(each, np.full(len(each), 1 / len(each)))

    return answer


def _positions(numbers: Any) -> Ints:
    return np.asarray(numbers)[:, 0].astype(np.int64)
