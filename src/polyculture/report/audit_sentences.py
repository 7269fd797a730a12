"""What an audit found, in sentences and in a few large numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyculture.auditing.result import AuditResult
from polyculture.report.language import heard, joined, many, say
from polyculture.report.numbers import interval, measure
from polyculture.report.plain import label

NAMED = 6
"""Models that a sentence names at most."""
LEAST = 0.0001
"""Shares below are not told apart in words; the tables do."""
NO_NUMBER = "–"


def percent(value: float) -> str:
    """A share in per cent, without calling small ones nothing.

    Examples
    --------
    >>> from polyculture.report.audit_sentences import percent
    >>> percent(0.1234), percent(0.00002), percent(0.0), percent(float("nan"))
    ('12.3 %', 'below 0.01 %', '0 %', '–')
    """
    if math.isnan(value):
        return NO_NUMBER
    digits = 1 if value >= 0.01 else 2
    return "0 %" if value == 0 else say("below 0.01 %") if value < LEAST else f"{100 * value:.{digits}f} %"


def around(value: float, ends: Mapping[str, float] | None) -> str:
    """A share with its interval, in per cent."""
    if ends is None or math.isnan(value) or value < LEAST or math.isnan(ends["low"]) or math.isnan(ends["high"]):
        return percent(value)
    digits = 1 if value >= 0.01 else 2
    return f"{percent(value)} [{100 * ends['low']:.{digits}f}, {100 * ends['high']:.{digits}f}]"


def names(models: Sequence[str]) -> str:
    """Some models by name, and how many more."""
    listed = [label(name, 40) for name in models[:NAMED]]
    more = len(models) - len(listed)
    if more > 0:
        return say("{names} and {more} more", names=", ".join(listed), more=more)
    if len(listed) < 2:
        return "".join(listed)
    return say("{names} and {last}", names=", ".join(listed[:-1]), last=listed[-1])


def answer(found: AuditResult) -> str:
    """One sentence: how many models, how many independent ones, how much more often they fail together than chance.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report.audit_sentences import answer
    >>> answer(AuditResult("answers", ["a", "b"], 10))
    '2 models.'
    """
    count = many(len(found.models), "{count} model", "{count} models")
    kish, ratio = found.effective_models.get("kish"), found.joint_failure.get("ratio", math.nan)
    if kish and not math.isnan(kish["estimate"]):
        count = say("{models} are worth {kish} independent ones", models=count, kish=interval(kish, 1))
    if not math.isnan(ratio):
        ends = {"estimate": ratio, **found.joint_failure["intervals"]["ratio"]}
        return say(
            "{models}; two of them fail together {ratio} times as often as independent models would.",
            models=count,
            ratio=interval(ends, 2),
        )
    if found.joint_failure:
        return say("{models}; too few failures to say how often two of them fail together.", models=count)
    if found.accuracy and "joint_failure" in found.not_measured:
        return say(
            "{models}; too few answers to the same items to say how often two of them fail together.", models=count
        )
    name, mean = next(iter(found.summary.items()), ("", {"estimate": math.nan}))
    if math.isnan(mean["estimate"]):
        return say("{sentence}.", sentence=count)
    return say(
        "{models}; the mean {measure} of their pairs is {value}.",
        models=count,
        measure=measure(name),
        value=f"{mean['estimate']:.3f}",
    )


def lead(found: AuditResult) -> list[str]:
    """The answer in plain words, with the numbers that it turns on.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report.audit_sentences import lead
    >>> lead(AuditResult("answers", ["a", "b"], 10, families={"families": [], "reason": "Two cannot."}))
    ['2 models were compared on 10 items. Families were not found: Two cannot.']
    """
    told = [
        sentence
        for tell in (_who, _missing, _failures, _likeness, _families, _twins, _portfolio)
        for sentence in tell(found)
    ]
    return [joined(*told)]


def _who(found: AuditResult) -> Iterator[str]:
    models, items = (
        many(len(found.models), "{count} model", "{count} models"),
        many(found.items, "{count} item", "{count} items"),
    )
    if found.kind == "models":
        yield say("{models} were compared as files.", models=models)
    elif found.kind == "embeddings":
        yield say("{models} were compared by their representations on {items}.", models=models, items=items)
    else:
        yield say("{models} were compared on {items}.", models=models, items=items)
    kish = found.effective_models.get("kish")
    if kish and not math.isnan(kish["estimate"]):
        yield say("They average errors out as well as {kish} independent models would.", kish=interval(kish, 1))
        if kish["estimate"] > len(found.models):
            yield say(
                "That is more than there are: their errors rather exclude than repeat each other, or it is chance."
            )


def _missing(found: AuditResult) -> Iterator[str]:
    if not found.missing:
        return
    told = {
        "share": percent(found.missing["share"]),
        "complete": f"{found.missing['complete_items']:,}",
        "items": f"{found.items:,}",
    }
    if found.missing["judged"]:
        yield say(
            "{share} of the answers are missing: what is said of two models holds for the items that both answered, "
            "and all models together are judged on the {complete} of {items} items that all of them answered.",
            **told,
        )
    else:
        yield say(
            "{share} of the answers are missing: what is said of two models holds for the items that both answered; "
            "all models answered {complete} of {items} items, too few to judge all of them together.",
            **told,
        )


def _failures(found: AuditResult) -> Iterator[str]:
    def numbers(value: Mapping[str, Any]) -> dict[str, str]:
        ends = value.get("intervals", {})
        return {name: around(value[name], ends.get(name)) for name in ("observed", "expected")}

    joint, systemic = found.joint_failure, found.systemic_failure
    if joint and not math.isnan(joint["observed"]):
        yield say(
            "Two models drawn at random both fail on {observed} of the items; independent models would on {expected}.",
            **numbers(joint),
        )
    if systemic and not math.isnan(systemic["observed"]):
        yield say(
            "All models fail on {observed} of the items; independent models would on {expected}.", **numbers(systemic)
        )


def _likeness(found: AuditResult) -> Iterator[str]:
    for name, mean in list(found.summary.items())[:1]:
        told = {"measure": measure(name), "value": f"{mean['estimate']:.3f}"}
        if math.isnan(mean["estimate"]):
            continue
        if math.isnan(mean["null"]):
            yield say("Their mean {measure} is {value}.", **told)
        else:
            yield say(
                "Their mean {measure} is {value}, {chance} by chance; {beyond} of {pairs} pairs are beyond chance.",
                **told,
                chance=f"{mean['null']:.3f}",
                beyond=f"{mean['beyond_chance']:,}",
                pairs=f"{mean['pairs']:,}",
            )


def _families(found: AuditResult) -> Iterator[str]:
    families = found.families.get("families", ())
    if families:
        yield many(
            len(families),
            "They form {count} family, the largest of {largest} models; {alone} stand alone.",
            "They form {count} families, the largest of {largest} models; {alone} stand alone.",
            largest=len(families[0]["models"]),
            alone=len(found.families.get("alone", ())),
        )
    elif found.families.get("reason"):
        yield say("Families were not found: {reason}", reason=heard(found.families["reason"]))


def _twins(found: AuditResult) -> Iterator[str]:
    if found.near_twins:
        first = found.near_twins[0]
        yield many(
            len(found.near_twins),
            "{count} pair is closer than expected: {first}.",
            "{count} pairs are closer than expected, first of all {first}.",
            first=names([first["a"], first["b"]]),
        )


def _portfolio(found: AuditResult) -> Iterator[str]:
    sizes = found.portfolio.get("sizes", ())
    kept = next((size for size in sizes if size["k"] == found.portfolio.get("suggested")), None)
    if kept:
        told = {
            name: around(kept[name]["estimate"], kept[name]) for name in ("joint_failure", "best_accuracy", "random")
        }
        yield say(
            "Chosen on one half of the items and judged on the other, all of the {k} suggested models ({names}) fail "
            "on {joint_failure} of the items, of the {k} most accurate on {best_accuracy}, of {k} at random on "
            "{random}.",
            k=kept["k"],
            names=names(kept["models"]),
            **told,
        )


def why(found: AuditResult, *of: str) -> str:
    """The reason why something has no number, from what the audit says was not measured."""
    said = {name.replace("_", " ").lower(): reason for name, reason in found.not_measured.items()}
    hit = next((reason for name, reason in said.items() for part in of if part and (part in name or name in part)), "")
    return heard(hit) if hit else say("not measured")
