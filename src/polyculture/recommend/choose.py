"""Which models serve the users of one domain, and with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polyculture.arrays import Ints
from polyculture.data.interactions import Interactions
from polyculture.progress import LOG
from polyculture.recommend.blend import blend
from polyculture.recommend.edges import Held, sample
from polyculture.recommend.jury import Jury
from polyculture.recommend.search import Member, Trials, possible

FEW = 20
"""Held-out users with which nothing is chosen."""


@dataclass(frozen=True)
class Plan:
    """How to choose."""

    methods: tuple[str, ...]
    others: tuple[float, ...]
    most_users: int
    most_vectors: int
    k: int
    random_state: int


@dataclass(frozen=True)
class Choice:
    """The blends of one domain: for users with a history in it, and for users with one elsewhere only."""

    warm: list[Member]
    cold: list[Member]
    worth: float
    cold_worth: float


def choose(held: Held, domain: str, items: Ints, plan: Plan) -> Choice:
    """Climb with each method, then blend; users who are new to the domain have a choice of their own."""
    several = len(held.edges) > 1
    warm, worth = _blended(held, domain, items, plan, (0.0, *plan.others) if several else (0.0,))
    if not several:
        return Choice(warm, [], worth, float("nan"))
    cold, cold_worth = _blended(held, domain, items, plan, plan.others, cold=True)
    return Choice(warm, cold, worth, cold_worth)


def _blended(
    held: Held, domain: str, items: Ints, plan: Plan, others: Sequence[float], *, cold: bool = False
) -> tuple[list[Member], float]:
    away = (held.cold if cold else held.warm)[domain]
    rows = sample(away, plan.most_users, plan.random_state)
    seen = sum(held.edges.values())
    trials = Trials(held.edges, domain, Jury.of(rows, items, seen, away, plan.k), plan.most_vectors, plan.random_state)
    methods = [m for m in plan.methods if possible(m, held.edges[domain])]
    if len(rows) < FEW or not others:
        LOG.warning("%s: %d held-out users are too few to choose by; settings stay as they begin", domain, len(rows))
        return [_unchosen(methods, others)], float("nan")
    members = [member for method in methods for member in _climbed(trials, method, others)]
    weights, worth = blend([trials.scores(member) for member in members], trials.jury.worth)
    found = [replace(member, weight=weight) for member, weight in zip(members, weights, strict=True) if weight]
    LOG.info("%s%s: %s: %.4f", domain, ", new users" if cold else "", [(m.method, m.weight) for m in found], worth)
    return found, worth


def _climbed(trials: Trials, method: str, others: Sequence[float]) -> list[Member]:
    """The best with the first weight of other domains, and from there the best with any."""
    if method == "popularity":
        return [trials.best(method, others)]
    first = trials.best(method, others[:1])
    if len(others) == 1:
        return [first]
    start = dict(first.settings) | {"others": others[0]}
    start["offset"] = round(start.pop("output_exponent") - start["item_exponent"], 6)
    more = trials.best(method, others, start)
    return [first] if more.others == first.others and more.settings == first.settings else [first, more]


def _unchosen(methods: Sequence[str], others: Sequence[float]) -> Member:
    linear = [method for method in methods if method != "popularity"]
    weight = others[-1] if others else 0.0
    return Member(linear[0] if linear else "popularity", {}, weight if linear else 0.0)


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
