"""What stands in each section, and which questions were left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.evaluation.tables import tables
from polyculture.report import evaluation_figures as figures
from polyculture.report.charts.chart import Chart
from polyculture.report.evaluation_sentences import NOTES, SAID
from polyculture.report.facts import facts, shown
from polyculture.report.language import heard, later, say
from polyculture.report.page import Section
from polyculture.report.words import examples
from polyculture.tables import Table

TITLES = {
    "accuracy": later("Accuracy"),
    "classes": later("Classes"),
    "comparison": later("Where merging and the graph pay"),
    "fine_tuning": later("A fine-tuned base model"),
    "generalisation": later("Generalisation to a new domain"),
    "interpretability": later("Reasons"),
    "ablation": later("Ablation"),
    "homogenization": later("Homogenization"),
    "calibration": later("Calibration"),
    "tasks": later("Further tasks"),
    "choices": later("Choices"),
}
CHARTS: Mapping[str, Callable[[Evaluation], Iterable[Chart | None]]] = {
    "accuracy": figures.accuracy_charts,
    "interpretability": figures.reasons_charts,
    "homogenization": figures.homogenization_charts,
}
FACTS = {
    "graph": "the graph that was chosen",
    "graph.scores": "share of held-out items that a linear model got right, by graph and hops",
    "merge": "the best setting of each way to merge, by its loss on held-out items, best first",
    "fused": "how the answers are fused",
    "fused.losses": "loss on held-out items of each way to fuse, domain known",
    "data": "the data",
    "data.kept": "items by domain, duplicates left out",
    "data.domains": "items by domain",
    "data.splits": "items by part",
    "data.duplicates": "duplicates",
}


def sections(e: Evaluation) -> list[Section]:
    """Every section that there is something for, in the order of the report."""
    found = tables(e)
    asked = [key for key in TITLES if getattr(e, key)]
    placed = {key: [t for t in found if _place(t) == key] for key in asked}
    chosen = facts(_named(e.choices), FACTS | {"": "what was chosen"})
    placed["choices"] = [replace(table, name=table.name or "choices") for table in chosen]
    return [_section(e, key, placed[key]) for key in asked]


def _section(e: Evaluation, key: str, found: Sequence[Table]) -> Section:
    charts = CHARTS[key](e) if key in CHARTS else ()
    return Section(
        key,
        say(TITLES[key]),
        list(SAID[key](e)) if key in SAID else (),
        [c for c in charts if c is not None],
        [shown(t) for t in found],
        examples(e.interpretability) if key == "interpretability" else (),
        notes=[say(NOTES[key])] if key in NOTES else (),
    )


def _named(choices: Mapping[str, Any]) -> dict[str, Any]:
    """The same with lists of methods as they are called."""
    return {
        key: [heard(str(each)) for each in value]
        if isinstance(value, list) and value and isinstance(value[0], str)
        else value
        for key, value in choices.items()
    }


def _place(table: Table) -> str:
    return "tasks" if table.name.startswith("task ") else "accuracy" if table.name == "new" else table.name


def parameters(e: Evaluation) -> list[Table]:
    """What the numbers depend on: the data, its splits and seeds, and how long each step took."""
    about = facts({"data": e.data}, FACTS) if e.data else []
    steps: list[list[Any]] = [[s["name"], s["seconds"]] for s in e.steps]
    return [*about, *([Table("steps", "seconds by step", ["step", "seconds"], steps)] if steps else [])]
