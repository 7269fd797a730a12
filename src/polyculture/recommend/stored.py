"""A fitted recommender as a state that can be kept, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.data.interactions import Interactions
from polyculture.recommend.choice import Choice
from polyculture.recommend.edges import edges_of
from polyculture.recommend.serving_state import from_state, state_of
from polyculture.store import State

if TYPE_CHECKING:
    from polyculture.recommend.recommender import CrossDomainRecommender

_KEPT = ("users", "items", "domains", "user", "item", "domain", "rating", "item_text", "source", "qualified")


def written_state(model: CrossDomainRecommender) -> State:
    """All that answers need."""
    return {
        "params": model.get_params(),
        "interactions": {name: getattr(model.interactions_, name) for name in _KEPT},
        "homes": model.interactions_.item_domain,
        "choices": {name: choice.state() for name, choice in model.choices_.items()},
        "serving": {name: state_of(serving) for name, serving in model.serving_.items()},
    }


def read_state(cls: type[CrossDomainRecommender], state: State) -> CrossDomainRecommender:
    """Rebuild from :func:`written_state`."""
    model = cls(**state["params"])
    model.interactions_ = Interactions(**state["interactions"], homes=state["homes"])
    model.edges_ = edges_of(model.interactions_, model.rating_weight)
    model.choices_ = {name: Choice.from_state(each) for name, each in state["choices"].items()}
    model.serving_ = {name: from_state(each, model.edges_, name) for name, each in state["serving"].items()}
    return model
