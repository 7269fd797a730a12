"""What an audit raises as a concern: each question with its rule."""

from __future__ import annotations

import math
from typing import Any

from polyculture.auditing.result import AuditResult
from polyculture.report.audit_sentences import around, names, percent, why
from polyculture.report.language import heard, many, say
from polyculture.report.numbers import interval, measure
from polyculture.report.page import Finding
from polyculture.report.plain import label
from polyculture.report.rules import judged, known, not_applicable, not_checked

FEW = 0.5
"""Share of the models that the effective number must reach."""
BEYOND = 0.05
"""Share of the pairs that may be beyond chance, by adjusted p-values or by their intervals."""


def findings(found: AuditResult) -> list[Finding]:
    """All questions, in the order of the page."""
    return [
        _alike(found),
        _effective(found),
        _systemic(found),
        _same_answers(found),
        _twins(found),
        _family(found),
        _groups(found),
        _few(found),
        _input(found),
    ]


def _alike(found: AuditResult) -> Finding:
    """A concern if two models fail together more often than independent ones; without labels, if pairs are alike."""
    title = (
        say("Do two models fail together more often than independent ones?")
        if found.joint_failure
        else say("Are the models more alike than chance?")
    )
    ratio = {"estimate": found.joint_failure.get("ratio"), **found.joint_failure.get("intervals", {}).get("ratio", {})}
    if known(ratio):
        sentence = say(
            "Two of them fail together {ratio} times as often as independent models would.", ratio=interval(ratio, 2)
        )
        reason = say(
            "A concern if the whole interval is above 1. Items differ in difficulty: a part of it is that, and no "
            "shared fault."
        )
        return judged(ratio["low"] > 1, title, sentence, reason)
    if not found.summary:
        return not_checked(title, why(found, "joint failure", "ratio"))
    name, mean = next(iter(found.summary.items()))
    if math.isnan(mean["null"]) or not mean["pairs"]:
        return not_checked(title, say("What chance gives is not known for {measure}.", measure=measure(name)))
    share = mean["beyond_chance"] / mean["pairs"]
    sentence = say(
        "By {measure}, {count} of {pairs} pairs are alike beyond chance.",
        measure=measure(name),
        count=mean["beyond_chance"],
        pairs=mean["pairs"],
    )
    reason = say(
        "A concern above {share} of the pairs; p-values are adjusted for the number of pairs.", share=percent(BEYOND)
    )
    return judged(share > BEYOND, title, sentence, reason)


def _effective(found: AuditResult) -> Finding:
    """A concern below half of the models."""
    title = say("Are they worth half as many independent models?")
    kish = found.effective_models.get("kish")
    if not known(kish, "estimate"):
        return not_checked(title, why(found, "effective", "kish"))
    assert kish is not None  # noqa: S101 (known has looked)
    count = len(found.models)
    sentence = say(
        "{count} models average errors out as well as {kish} independent ones.", count=count, kish=interval(kish, 2)
    )
    reason = say("A concern below {limit} (half of the models), by Kish's effective number.", limit=f"{FEW * count:g}")
    return judged(kish["estimate"] < FEW * count, title, sentence, reason)


def _systemic(found: AuditResult) -> Finding:
    """A concern if all fail more often than independent models would, beyond the interval."""
    title = say("Are there items on which all models fail, beyond chance?")
    value = found.systemic_failure
    ends = value.get("intervals", {}).get("observed", {})
    if not value or not known({"estimate": value["observed"], **ends}):
        return not_checked(title, why(found, "systemic failure"))
    sentence = say(
        "All fail on {observed} of the items; independent models would on {expected}.",
        observed=around(value["observed"], ends),
        expected=percent(value["expected"]),
    )
    reason = say("A concern if the whole interval is above that.")
    if found.missing:
        reason += f" {say('Items that some of the models did not answer are left out.')}"
    return judged(ends["low"] > value["expected"], title, sentence, reason)


def _same_answers(found: AuditResult) -> Finding:
    """A concern if more pairs than chance allows give the same wrong answer more often than others do."""
    title = say("Do they give the same wrong answers?")
    value = found.agreement_both_wrong
    if not value or not value.get("pairs"):
        return not_checked(title, why(found, "agreement both wrong"))
    # of p-values that are adjusted for the number of pairs, as in the table of all measures
    count = found.summary.get("agreement_both_wrong", {}).get("beyond_chance", value["pairs_above"])
    share = count / value["pairs"]
    sentence = say(
        "Where two are wrong they agree in {observed} of the cases; {count} of {pairs} pairs do so more often than "
        "other wrong models.",
        observed=percent(value["observed"]),
        count=count,
        pairs=value["pairs"],
    )
    return judged(share > BEYOND, title, sentence, say("A concern above {share} of the pairs.", share=percent(BEYOND)))


