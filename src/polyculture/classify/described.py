"""What a model was asked to be, as plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from polyculture.features.encoders import ENCODERS, Encoder
from polyculture.features.encoders.base import State

if TYPE_CHECKING:
    from polyculture.classify.parts import Parts


def asked(model: Parts) -> State:
    """Its parameters; an encoder or a backbone that was given is its family and its own parameters."""
    backbone = model.backbone
    return {
        "params": {k: v for k, v in model.get_params(deep=False).items() if k not in ("encoders", "backbone")},
        "encoders": described(model.encoders),
        "template": None if backbone is None else {"family": backbone.family, "params": backbone.get_params()},
    }


def described(encoders: Any) -> Any:
    """Encoders as names, and as families with parameters where they were made already."""
    if isinstance(encoders, str):
        return encoders
    if isinstance(encoders, Mapping):
        return {name: described(given) for name, given in encoders.items()}
    listed = [encoders] if isinstance(encoders, Encoder) else encoders
    return [e if isinstance(e, str) else {"family": e.family, "params": e.get_params()} for e in listed]


def rebuilt(found: Any) -> Any:
    """The encoders of :func:`described`."""
    if isinstance(found, str):
        return found
    if isinstance(found, Mapping):
        return {name: rebuilt(given) for name, given in found.items()}
    return tuple(e if isinstance(e, str) else ENCODERS.load(e["family"])(**e["params"]) for e in found)
