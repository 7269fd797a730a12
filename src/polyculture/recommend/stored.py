"""A fitted recommender as a state that can be kept, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from polyculture.recommend.choose import Choice
from polyculture.recommend.search import Member
from polyculture.recommend.serving import from_state, state_of
from polyculture.store import State

if TYPE_CHECKING:
    from polyculture.recommend.recommender import CrossDomainRecommender


def written_state(model: CrossDomainRecommender) -> State:
    """All that answers need."""
    return {
        "params": model.get_params(),
        "users": model.users_,
        "items": model.items_,
        "domains": model.domains_,
        "qualified": model.qualified_,
        "item_domain": model.item_domain_,
        "edges": dict(model.edges_),
        "choices": {name: asdict(choice) for name, choice in model.choices_.items()},
        "serving": {name: state_of(serving) for name, serving in model.serving_.items()},
    }


def read_state(cls: type[CrossDomainRecommender], state: State) -> CrossDomainRecommender:
    """Rebuild from :func:`written_state`."""
    model = cls(**state["params"])
    for name in ("users", "items", "domains", "qualified", "item_domain", "edges"):
        setattr(model, f"{name}_", state[name])
    model.choices_ = {name: _choice(each) for name, each in state["choices"].items()}
    model.serving_ = {name: from_state(each, model.edges_, name) for name, each in state["serving"].items()}
    return model


def _choice(state: State) -> Choice:
    members = {side: [Member(**member) for member in state[side]] for side in ("warm", "cold")}
    return Choice(members["warm"], members["cold"], state["worth"], state["cold_worth"])
