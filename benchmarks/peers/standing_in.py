"""Empty modules in place of those that a peer imports, cannot have here, and does not need for the work."""

from __future__ import annotations

import sys
import types
from typing import Any


def stand_in(*names: str, **given: Any) -> None:
    """Let these modules be imported; all have what is given, and whatever else is asked of them is an empty class."""
    for name in names:
        module = types.ModuleType(name)
        vars(module).update(given, __path__=[], __getattr__=_empty)
        sys.modules[name] = module


def _empty(attribute: str) -> type:
    if attribute.startswith("__"):
        raise AttributeError(attribute)
    return type(attribute, (), {})
