"""What an audit found, in sentences and in a few large numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from polyculture.auditing.result import AuditResult
from polyculture.report.plain import label
from polyculture.report.figures import Figure
from polyculture.tables import interval

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
    return "0 %" if value == 0 else "below 0.01 %" if value < LEAST else f"{100 * value:.{digits}f} %"


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
        return f"{', '.join(listed)} and {more} more"
    return " and ".join(listed) if len(listed) < 3 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def paragraph(found: AuditResult) -> str:
    """The answer in plain words, with the numbers that it turns on.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report.audit_sentences import paragraph
    >>> paragraph(AuditResult("answers", ["a", "b"], 10, families={"families": [], "reason": "Two cannot."}))
    '2 models were compared on 10 items. Families were not found: Two cannot.'
    """
    return " ".join(
        sentence for say in (_who, _failures, _likeness, _families, _twins, _portfolio) for sentence in say(found)
    )


def _who(found: AuditResult) -> Iterator[str]:
    what = {"embeddings": " by their representations", "models": " as files"}.get(found.kind, "")
    on = f" on {_many(found.items, 'item')}" if found.items else ""
    yield f"{_many(len(found.models), 'model')} were compared{what}{on}."
    kish = found.effective_models.get("kish")
    if kish and not math.isnan(kish["estimate"]):
        yield f"They average errors out as well as {interval(kish, 1)} independent models would."


def _failures(found: AuditResult) -> Iterator[str]:
    for subject, value in (
        ("Two models drawn at random both fail", found.joint_failure),
        ("All models fail", found.systemic_failure),
    ):
        if value and not math.isnan(value["observed"]):
            ends = value.get("intervals", {})
            observed, expected = (around(value[name], ends.get(name)) for name in ("observed", "expected"))
            yield f"{subject} on {observed} of the items; independent models would on {expected}."


def _likeness(found: AuditResult) -> Iterator[str]:
    for name, mean in list(found.summary.items())[:1]:
        said = f"Their mean {name.replace('_', ' ')} is {mean['estimate']:.3f}"
        if not math.isnan(mean["null"]):
            beyond = f"{mean['beyond_chance']:,} of {_many(mean['pairs'], 'pair')}"
            said += f", {mean['null']:.3f} by chance; {beyond} are beyond chance"
        if not math.isnan(mean["estimate"]):
            yield f"{said}."


def _families(found: AuditResult) -> Iterator[str]:
    families = found.families.get("families", ())
    if families:
        alone = len(found.families.get("alone", ()))
        stands = f"; {alone} stand{'s' * (alone == 1)} alone" if alone else ""
        largest = _many(len(families[0]["models"]), "model")
        yield f"They form {_many(len(families), 'family')}, the largest of {largest}{stands}."
    elif found.families.get("reason"):
        yield f"Families were not found: {found.families['reason']}"


def _twins(found: AuditResult) -> Iterator[str]:
    if found.near_twins:
        first = found.near_twins[0]
        count = len(found.near_twins)
        closer = "pair is" if count == 1 else "pairs are"
        yield f"{count} {closer} closer than expected, first of all {names([first['a'], first['b']])}."


def _portfolio(found: AuditResult) -> Iterator[str]:
    sizes = found.portfolio.get("sizes", ())
    kept = next((size for size in sizes if size["k"] == found.portfolio.get("suggested")), None)
    if kept:
        chosen, best, chance = (
            around(kept[name]["estimate"], kept[name]) for name in ("joint_failure", "best_accuracy", "random")
        )
        k, those = kept["k"], names(kept["models"])
        all_fail = f"the {k} suggested models ({those}) all fail" if k > 1 else f"the suggested model ({those}) fails"
        yield (
            f"Chosen on one half of the items and judged on the other, {all_fail} on {chosen} of the items, the most "
            f"accurate {k if k > 1 else 'one'} on {best}, {k if k > 1 else 'one'} at random on {chance}."
        )


def cards(found: AuditResult) -> list[Figure]:
    """The numbers that stand large at the top."""
    makes = (_effective, _together, _systemic, _mean, _suggested)
    made = [card for make in makes for card in make(found)]
    return [Figure("models", str(len(found.models)), _many(found.items, "item") if found.items else "as files"), *made][
        :4
    ]


def why(found: AuditResult, *of: str) -> str:
    """The reason why something has no number, from what the audit says was not measured."""
    said = {name.replace("_", " ").lower(): reason for name, reason in found.not_measured.items()}
    hit = next((reason for name, reason in said.items() for part in of if part and (part in name or name in part)), "")
    return hit or "not measured"


def _effective(found: AuditResult) -> Iterator[Figure]:
    kish = found.effective_models.get("kish")
    if kish:
        estimate, _, ends = interval(kish, 2).partition(" ")
        note = why(found, "effective", "kish") if estimate == NO_NUMBER else f"{ends} of {len(found.models)}"
        yield Figure("independent models (Kish)", estimate, note)


def _together(found: AuditResult) -> Iterator[Figure]:
    value = found.joint_failure
    if value:
        ratio, _, ends = interval({"estimate": value["ratio"], **value["intervals"]["ratio"]}, 2).partition(" ")
        observed = around(value["observed"], value["intervals"]["observed"])
        note = f"{ends}; {observed} of items, {percent(value['expected'])} if independent"
        reason = why(found, "joint failure", "ratio")
        yield Figure("two models fail together, × chance", ratio, reason if ratio == NO_NUMBER else note)


def _systemic(found: AuditResult) -> Iterator[Figure]:
    value = found.systemic_failure
    if value:
        observed, _, ends = around(value["observed"], value["intervals"]["observed"]).partition(" [")
        note = f"{'[' * bool(ends)}{ends}{'; ' * bool(ends)}{percent(value['expected'])} if independent"
        yield Figure(
            "items on which all fail", observed, why(found, "systemic failure") if observed == NO_NUMBER else note
        )


def _mean(found: AuditResult) -> Iterator[Figure]:
    for name, value in found.summary.items():
        estimate = value["estimate"]
        said = NO_NUMBER if math.isnan(estimate) else f"{estimate:.3f}"
        chance = "no value by chance is known" if math.isnan(value["null"]) else f"{value['null']:.3f} by chance"
        spoken = name.replace("_", " ")
        yield Figure(f"mean {spoken} of pairs", said, why(found, spoken) if said == NO_NUMBER else chance)


def _suggested(found: AuditResult) -> Iterator[Figure]:
    if found.portfolio.get("suggested"):
        yield Figure("models to keep", str(found.portfolio["suggested"]), "see which below")


def _many(count: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
