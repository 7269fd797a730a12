"""An evaluation as tables that a person reads."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from polyculture.tables import Table, interval

if TYPE_CHECKING:
    from polyculture.evaluation.result import Evaluation

ABOUT = {
    "fused": "what was chosen on held-out items",
    "ensemble": "routed expert and all base models",
    "experts": "one a domain, from the backbone; domain known",
    "merged": "experts in one set of weights; no domain known",
    "backbone": "the shared network, steps 3–5 left out, with its seed",
    "pooled": "the same network from other first weights",
    "specialists": "one network a domain, nothing shared",
    "ngrams": "one linear model on word n-grams of all domains",
}


def tables(evaluation: Evaluation) -> list[Table]:
    """Every table that an evaluation has something for."""
    made = (
        _accuracy,
        _new,
        _classes,
        _comparison,
        _fine_tuning,
        _generalisation,
        _ablation,
        _homogenization,
        _interpretability,
        _calibration,
        _tasks,
    )
    return [table for make in made for table in make(evaluation)]


def _domains(scores: Mapping[str, Any]) -> list[str]:
    return list(scores["macro_f1"]["by_domain"])


def _after(before: int, domains: Collection[str]) -> range:
    """Where the columns of the domains stand, after so many others."""
    return range(before, before + len(domains))


def _scores(scores: Mapping[str, Any]) -> list[float]:
    found = scores["macro_f1"]
    return [*found["by_domain"].values(), found["mean"], found["worst"]]


def _accuracy(e: Evaluation) -> Iterator[Table]:
    rows = sorted(e.accuracy.items(), key=lambda item: -item[1]["macro_f1"]["mean"])
    columns = ["model", *_domains(rows[0][1]), "mean", "worst", "accuracy", "fused is ahead by", "what it is"]
    values = [
        [name, *_scores(found), found["accuracy"]["mean"], interval(e.lead.get(name, {}).get("mean")), about(name)]
        for name, found in rows
    ]
    yield Table("accuracy", "macro-F1 by domain, %", columns, values, _after(1, _domains(rows[0][1])))


def _new(e: Evaluation) -> Iterator[Table]:
    """A warning where judged items are not new to the model, or where nobody knows."""
    said = on_new_items(e)
    if said:
        rows = [[e.data["items"], "–" if said.startswith("not checked") else e.data["learnt"], said]]
        yield Table("new", "are the judged items new?", ["judged items", "also training items", "so"], rows)


def on_new_items(e: Evaluation) -> str:
    """What the figures are worth where the model had learnt from judged items; empty where it had not.

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> on_new_items(Evaluation({}, data={"items": 40, "learnt": 12}))
    '12 of 40 items were also training items: figures on them are not about new items'
    """
    learnt = e.data.get("learnt", 0)
    if learnt is None or math.isnan(learnt):
        return "not checked: the model was saved by a version that did not remember its training items; fit it again"
    if not learnt:
        return ""
    return f"{learnt} of {e.data['items']} items were also training items: figures on them are not about new items"


def _classes(e: Evaluation) -> Iterator[Table]:
    if not e.classes:
        return
    rates = ("sensitivity", "specificity", "precision")
    rows = [
        [
            name,
            found["items"],
            *(interval(found[rate]) for rate in rates),
            found["worst"]["sensitivity"],
            found["worst"]["domain"] or "–",
        ]
        for name, found in e.classes.items()
    ]
    columns = ["class", "items", *rates, "least sensitive", "in"]
    yield Table("classes", "each class against all others, by the fused model, %", columns, rows)


def about(name: str) -> str:
    """What a row of the table is, in a few words."""
    return (
        f"the base model {name.removeprefix('encoder:')} alone" if name.startswith("encoder:") else ABOUT.get(name, "")
    )


def _comparison(e: Evaluation) -> Iterator[Table]:
    if not e.comparison:
        return
    rows = []
    for labels, hows in e.comparison.items():
        for how, found in hows.items():
            for row, scores in found.items():
                if row != "chosen":
                    rows.append([labels, how, row, *_scores(scores), found["chosen"]])
    first = next(iter(next(iter(e.comparison.values())).values()))
    domains = _domains(first["backbone"])
    columns = ["labels a class", "graph", "model", *domains, "mean", "worst", "graph taken"]
    yield Table("comparison", "where merging and the graph pay: macro-F1, %", columns, rows, _after(3, domains))


def _generalisation(e: Evaluation) -> Iterator[Table]:
    if not e.generalisation:
        return
    rows = [
        [how, row, *found["by_domain"].values(), found["mean"], found["worst"]]
        for how, each in e.generalisation.items()
        for row, found in each.items()
    ]
    first = next(iter(e.generalisation["without"].values()))
    columns = ["its unlabelled items", "model", *first["by_domain"], "mean", "worst"]
    title = "each domain left out in turn: macro-F1 on it, %"
    yield Table("generalisation", title, columns, rows, _after(2, first["by_domain"]))


def _fine_tuning(e: Evaluation) -> Iterator[Table]:
    return _described("fine_tuning", "a base model fine-tuned as the backbone: macro-F1, %", "model", e.fine_tuning)


def _ablation(e: Evaluation) -> Iterator[Table]:
    return _described("ablation", "each step left out: macro-F1, %", "variant", e.ablation)


def _described(name: str, title: str, first: str, rows: Mapping[str, Any]) -> Iterator[Table]:
    """One table of scores and of what each row is."""
    if rows:
        domains = _domains(next(iter(rows.values())))
        columns = [first, *domains, "mean", "worst", "what it is"]
        values = [[row, *_scores(found), found["about"]] for row, found in rows.items()]
        yield Table(name, title, columns, values, _after(1, domains))


def _homogenization(e: Evaluation) -> Iterator[Table]:
    if not e.homogenization:
        return
    rows = [
        [
            name,
            len(found["models"]),
            interval(found["error_consistency"], 2),
            interval(found["joint_failure"], 3),
            found["joint_failure_expected"]["estimate"],
            interval(found["joint_failure_ratio"]),
            interval(found["kish"], 2),
            interval(found["cka"], 2),
            found["about"],
        ]
        for name, found in e.homogenization["populations"].items()
    ]
    columns = [
        "population",
        "models",
        "κ of errors",
        "all fail",
        "if independent",
        "ratio",
        "effective (Kish)",
        "CKA",
        "who",
    ]
    yield Table("homogenization", e.homogenization["sentence"], columns, rows)


def _interpretability(e: Evaluation) -> Iterator[Table]:
    if not e.interpretability:
        return
    rows = [
        [
            name,
            *(found[how][part] for how in ("deletion", "insertion") for part in ("reasons", "random")),
            interval(found["deletion"]["margin"], 3),
            interval(found["insertion"]["margin"], 3),
            found["specificity"]["estimate"],
            found["specificity"]["null"],
            found["specificity"]["p"],
        ]
        for name, found in e.interpretability["models"].items()
    ]
    columns = [
        "model", "deletion", "random order", "insertion", "random order ",
        "better by (deletion)", "better by (insertion)", "specific to the domain", "by chance", "p",
    ]  # fmt: skip
    yield Table(
        "interpretability",
        "are the reasons true? probability left when the weightiest words go (or alone stay)",
        columns,
        rows,
    )


def _calibration(e: Evaluation) -> Iterator[Table]:
    if e.calibration:
        rows = [[name, found["before"], found["after"]] for name, found in e.calibration.items()]
        yield Table("calibration", "expected calibration error of the fused model", ["items", "before", "after"], rows)


def _tasks(e: Evaluation) -> Iterator[Table]:
    for task, found in e.tasks.items():
        rows = [[name, *_scores(scores)] for name, scores in found["rows"].items()]
        domains = _domains(next(iter(found["rows"].values())))
        title = f"a further task, {task} ({', '.join(found['classes'])}): macro-F1, %"
        yield Table(f"task {task}", title, ["model", *domains, "mean", "worst"], rows, _after(1, domains))
