"""``polyculture list``: what there is to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import JsonFile, Quiet, check_choice, check_outputs, write_json

if TYPE_CHECKING:
    from polyculture.registry import Part

REGISTRIES = {
    "fusions": "polyculture.fuse:FUSIONS",
    "merges": "polyculture.fuse:WEIGHT_MERGES",
    "adapters": "polyculture.adapt:ADAPTERS",
    "few-labels": "polyculture.optimise.few_labels:FEW_LABELS",
    "encoders": "polyculture.features.encoders:ENCODERS",
    "backbones": "polyculture.features.backbones:BACKBONES",
    "datasets": "polyculture.data:DATASETS",
    "tasks": "polyculture.optimise.presets:PRESETS",
    "interactions": "polyculture.data.interactions:INTERACTIONS",
    "propagations": "polyculture.features.graph:PROPAGATIONS",
    "rankings": "polyculture.measure.ranking:RANKINGS",
}
KINDS = ("measures", *REGISTRIES)


def list_command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")],
    json: JsonFile = None,
    quiet: Quiet = False,  # noqa: ARG001 - every command takes it
) -> None:
    """List what there is to choose from, with a summary, the paper, and what each needs."""
    from polyculture.cli.screen import show

    check_choice("KIND", kind, KINDS)
    check_outputs(json=(json, ()))
    entries = _measures() if kind == "measures" else _parts(REGISTRIES[kind])
    write_json(json, "list/1", {"kind": kind, "entries": entries})
    columns = list(entries[0])
    show(kind, [name.replace("_", " ") for name in columns], [[_cell(entry[c]) for c in columns] for entry in entries])


def _parts(path: str) -> list[dict[str, Any]]:
    module, _, name = path.partition(":")
    registry: Mapping[str, Part] = getattr(import_module(module), name)
    return [
        {
            "name": name,
            "summary": part.summary,
            "paper": part.paper,
            "needs": f"polyculture[{part.extra}]" if part.extra else "",
        }
        for name, part in registry.items()
    ]


def _measures() -> list[dict[str, Any]]:
    from polyculture.measure import list_measures

    entries = []
    for facts in list_measures():
        # asdict copies, and a function that is a null has no form in JSON
        known = {name: value for name, value in asdict(facts).items() if name not in ("function", "null", "paper")}
        null = "from the data" if callable(facts.null) else facts.null
        entries.append({**known, "null": null, "paper": facts.paper, "needs": list(facts.takes)})
    return entries


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, float | int):
        return f"{value:g}"
    return "–" if value is None else str(value)
