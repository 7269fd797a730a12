"""Which models serve the users of one domain, and with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polyculture import store
from polyculture.arrays import Ints
from polyculture.data.interactions import Interactions
from polyculture.progress import LOG
from polyculture.recommend.blend import blend
from polyculture.recommend.edges import Edges, Held, sample
from polyculture.recommend.jury import Jury
from polyculture.recommend.search import Member, Trials, unchosen

SIDES = ("warm", "cold", "alone")
FEW = 20
"""Held-out users with which nothing is chosen."""


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


@dataclass(frozen=True)
class Choice:
    """The blends of one domain: for users with a history in it, for users with one elsewhere only, and a baseline.

    The baseline has no edge of another domain. Where there is one domain, there is the first blend alone.
    """

    warm: list[Member]
    cold: list[Member]
    alone: list[Member]
    worth: float
    cold_worth: float


def choose(held: Held, domain: str, items: Ints, plan: Plan) -> Choice:
    """Climb with each method, then blend; users who are new to the domain have a choice of their own."""
    several = len(held.edges) > 1
    trials = _trials(held, domain, items, plan, held.warm)
    members = _members(trials, plan, (0.0, *plan.others) if several else (0.0,))
    warm, worth = _blended(trials, members)
    if not several:
        return Choice(warm, [], [], worth, float("nan"))
    alone, _ = _blended(trials, [member for member in members if not member.others])
    trials = _trials(held, domain, items, plan, held.cold)
    cold, cold_worth = _blended(trials, _members(trials, plan, plan.others)) if plan.others else ([], float("nan"))
    return Choice(warm, cold, alone, worth, cold_worth)


def _trials(held: Held, domain: str, items: Ints, plan: Plan, away: Edges) -> Trials:
    rows = sample(away[domain], plan.most_users, plan.random_state)
    jury = Jury.of(rows, items, sum(held.edges.values()), away[domain], plan.k)
    return Trials(held.edges, domain, jury, plan.most_vectors, plan.random_state)


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
    found = [replace(member, weight=weight) for member, weight in zip(members, weights, strict=True) if weight]
    LOG.info("%s: %s: %.4f", trials.domain, [(m.method, m.others, round(m.weight, 2)) for m in found], worth)
    return found, worth


def _kept(trials: Trials, method: str, others: Sequence[float]) -> list[Member]:
    name = f"choice {trials.domain}, {method}, others {tuple(others)}"
    return store.step(name, lambda: _climbed(trials, method, others), (Member,))


def _climbed(trials: Trials, method: str, others: Sequence[float]) -> list[Member]:
    """The best with the first weight of other domains, and from there the best with any other: the blend decides."""
    if method == "popularity":
        return [trials.best(method, others)]
    first = trials.best(method, others[:1])
    if len(others) == 1:
        return [first]
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


def told(domain: str, choice: Choice) -> list[str]:
    """What was chosen for a domain, in sentences."""

    def of(members: Sequence[Member]) -> str:
        return " + ".join(
            f"{m.weight:.2f} × {m.method}{_settings(m)}{f', other domains {m.others:g}' if m.others else ''}"
            for m in members
        )

    lines = [f"{domain}: {of(choice.warm)} (held-out NDCG {choice.worth:.4f})"]
    if choice.cold:
        lines.append(f"{domain}, users new to it: {of(choice.cold)} (held-out NDCG {choice.cold_worth:.4f})")
    return lines


def _settings(member: Member) -> str:
    found = ", ".join(f"{name} {value:g}" for name, value in member.settings.items())
    return f" ({found})" if found else ""
