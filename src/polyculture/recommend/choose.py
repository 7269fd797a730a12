"""Which models serve the users of one domain, and with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from polyculture import store
from polyculture.arrays import Ints
from polyculture.data.interactions import Interactions
from polyculture.progress import LOG
from polyculture.recommend.blend import blend
from polyculture.recommend.choice import Choice
from polyculture.recommend.edges import Edges, Held, sample
from polyculture.recommend.jury import Jury
from polyculture.recommend.learn_order import enough, learn_order
from polyculture.recommend.order import Order
from polyculture.recommend.search import NETWORKS, ORDERED, Member, Trials, unchosen
from polyculture.recommend.serving import Fitted, Serving, serve, serving_of

FEW = 20
"""Held-out users with which nothing is chosen."""

FOR_NEW = ("co_occurrence",)
"""Methods that are tried for users who are new to a domain, and for others only where no other is named."""


@dataclass(frozen=True)
class Plan:
    """How to choose."""

    methods: tuple[str, ...]
    """Fitted whatever the size: what does not suit it was left out before, or was named."""
    others: tuple[float, ...]
    most_users: int
    most_vectors: int
    k: int
    random_state: int
    reorder: bool = True
    refit: bool = True
    """Whether what is held out is learnt from in the end."""


def choose(held: Held, domain: str, items: Ints, plan: Plan) -> Choice:
    """Climb with each method, then blend; users who are new to the domain have a choice of their own."""
    several = len(held.edges) > 1
    trials = _trials(held, domain, items, plan, held.warm)
    methods = tuple(name for name in plan.methods if name not in FOR_NEW) or plan.methods
    members = _members(trials, replace(plan, methods=methods), (0.0, *plan.others) if several else (0.0,))
    blended, worth = _blended(trials, members)
    late = held.warm[domain] if plan.refit else None
    warm, order = _ordered(trials, blended, plan, late)
    if not several:
        return Choice(warm, [], [], worth, float("nan"), order)
    baseline, _ = _blended(trials, [member for member in members if not member.others])
    same = _used(baseline) == _used(blended)
    alone, alone_order = (warm, order) if same else _ordered(trials, baseline, plan, late)
    cold, cold_worth = choose_new(held, domain, items, plan) if plan.others else ([], float("nan"))
    return Choice(warm, cold, alone, worth, cold_worth, order, alone_order)


def choose_new(held: Held, domain: str, items: Ints, plan: Plan) -> tuple[list[Member], float]:
    """The blend for users who are new to a domain and have a history in another, and what it is worth."""
    trials = _trials(held, domain, items, plan, held.cold)
    blended, worth = _blended(trials, _members(trials, plan, plan.others))
    return _used(blended), worth


def _trials(held: Held, domain: str, items: Ints, plan: Plan, away: Edges) -> Trials:
    rows = sample(away[domain], plan.most_users, plan.random_state)
    jury = Jury.of(rows, items, sum(held.edges.values()), away[domain], plan.k)
    return Trials(held.edges, domain, jury, plan.most_vectors, plan.random_state, held.times)


def _members(trials: Trials, plan: Plan, others: Sequence[float]) -> list[Member]:
    """The best of each method; where there are too few users to choose by, one as it begins, others' edges lightest."""
    methods = plan.methods
    if len(trials.jury.rows) >= FEW:
        return [member for method in methods for member in _kept(trials, method, others)]
    LOG.warning("%s: %d held-out users are too few to choose by", trials.domain, len(trials.jury.rows))
    # its settings suit a matrix of any size; others are chosen for want of it
    method = "ease" if "ease" in methods else methods[-1]
    return [Member(method, unchosen(method, trials.edges[trials.domain]), others[0])]


def _blended(trials: Trials, members: Sequence[Member]) -> tuple[list[Member], float]:
    if len(trials.jury.rows) < FEW:
        return list(members), float("nan")
    weights, worth = blend([trials.scores(member) for member in members], trials.jury.worth)
    found = [replace(member, weight=weight) for member, weight in zip(members, weights, strict=True)]
    told = " + ".join(f"{m.weight:.2f} × {m.method}" for m in _used(found))
    LOG.info("%s: %s: %.4f", trials.domain, told, worth)
    return found, worth


def _used(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.weight]


def _ordered(
    trials: Trials, members: list[Member], plan: Plan, late: sp.csr_array | None
) -> tuple[list[Member], Order | None]:
    """Members with what puts their best items in order; those of no weight stay as witnesses if that is worth it."""
    order = _order(trials, members, plan, late)
    return (members if order else _used(members)), order


def _order(trials: Trials, members: list[Member], plan: Plan, late: sp.csr_array | None) -> Order | None:
    """What puts the best items of a blend in order, where that is worth it."""
    # lists are learnt from interactions of any time, and these members tell the last
    if not plan.reorder or any(member.method in ORDERED for member in members):
        return None
    if not enough(trials.edges[trials.domain], trials.jury):
        return None
    items, nothing = trials.jury.items, float("nan")
    choice = Choice(members, [], [], nothing, nothing)

    def fit(edges: Edges) -> Serving:
        return serve(edges, trials.domain, items, choice, times=trials.times, seed=plan.random_state)

    fitted = [Fitted(member, trials.model(member)) for member in members]
    serving = serving_of(trials.edges, trials.domain, items, [fitted, [], []])
    return learn_order(trials.edges, trials.domain, trials.jury, fit, serving, late=late, seed=plan.random_state)


def _kept(trials: Trials, method: str, others: Sequence[float]) -> list[Member]:
    name = f"choice {trials.domain}, {method}, others {tuple(others)}"
    return store.step(name, lambda: _climbed(trials, method, others), (Member,))


def _climbed(trials: Trials, method: str, others: Sequence[float]) -> list[Member]:
    """The best with the first weight of other domains, and from there the best with any other: the blend decides."""
    if method in ("popularity", "co_occurrence"):
        # with other weights of other domains these are the same, or nearly
        return [trials.best(method, others)]
    first = trials.best(method, others[:1])
    if len(others) == 1:
        return [first]
    if method in NETWORKS:
        # one training more, and not one for each
        near = min(others[1:], key=lambda weight: abs(weight - 1))
        return [first, trials.best(method, (near,))]
    start = dict(first.settings) | {"others": others[1]}
    if "output_exponent" in start:
        start["offset"] = round(start.pop("output_exponent") - start["item_exponent"], 6)
    return [first, trials.best(method, others[1:], start)]


def items_of(data: Interactions, domain: str, code: int) -> Ints:
    """Items that may be recommended in a domain.

    Its own, those of several domains that were taken in it, and, where there is one domain, those nobody took.
    """
    homes = data.item_domain
    taken = np.asarray(data.matrix(domain=domain).sum(axis=0)).ravel() > 0
    new = len(data.domains) == 1
    return np.flatnonzero((homes == code) | ((homes == -1) & (taken | new)))
