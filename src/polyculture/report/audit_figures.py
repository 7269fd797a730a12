"""Three numbers of an audit that stand large at the top."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polyculture.auditing.result import AuditResult
from polyculture.report.audit_sentences import NO_NUMBER, around, percent, why
from polyculture.report.language import many, say
from polyculture.report.numbers import interval, measure
from polyculture.report.page import Figure


def figures(found: AuditResult) -> list[Figure]:
    """Three numbers that stand large at the top: those that this kind of audit turns on."""
    makes = (_effective, _together, _systemic, _mean, _suggested)
    items = many(found.items, "{count} item", "{count} items") if found.items else say("as files")
    return [
        *(each for make in makes for each in make(found)),
        Figure(say("models"), str(len(found.models)), items),
        Figure(say("pairs"), f"{len(found.models) * (len(found.models) - 1) // 2:,}", ""),
        Figure(say("measures"), str(len(found.summary)), ""),
    ][:3]


def _effective(found: AuditResult) -> Iterator[Figure]:
    kish = found.effective_models.get("kish")
    if kish:
        estimate, _, ends = interval(kish, 2).partition(" ")
        note = say("{ends} of {count}", ends=ends, count=len(found.models))
        yield Figure(
            say("independent models (Kish)"),
            estimate,
            why(found, "effective", "kish") if estimate == NO_NUMBER else note,
        )


def _together(found: AuditResult) -> Iterator[Figure]:
    value = found.joint_failure
    if value:
        ratio, _, ends = interval({"estimate": value["ratio"], **value["intervals"]["ratio"]}, 2).partition(" ")
        note = say(
            "{ends}; {observed} of items, {expected} if independent",
            ends=ends,
            expected=percent(value["expected"]),
            observed=around(value["observed"], value["intervals"]["observed"]),
        )
        yield Figure(
            say("two models fail together, × chance"),
            ratio,
            why(found, "joint failure", "ratio") if ratio == NO_NUMBER else note,
        )


def _systemic(found: AuditResult) -> Iterator[Figure]:
    value = found.systemic_failure
    if value:
        observed, _, ends = around(value["observed"], value["intervals"]["observed"]).partition(" [")
        note = say(
            "{ends}{expected} if independent", ends=f"[{ends}; " if ends else "", expected=percent(value["expected"])
        )
        if found.missing:
            items = f"{found.missing['complete_items']:,}"
            note += f"; {say('of the {items} items that all models answered', items=items)}"
        yield Figure(
            say("items on which all fail"), observed, why(found, "systemic failure") if observed == NO_NUMBER else note
        )


def _mean(found: AuditResult) -> Iterator[Figure]:
    for name, value in found.summary.items():
        spoken, estimate = measure(name), value["estimate"]
        said = NO_NUMBER if math.isnan(estimate) else f"{estimate:.3f}"
        unknown = say("no value by chance is known")
        chance = unknown if math.isnan(value["null"]) else say("{value} by chance", value=f"{value['null']:.3f}")
        note = say("{chance}; no interval: it is the mean of these pairs alone", chance=chance)
        yield Figure(
            say("mean {measure} of pairs", measure=spoken),
            said,
            why(found, name.replace("_", " ")) if said == NO_NUMBER else note,
        )


def _suggested(found: AuditResult) -> Iterator[Figure]:
    if found.portfolio.get("suggested"):
        yield Figure(say("models to keep"), str(found.portfolio["suggested"]), say("see which below"))
