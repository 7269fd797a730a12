"""What an evaluation raises as a concern: each question with its rule."""

from __future__ import annotations

import math
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.report.evaluation_figures import head
from polyculture.report.language import heard, later, say
from polyculture.report.numbers import interval
from polyculture.report.page import Finding
from polyculture.report.plain import label
from polyculture.report.rules import judged, known, not_applicable, not_checked
from polyculture.tables import cell

LEFT_BEHIND = 1.0
"""Points of macro-F1 by which a domain may be served worse than by its specialist before it is a concern."""
MISCALIBRATED = 0.05
"""Expected calibration error from which probabilities are a concern."""
MISSED = 50.0
"""Sensitivity of a class, in per cent, below which it is a concern."""
RIVALS = {
    "pooled": later("Is the fused model better than one model for all domains?"),
    "specialists": later("Is the fused model better than a specialist for each domain?"),
    "ngrams": later("Is the fused model better than a linear model on word n-grams?"),
}


def findings(e: Evaluation) -> list[Finding]:
    """All questions, in the order of the page."""
    return [
        _ahead_of_parts(e),
        *(_ahead(e, name) for name in RIVALS),
        _left_behind(e),
        _calibrated(e),
        _missed(e),
        _reasons(e),
        _unseen(e),
        _steps(e),
        _independent(e),
        _leak(e),
    ]


def _ahead_of_parts(e: Evaluation) -> Finding:
    """Passed if its lead over the best of its base models lies above 0."""
    title = say("Is the fused model better than the best of its base models?")
    parts = {name: row["macro_f1"]["mean"] for name, row in e.accuracy.items() if name.startswith("encoder:")}
    if "fused" not in e.accuracy or not parts:
        return not_applicable(title, say("There is no base model whose answers stand beside it."))
    best = max(parts, key=lambda name: parts[name])
    lead = e.lead.get(best, {}).get("mean")
    if not known(lead):
        return not_checked(title, say("The two were not compared item by item, so there is no interval."))
    called = label(best.removeprefix("encoder:"), 60)
    sentence = (
        say("Its mean macro-F1 is ahead of {name} by {lead} points.", name=called, lead=interval(lead))
        if lead["estimate"] >= 0
        else say(
            "Its mean macro-F1 is behind that of {name}: a lead of {lead} points.", name=called, lead=interval(lead)
        )
    )
    return judged(lead["low"] <= 0, title, sentence, say("A concern unless the whole interval of the lead is above 0."))


def _ahead(e: Evaluation, name: str) -> Finding:
    """Passed if the lead's interval lies above 0."""
    title = say(RIVALS[name])
    if "fused" not in e.accuracy or name not in e.accuracy:
        return not_checked(title, say("No such model was trained beside it: the evaluation holds its own parts alone."))
    lead = e.lead.get(name, {}).get("mean")
    if not known(lead):
        return not_checked(title, say("The two were not compared item by item, so there is no interval."))
    sentence = say("Its mean macro-F1 is ahead by {lead} points.", lead=interval(lead))
    return judged(lead["low"] <= 0, title, sentence, say("A concern unless the whole interval of the lead is above 0."))


def _left_behind(e: Evaluation) -> Finding:
    """A concern if some domain is served worse than by its specialist by more than `LEFT_BEHIND` points."""
    title = say("Is a domain left behind?")
    if "fused" not in e.accuracy or "specialists" not in e.accuracy:
        return not_checked(title, say("There are no specialists to compare the domains with."))
    own, theirs = (e.accuracy[row]["macro_f1"]["by_domain"] for row in ("fused", "specialists"))
    gaps = {d: own[d] - theirs[d] for d in own if d in theirs and math.isfinite(own[d] - theirs[d])}
    if not gaps:
        return not_checked(title, say("No domain has a number for both."))
    worst = min(gaps, key=lambda d: gaps[d])
    sentence = say(
        "The domain that gains least over its specialist is {domain}: {gap} points.",
        domain=label(worst, 60),
        gap=f"{gaps[worst]:+.1f}",
    )
    reason = say("A concern below −{limit} points; single domains have no interval here.", limit=f"{LEFT_BEHIND:g}")
    return judged(gaps[worst] < -LEFT_BEHIND, title, sentence, reason)


def _calibrated(e: Evaluation) -> Finding:
    """A concern if the expected calibration error after calibration reaches `MISCALIBRATED`."""
    title = say("Can its probabilities be taken at their word?")
    rows = {name: found["after"] for name, found in e.calibration.items() if math.isfinite(found["after"])}
    if not rows:
        return not_checked(title, say("No calibration error was measured."))
    # what was held out was calibrated on; other items are the honest ones
    name = next((each for each in rows if each != "held out"), next(iter(rows)))
    sentence = say("The expected calibration error is {error} ({items}).", error=f"{rows[name]:.3f}", items=heard(name))
    return judged(rows[name] >= MISCALIBRATED, title, sentence, say("A concern from {limit}.", limit=MISCALIBRATED))


