"""What a model was asked to be, as plain values, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store
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


def depends_on(model: Parts) -> State:
    """All that a fit depends on beside the data; how many are trained at once changes nothing.

    Base models that lie in files are known by what these hold, where a run is open: others may come to lie there.
    """
    found = asked(model)
    files = {path: store.content_of(path) for path in sorted(set(_paths(found)))} if store.keeping() else {}
    return found | {"params": {k: v for k, v in found["params"].items() if k != "n_jobs"}, "files": files}


def _paths(value: Any) -> Iterator[str]:
    """Words and paths in plain values that name something that is there; of ``family:choice`` it is the choice."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _paths(each)
    elif isinstance(value, str | Path):
        yield from (name for name in (str(value), str(value).partition(":")[2]) if name and _there(name))


def _there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False  # too long for a name, or with a zero in it


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
