"""What stands in each section, and which questions were left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.evaluation.tables import tables
from polyculture.report import figures
from polyculture.report.charts import Chart
from polyculture.report.facts import Shown, facts, shown
from polyculture.report.sentences import SAID
from polyculture.report.words import Example, examples
from polyculture.tables import Table

TITLES = {
    "accuracy": "Accuracy",
    "classes": "Classes",
    "comparison": "Where merging and the graph pay",
    "fine_tuning": "A fine-tuned base model",
    "generalisation": "Generalisation to a new domain",
    "interpretability": "Reasons",
    "ablation": "Ablation",
    "homogenization": "Homogenization",
    "calibration": "Calibration",
    "tasks": "Further tasks",
    "choices": "Choices",
    "made": "How it was made",
    "unmeasured": "What was not measured",
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


@dataclass(frozen=True)
class Section:
    """One section; `key` is its anchor and the name of its template."""

    key: str
    title: str
    said: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Shown] = ()
    examples: Sequence[Example] = ()


def sections(e: Evaluation) -> list[Section]:
    """Every section that there is something for, in the order of the report."""
    found = tables(e)
    asked = [key for key in TITLES if key in ("made", "unmeasured") or getattr(e, key)]
    placed = {key: [t for t in found if _place(t) == key] for key in asked}
    placed["made"] = _made(e) + [t for t in found if _place(t) not in asked]
    placed["choices"] = facts(e.choices, FACTS | {"": "what was chosen"})
    return [_section(e, key, placed[key]) for key in asked]


def _section(e: Evaluation, key: str, found: Sequence[Table]) -> Section:
    said = SAID[key](e) if key in SAID else ()
    charts = CHARTS[key](e) if key in CHARTS else ()
    return Section(
        key,
        TITLES[key],
        list(said),
        [c for c in charts if c is not None],
        [shown(t) for t in found],
        examples(e.interpretability) if key == "interpretability" else (),
    )


def _place(table: Table) -> str:
    return "tasks" if table.name.startswith("task ") else table.name


def _made(e: Evaluation) -> list[Table]:
    about = facts({"data": e.data}, FACTS) if e.data else []
    steps: list[list[Any]] = [[s["name"], s["seconds"]] for s in e.steps]
    return [*about, *([Table("steps", "seconds by step", ["step", "seconds"], steps)] if steps else [])]