def _missed(e: Evaluation) -> Finding:
    """A concern if less than `MISSED` per cent of a class is found."""
    title = say("Is a class missed?")
    rows = {name: found["sensitivity"] for name, found in e.classes.items() if known(found["sensitivity"], "estimate")}
    if not rows:
        return not_checked(title, say("Sensitivity of classes was not measured."))
    worst = min(rows, key=lambda name: rows[name]["estimate"])
    sentence = say(
        "The class that is found least is {name}: {value} % of it.", name=label(worst, 60), value=interval(rows[worst])
    )
    return judged(
        rows[worst]["estimate"] < MISSED, title, sentence, say("A concern below {limit} %.", limit=f"{MISSED:g}")
    )


def _reasons(e: Evaluation) -> Finding:
    """Passed if reasons beat a random order in both tests, intervals above 0."""
    title = say("Are its reasons true?")
    found: Any = e.interpretability.get("models", {}).get(head(e))
    margins = {how: found[how]["margin"] for how in ("deletion", "insertion")} if found else {}
    if not margins or not all(known(margin) for margin in margins.values()):
        return not_checked(title, say("Reasons were neither sought nor tested."))
    sentence = say(
        "They beat a random order by {deletion} in probability when left out, and by {insertion} when left alone.",
        **{how: interval(margin, 3) for how, margin in margins.items()},
    )
    concern = any(margin["low"] <= 0 for margin in margins.values())
    return judged(concern, title, sentence, say("A concern unless both intervals are above 0."))


def _unseen(e: Evaluation) -> Finding:
    """A concern if on unseen domains a pooled model does better."""
    title = say("Does it hold on a domain that it has not seen?")
    rows = e.generalisation.get("without", {})
    if not {"fused", "pooled"} <= set(rows):
        return not_checked(title, say("No domain was left out."))
    own, pooled = (float(rows[row]["mean"]) for row in ("fused", "pooled"))
    sentence = say(
        "With each domain left out in turn its mean is {own} %, that of a pooled model {pooled} %.",
        own=cell(own),
        pooled=cell(pooled),
    )
    return judged(
        own < pooled, title, sentence, say("A concern if the pooled model does better; the means have no interval.")
    )


def _steps(e: Evaluation) -> Finding:
    """A concern if leaving a step out helps."""
    title = say("Does every step add something?")
    if "whole" not in e.ablation:
        return not_checked(title, say("No step was left out."))
    whole = e.ablation["whole"]["macro_f1"]["mean"]
    better = [name for name, row in e.ablation.items() if name != "whole" and row["macro_f1"]["mean"] > whole]
    sentence = (
        say("The mean rises with: {names}.", names=", ".join(label(heard(name), 40) for name in better))
        if better
        else say("Without any of the steps that were left out the mean falls or stays.")
    )
    return judged(
        bool(better), title, sentence, say("A concern if the mean rises without a step; differences have no interval.")
    )


def _independent(e: Evaluation) -> Finding:
    """A concern if what serves the domains is worth fewer than half as many independent models."""
    title = say("Are the models that serve the domains independent?")
    found = e.homogenization.get("populations", {}).get("after fusion")
    if not found or not known(found["kish"], "estimate"):
        return not_checked(title, say("How alike they fail was not measured."))
    count = len(found["models"])
    sentence = say(
        "After fusion {count} domains are served by {kish} independent models.",
        count=count,
        kish=interval(found["kish"], 2),
    )
    reason = say("A concern below half of the models: what errs on one domain is then likely to err on the others.")
    return judged(found["kish"]["estimate"] < count / 2, title, sentence, reason)


def _leak(e: Evaluation) -> Finding:
    """A concern if the same item stands on both sides of a split."""
    title = say("Do test items stand among the training items?")
    if "learnt" in e.data:
        return _learnt(e, title)
    found = e.data.get("duplicates")
    count = found.get("across_splits") if isinstance(found, dict) else None
    if count is None or not math.isfinite(count):
        return not_checked(title, say("The result does not say whether duplicates were looked for."))
    sentence = say(
        "{count} items had a near-duplicate in another part before duplicates were removed.", count=int(count)
    )
    return judged(
        count > 0, title, sentence, say("A concern from one item: what was left may hold others that were not found.")
    )


def _learnt(e: Evaluation, title: str) -> Finding:
    """A concern if the model had learnt from an item that it was judged on."""
    if not known(e.data, "learnt"):
        return not_checked(
            title,
            say("The model was saved by a version that did not remember its training items; fit it again to know."),
        )
    sentence = say(
        "{count} of {items} items were also training items.", count=int(e.data["learnt"]), items=int(e.data["items"])
    )
    reason = say("A concern from one item: figures on such items are not about new items.")
    return judged(e.data["learnt"] > 0, title, sentence, reason)
