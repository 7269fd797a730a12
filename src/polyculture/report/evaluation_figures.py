"""Which charts an evaluation has, and its three figures at the top."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.dots import dots, picked
from polyculture.report.language import heard, say
from polyculture.report.numbers import interval
from polyculture.report.page import Figure
from polyculture.report.plain import label, short
from polyculture.report.words import EXAMPLES
from polyculture.tables import cell

BASELINES = ("pooled", "specialists", "ngrams")
WEIGHED = 15
"""Words of an item that have a bar: those that weigh most."""


def head(evaluation: Evaluation) -> str:
    """The row that the report is about: the fused model, or the best row where there is none."""
    rows = evaluation.accuracy
    return "fused" if "fused" in rows else ordered(rows)[0]


def ordered(rows: Mapping[str, Any]) -> list[str]:
    """Rows by their mean, best first, those without a number last."""
    means = {name: float(found["macro_f1"]["mean"]) for name, found in rows.items()}
    return sorted(rows, key=lambda name: (math.isnan(means[name]), -means[name] if not math.isnan(means[name]) else 0))


def rival(evaluation: Evaluation) -> str | None:
    """The best of the baselines, which are no part of the fused model."""
    means = {name: evaluation.accuracy[name]["macro_f1"]["mean"] for name in BASELINES if name in evaluation.accuracy}
    known = {name: mean for name, mean in means.items() if not math.isnan(mean)}
    return max(known, key=lambda name: known[name]) if known else None


def worst_domain(found: Mapping[str, Any]) -> str:
    """The domain with the lowest macro-F1; empty where no domain has one."""
    each = {d: v for d, v in found["macro_f1"]["by_domain"].items() if not math.isnan(v)}
    return min(each, key=lambda d: each[d]) if each else ""


def figures(evaluation: Evaluation) -> list[Figure]:
    """Mean, worst domain, effective number of models."""
    row = head(evaluation)
    found = evaluation.accuracy[row]
    worst = short(worst_domain(found), 60)
    named = say("worst domain: {domain}", domain=worst) if worst else say("worst domain")
    return [
        Figure(
            say("mean macro-F1, {row}", row=heard(row)), _percent(found["macro_f1"]["mean"]), _ahead(evaluation, "mean")
        ),
        Figure(named, _percent(found["macro_f1"]["worst"]), _ahead(evaluation, "worst")),
        _effective(evaluation),
    ]


def _percent(value: float) -> str:
    said = cell(float(value))
    return said if said == "–" else f"{said} %"


def _ahead(evaluation: Evaluation, kind: str) -> str:
    name = rival(evaluation)
    said = interval(evaluation.lead.get(name or "", {}).get(kind))
    if name is None or said == "–":
        return say("no interval: it was not compared with a baseline item by item")
    return say("lead over {name}, the best baseline: {lead} points", name=heard(name), lead=said)


def _effective(evaluation: Evaluation) -> Figure:
    name = say("effective models after fusion (Kish)")
    populations = evaluation.homogenization.get("populations", {})
    if "after fusion" not in populations:
        return Figure(name, "–", say("not measured"))
    after, before = populations["after fusion"], populations.get("specialists")
    estimate, _, ends = interval(after["kish"], 2).partition(" ")
    note = say("{ends} of {count}", ends=ends, count=len(after["models"])).strip()
    beside = say("specialists {value}", value=interval(before["kish"], 2)) if before else ""
    return Figure(name, estimate, f"{note}; {beside}" if beside else note)


def accuracy_charts(e: Evaluation) -> Iterator[Chart | None]:
    """Macro-F1 by row, and how far the fused model is ahead."""
    rows = [
        (heard(n), [float(e.accuracy[n]["macro_f1"][kind]) for kind in ("mean", "worst")]) for n in ordered(e.accuracy)
    ]
    yield dots(
        "chart-accuracy",
        say("Macro-F1 by row, %"),
        say("Further right is better. The numbers are mean and worst domain."),
        ["mean", "worst domain"],
        rows,
    )
    missing = {"estimate": math.nan, "low": math.nan, "high": math.nan}
    leads = [
        (heard(n), [e.lead[n].get(k, missing) for k in ("mean", "worst")]) for n in ordered(e.accuracy) if n in e.lead
    ]
    yield dots(
        "chart-lead",
        say("How far the fused model is ahead, points of macro-F1"),
        say("Right of zero the fused model is better than the row; an interval that holds zero cannot tell."),
        ["mean", "worst domain"],
        leads,
    )


def reasons_charts(e: Evaluation) -> Iterator[Chart | None]:
    """Margins of deletion and insertion over a random order, and the words of the item that the reader picks."""
    hows = ("deletion", "insertion")
    models = e.interpretability.get("models", {})
    rows = [(heard(name), [found[how]["margin"] for how in hows]) for name, found in models.items()]
    yield dots(
        "chart-reasons",
        say("How much better the reasons are than a random order, in probability"),
        say(
            "Right of zero the words that a model names as its reasons move its answer more than words drawn at random."
        ),
        list(hows),
        rows,
        digits=2,
    )
    yield _why(e)


def _why(e: Evaluation) -> Chart | None:
    found = e.interpretability.get("examples", [])[:EXAMPLES]
    options = [f"{each.get('domain', '')}: {label(_text(each), 48)} → {each.get('predicted', '')}" for each in found]
    data = [((i,), [(w, [v]) for w, v in _weightiest(each)]) for i, each in enumerate(found)]
    return picked(
        "chart-why",
        say("Why an item was decided as it was"),
        say(
            "Pick an item. Bars to the right are words that speak for its answer, to the left against it: how much "
            "the log-odds fall when the word is left out."
        ),
        [Pick("example", say("item"), options)],
        data,
        series=say("weight"),
    )


def _text(example: Mapping[str, Any]) -> str:
    return "".join(str(w["word"]) for w in example.get("words", [])[:12]) or str(example.get("text", ""))


def _weightiest(example: Mapping[str, Any]) -> list[tuple[str, float]]:
    words = [(str(w["word"]).strip(), float(w["weight"])) for w in example.get("words", [])]
    known = [(word, weight) for word, weight in words if word and math.isfinite(weight)]
    return sorted(known, key=lambda each: -abs(each[1]))[:WEIGHED]


def homogenization_charts(e: Evaluation) -> Iterator[Chart | None]:
    """κ and the effective number of models by population."""
    populations = e.homogenization["populations"]
    yield dots(
        "chart-likeness",
        say("Likeness of errors (κ) by population"),
        say(
            "1: all models fail on the same items. 0: they coincide as often as chance has it, given how often each "
            "fails."
        ),
        ["κ"],
        [(heard(name), [found["error_consistency"]]) for name, found in populations.items()],
        kind="bar",
        digits=2,
    )
    yield dots(
        "chart-effective",
        say("Effective number of models (Kish) by population"),
        say(
            "How many independent models would average errors out as well: one if they are identical, all of them if "
            "they are independent, and more if one errs where another does not."
        ),
        ["models"],
        [(f"{heard(name)} ({len(found['models'])})", [found["kish"]]) for name, found in populations.items()],
        kind="bar",
        digits=2,
    )
