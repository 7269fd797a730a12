"""What the numbers say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.report.figures import head, rival, worst_domain
from polyculture.report.plain import short
from polyculture.report.words import EXAMPLES
from polyculture.tables import cell, interval

UNMEASURED = {
    "lead": "Intervals of the lead: rows were not compared item by item, so differences between them may be chance.",
    "classes": "Classes: sensitivity, specificity and precision of each class were not measured.",
    "comparison": "Where merging and the graph pay: nothing was trained with few labels or without the graph.",
    "fine_tuning": "Fine-tuning: no base model was fine-tuned; all steps work on frozen vectors.",
    "generalisation": "Generalisation: no domain was left out, so nothing is known about domains it has not seen.",
    "interpretability": "Reasons: the words behind the answers were neither sought nor tested.",
    "ablation": "Ablation: no step was left out, so nothing is known about what each of them adds.",
    "homogenization": "Homogenization: how alike the models fail was not measured, before or after fusion.",
    "calibration": "Calibration: whether the probabilities can be taken at their word was not tested.",
    "tasks": "Further tasks: the model was judged on one task alone.",
    "choices": "Choices: the evaluation does not say what was chosen on held-out items.",
}


def answer(e: Evaluation) -> str:
    """The report in one sentence.

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> from polyculture.report.sentences import answer
    >>> row = {"mean": 85.5, "worst": 81.0, "by_domain": {"films": 90.0, "news": 81.0}}
    >>> answer(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}))
    'The fused model reaches a mean macro-F1 of 85.5 % over 2 domains; its worst, news, reaches 81.0 %.'
    """
    if e.homogenization.get("populations"):
        return str(e.homogenization["sentence"])
    row = head(e)
    found = e.accuracy[row]["macro_f1"]
    count, worst = len(found["by_domain"]), short(worst_domain(e.accuracy[row]), 60)
    over = f"{count} domain{'s' * (count != 1)}"
    ending = f"; its worst, {worst}, reaches {cell(float(found['worst']))} %" if worst and count > 1 else ""
    who = "fused model" if row == "fused" else f"row {short(row, 60)}"
    return f"The {who} reaches a mean macro-F1 of {cell(float(found['mean']))} % over {over}{ending}."


def accuracy(e: Evaluation) -> Iterator[str]:
    """How the fused model stands to the best baseline."""
    name = rival(e)
    if name is None:
        return
    lead = interval(e.lead.get(name, {}).get("mean"))
    ahead = f"; the fused model's lead is {lead} points" if lead != "–" else ""
    yield f"The best baseline is {name} with a mean of {cell(float(e.accuracy[name]['macro_f1']['mean']))} %{ahead}."


def comparison(e: Evaluation) -> Iterator[str]:
    """What merging adds, for each number of labels, with and without the graph."""
    for labels, hows in e.comparison.items():
        parts = [f"{_gain(found)} points {_with(how)}" for how, found in hows.items() if _gain(found)]
        many = "With all labels" if labels == "all" else f"With {labels} labels a class and domain"
        if parts:
            yield f"{many}, merging changes the backbone's mean by {' and '.join(parts)}."


def _with(how: str) -> str:
    return {"graph": "with the graph", "no graph": "without the graph"}.get(how, how)


def _gain(found: Mapping[str, Any]) -> str:
    """Points that merging adds; empty where they are not known."""
    means = [float(found[row]["macro_f1"]["mean"]) if row in found else math.nan for row in ("merged", "backbone")]
    gain = means[0] - means[1]
    return "" if math.isnan(gain) else f"{gain:+.1f}"


def fine_tuning(e: Evaluation) -> Iterator[str]:
    """What fine-tuning the base model adds, and what the further steps add to it."""
    means = {row: float(found["macro_f1"]["mean"]) for row, found in e.fine_tuning.items()}
    if {"fused, frozen vectors", "backbone", "fused"} <= set(means):
        before, alone, after = means["fused, frozen vectors"], means["backbone"], means["fused"]
        yield (
            f"All steps on frozen vectors reach a mean of {cell(before)} %; the base model fine-tuned alone "
            f"{cell(alone)} %, and all steps on top of it {cell(after)} %."
        )


def generalisation(e: Evaluation) -> Iterator[str]:
    """What is left on a domain that was not seen."""
    hows = {"without": "with no item of it", "with": "with its unlabelled items"}
    rows = {how: e.generalisation.get(how, {}).get("fused") for how in hows}
    said = [f"{cell(float(row['mean']))} % {hows[how]}" for how, row in rows.items() if row]
    if said:
        yield f"On a domain whose labels it has not seen, the fused model's mean is {' and '.join(said)}."


def interpretability(e: Evaluation) -> Iterator[str]:
    """How many items were asked, and how many of them are shown."""
    found = e.interpretability
    if "items" in found:
        yield f"{found['items']} test items were asked."
    if (count := len(found.get("examples", []))) > EXAMPLES:
        yield f"{EXAMPLES} of {count} examples are shown; the JSON holds all."


def made(e: Evaluation) -> Iterator[str]:
    """How long it took and what the record is called."""
    from polyculture import __version__

    if e.seconds:
        yield f"It took {cell(float(e.seconds))} seconds."
    yield f"Polyculture {__version__}, schema {e.schema}."


def unmeasured(e: Evaluation) -> Iterator[str]:
    """A sentence for each question that was not asked."""
    yield from (said for key, said in UNMEASURED.items() if not getattr(e, key))


SAID: Mapping[str, Callable[[Evaluation], Iterator[str]]] = {
    "accuracy": accuracy,
    "comparison": comparison,
    "fine_tuning": fine_tuning,
    "generalisation": generalisation,
    "interpretability": interpretability,
    "made": made,
    "unmeasured": unmeasured,
}