def _twins(found: AuditResult) -> Finding:
    """A concern if any pair is closer than expected."""
    title = say("Are there near twins?")
    if not found.pairs and found.pair_table is None:
        return not_checked(title, say("No pair was measured."))
    if "near_twins" in found.not_measured:
        return not_checked(title, why(found, "near twins"))
    if not found.near_twins:
        return judged(False, title, say("No pair is closer than expected."), _twins_rule())
    first = found.near_twins[0]
    sentence = many(
        len(found.near_twins),
        "{count} pair is closer than expected: {first}.",
        "{count} pairs are closer than expected, first of all {first}.",
        first=names([first["a"], first["b"]]),
    )
    return judged(True, title, sentence, _twins_rule())


def _twins_rule() -> str:
    return say("A concern from one pair: keeping both of them adds next to nothing.")


def _family(found: AuditResult) -> Finding:
    """A concern if one family holds more than half of the models."""
    title = say("Does one family dominate?")
    families: Any = found.families.get("families", ())
    by = str(found.families.get("measure", ""))
    likeness = [pair[by] for pair in found.pairs if by in pair]
    if likeness and not any(known(each, "estimate") for each in likeness):
        return not_checked(title, why(found, by))
    if not families:
        reason = found.families.get("reason")
        if not reason:
            return not_checked(title, why(found, "families"))
        return judged(False, title, say("There are no families: {reason}", reason=heard(reason)), _family_rule())
    largest = len(families[0]["models"])
    sentence = say(
        "The largest of {families} families holds {largest} of {count} models.",
        families=len(families),
        largest=largest,
        count=len(found.models),
    )
    return judged(largest > len(found.models) / 2, title, sentence, _family_rule())


def _family_rule() -> str:
    return say("A concern if it holds more than half of the models.")


def _groups(found: AuditResult) -> Finding:
    """A concern if on some group of items models fail together more than independent ones, beyond the interval."""
    title = say("Is there a group of items on which they fail together?")
    if not found.groups:
        return not_applicable(title, say("Items have no groups of their own."))
    ratios = [(group["group"], group["joint_failure_ratio"]) for group in found.groups]
    told = [(str(name), ratio) for name, ratio in ratios if known(ratio)]
    if not told:
        return not_checked(title, why(found, "group"))
    # the largest ratio may have the widest interval
    name, ratio = max(told, key=lambda each: float(each[1]["low"]))
    sentence = say(
        "Most clearly on {group}: {ratio} times as often as independent models.",
        group=label(name, 60),
        ratio=interval(ratio, 2),
    )
    reason = say(
        "A concern if the whole interval of any group is above 1; intervals are not adjusted for the number of groups."
    )
    return judged(ratio["low"] > 1, title, sentence, reason)


def _few(found: AuditResult) -> Finding:
    """A concern if the chosen few fail no less than the most accurate ones."""
    title = say("Does a chosen few do better than the most accurate ones?")
    sizes = found.portfolio.get("sizes", ())
    kept = next((size for size in sizes if size["k"] == found.portfolio.get("suggested")), None)
    if kept is None:
        return not_checked(title, why(found, "portfolio"))
    if set(kept["models"]) == set(kept.get("most_accurate", ())):
        return not_applicable(title, say("The chosen ones are the most accurate ones."))
    chosen, best = kept["joint_failure"], kept["best_accuracy"]
    if not chosen["estimate"] and not best["estimate"]:
        return not_applicable(title, say("On no item do all of the chosen ones fail, nor all of the most accurate."))
    sentence = say(
        "All of the {k} chosen ones fail on {chosen} of the items that were not used to choose, of the {k} most "
        "accurate on {best}.",
        k=kept["k"],
        chosen=around(chosen["estimate"], chosen),
        best=around(best["estimate"], best),
    )
    return judged(
        chosen["estimate"] >= best["estimate"], title, sentence, say("A concern if the chosen ones fail no less often.")
    )


def _input(found: AuditResult) -> Finding:
    """A concern if something in the input asked for a decision."""
    title = say("Was the input taken as it is?")
    told = [(str(policy["what"]), policy["count"]) for policy in found.policies if policy["count"]]
    if not told:
        return judged(False, title, say("Nothing in it asked for a decision."), _input_rule())
    sentence = say("; ").join(say("{name}: {why}", name=label(heard(what), 80), why=count) for what, count in told[:3])
    return judged(True, title, say("{sentence}.", sentence=sentence), _input_rule())


def _input_rule() -> str:
    return say("A concern if anything was left out or changed; the section on decisions says what was done.")
