"""Commands that repeat a fit or an audit, from the settings in its JSON; none of them names a place on a machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from polyculture.auditing.settings import Settings

_OPTIONS = (
    "encoders",
    "graph",
    "fuse",
    "augment",
    "near",
    "leakage",
    "threshold",
    "validation",
    "seed",
    "backbone",
    "tune",
    "task",
)
"""Settings of `fit` that are options of the command by the same name."""
_AUDIT = ("measures", "neighbours", "permutations", "level", "adjust")
"""Settings of `audit` that are options of the command by the same name, and are told where they are not the default."""
_PLACE = re.compile(r"[/~.\\]|[A-Za-z]:[/\\]|[^/\\]+[/\\]([^/\\]*[/\\]|$)|[^/\\]+\\")
"""How a folder begins; ``owner/name`` is none, but a name on a hub."""


def base_name(source: str) -> str:
    r"""Files as they are called, without the folders that they lie in.

    Examples
    --------
    >>> from polyculture.report.card.commands import base_name
    >>> base_name("/home/me/a.csv"), base_name("a.csv, b/c.csv"), base_name("D:\\b"), base_name("")
    ('a.csv', 'a.csv, c.csv', 'b', '')
    """
    return ", ".join(re.split(r"[/\\]", part.rstrip("/\\"))[-1] for part in source.split(", "))


def fit_command(found: Mapping[str, Any]) -> dict[str, str]:
    """The command of a fit; a base model in a folder is FOLDER.

    Examples
    --------
    >>> from polyculture.report.card.commands import fit_command
    >>> fit_command({"settings": {"seed": 3, "backbone": "/home/me/bert", "leakage": "drop"}})
    {'command': 'polyculture fit DATA --out MODEL --leakage drop --seed 3 --backbone FOLDER'}
    """
    given = {name: found["settings"].get(name) for name in _OPTIONS}
    if given["backbone"] is not None and _PLACE.match(str(given["backbone"])):
        given["backbone"] = "FOLDER"
    options = [f"--{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None]
    return {"command": " ".join(["polyculture fit DATA --out MODEL", *options])}


def audit_command(found: Mapping[str, Any]) -> dict[str, str]:
    """The command of an audit with every setting that is not the default.

    Examples
    --------
    >>> from polyculture.report.card.commands import audit_command
    >>> audit_command({"settings": {"seed": 1, "level": 0.9, "measures": ["cka"], "neighbours": 10}})
    {'command': 'polyculture audit PREDICTIONS --measures cka --level 0.9 --seed 1 --json audit.json'}
    """
    settings, usual = found["settings"], Settings()
    given = {name: settings[name] for name in _AUDIT if name in settings}
    if "measures" in given:
        given["measures"] = tuple(given["measures"])
    changed = {name: value for name, value in given.items() if value != getattr(usual, name)}
    options = [f"--{name} {shlex.quote(_written(value))}" for name, value in changed.items()]
    cards = ["--cards CARDS"] if found.get("regressions") else []
    seed = f"--seed {int(settings.get('seed', 0))}"
    return {"command": " ".join(["polyculture audit PREDICTIONS", *cards, *options, seed, "--json audit.json"])}


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
