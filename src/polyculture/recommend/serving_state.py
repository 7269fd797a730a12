"""The fitted models of a domain as a state that can be kept, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import scipy.sparse as sp

from polyculture import store
from polyculture.recommend.base import Model
from polyculture.recommend.choice import SIDES
from polyculture.recommend.co_occurrence import CoOccurrence
from polyculture.recommend.ease import Ease
from polyculture.recommend.edges import joined
from polyculture.recommend.light_gcn import LightGCN
from polyculture.recommend.markov import Markov
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.order import Order
from polyculture.recommend.popularity import Popularity
from polyculture.recommend.search import Member
from polyculture.recommend.serving import Fitted, Serving, serving_of
from polyculture.recommend.spectral import Spectral
from polyculture.recommend.user_ease import UserEase
from polyculture.store import State

_KINDS: dict[str, type[Model]] = {
    "popularity": Popularity,
    "co_occurrence": CoOccurrence,
    "spectral": Spectral,
    "ease": Ease,
    "user_ease": UserEase,
    "timed_ease": Ease,
    "light_gcn": LightGCN,
    "markov": Markov,
    "gru4rec": NextItem,
    "sasrec": NextItem,
}


def state_of(serving: Serving) -> State:
    """Members and what their models learnt."""

    def of(blend: Sequence[Fitted]) -> list[State]:
        return [{"member": asdict(each.member), "model": each.model.state()} for each in blend]

    blends = {side: of(getattr(serving, side)) for side in SIDES}
    orders = [each and each.state() for each in (serving.order, serving.alone_order)]
    return {"items": serving.items, "lent": serving.lent, "orders": orders, **blends}


def kept_serving(fit: Callable[[], Serving], edges: Mapping[str, sp.csr_array], domain: str) -> Serving:
    """What `fit` gives; where a run is open, as it was kept, by :func:`state_of`."""
    if not store.keeping():
        return fit()
    return from_state(store.step(f"models of {domain}", lambda: state_of(fit())), edges, domain)


def from_state(state: State, edges: Mapping[str, sp.csr_array], domain: str) -> Serving:
    """Rebuild from :func:`state_of` and the edges."""

    def of(blend: Sequence[State]) -> list[Fitted]:
        out = []
        for each in blend:
            member = Member(**each["member"])
            graph = joined(edges, domain, member.others)
            out.append(Fitted(member, _KINDS[member.method].from_state(each["model"], graph)))
        return out

    first, second = (each and Order.from_state(each) for each in state.get("orders", (None, None)))
    return serving_of(
        edges, domain, state["items"], [of(state[side]) for side in SIDES], state["lent"], (first, second)
    )
