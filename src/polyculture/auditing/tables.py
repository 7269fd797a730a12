"""An audit as a sentence and as tables that a person reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyculture.measure.registry import MEASURES
from polyculture.tables import Table, cut, interval, not_measured

if TYPE_CHECKING:
    from polyculture.auditing.result import AuditResult

UNKNOWN = {"low": math.nan, "high": math.nan}
SMALL = 1e-3
SHOWN_MEASURES = ("error_consistency", "capa", "agreement_both_wrong")
"""Of outcomes, those that stand in the table of pairs; JSON, report and frames hold all."""


def headline(found: AuditResult) -> str:
    """One sentence: how many models, how many independent ones, how much more often they fail together than chance."""
    said = f"{len(found.models)} models"
    kish = found.effective_models.get("kish")
    level = f"{100 * found.settings.get('level', 0.95):g} %"
    if kish and not math.isnan(kish["estimate"]):
        more = "; more than there are, as their errors rather exclude than repeat each other, if not by chance"
        more = more if kish["estimate"] > len(found.models) else ""
        said += f", {kish['estimate']:.1f} independent ones (Kish, {level} {_ends(kish, 1)}{more})"
    ratio = found.joint_failure.get("ratio", math.nan)
    if not math.isnan(ratio):
        ends = found.joint_failure["intervals"]["ratio"]
        said += f"; two of them fail together {ratio:.2f}× as often as independent models would ({_ends(ends, 2)})"
    elif found.joint_failure:
        said += "; too few failures to say how often two of them fail together"
    elif found.accuracy and "joint_failure" in found.not_measured:
        said += "; too few answers to the same items to say how often two of them fail together"
    elif found.summary:
        said += f"; {_mean_likeness(*next(iter(found.summary.items())))}"
    return said + "." + _missing(found)


def _missing(found: AuditResult) -> str:
    if not found.missing:
        return ""
    share, items = share_of(found.missing["share"]), f"{found.missing['complete_items']:,} of {found.items:,} items"
    if found.missing["judged"]:
        return f" {share} of the answers are missing: all models together are judged on the {items} that all answered."
    return f" {share} of the answers are missing: all models answered {items}, too few to judge all of them together."


def share_of(share: float) -> str:
    """A share of answers that is not 0, in per cent.

    Examples
    --------
    >>> share_of(0.2213), share_of(0.0004)
    ('22.1 %', '0.04 %')
    """
    return f"{100 * share:.{1 if share >= 0.001 else 2}f} %" if share >= 1e-4 else "below 0.01 %"


def _mean_likeness(name: str, means: Mapping[str, float]) -> str:
    if math.isnan(means["estimate"]):
        return f"{name} is undefined for all of their pairs"
    chance = "" if math.isnan(means["null"]) else f", {means['null']:.3f} is passed by chance once in twenty"
    return f"mean {name} of their pairs {means['estimate']:.3f}{chance}"


def tables(found: AuditResult) -> list[Table]:
    """Every table that an audit has something for."""
    made = (
        _models,
        _parameters,
        _together,
        _shared_difficulty,
        _summary,
        _pairs,
        _groups,
        _families,
        _near_twins,
        _portfolio,
        _regressions,
        _advice,
        _policies,
    )
    return [*(table for make in made for table in make(found)), *not_measured(found.not_measured)]


def _ends(found: Mapping[str, float], digits: int) -> str:
    if math.isnan(found["low"]) or math.isnan(found["high"]):
        return "too few failures for an interval"
    return f"{found['low']:.{digits}f} to {found['high']:.{digits}f}"


def _models(found: AuditResult) -> Iterator[Table]:
    if not found.accuracy:
        return
    best = sorted(found.accuracy.items(), key=lambda item: -_number(item[1]))
    ends = {name: found.accuracy_intervals.get(name, UNKNOWN) for name, _ in best}
    rows: list[list[Any]] = [[name, interval({"estimate": value, **ends[name]}, 3)] for name, value in best]
    answered = found.missing.get("by_model", {})
    if answered:
        rows = [[*row, answered[row[0]]] for row in rows]
        yield cut("accuracy", "accuracy, each on the items that it answered", ["model", "accuracy", "items"], rows)
    else:
        yield cut("accuracy", "accuracy", ["model", "accuracy"], rows)


def _parameters(found: AuditResult) -> Iterator[Table]:
    if found.parameters:
        rows = [[name, f"{count:,}"] for name, count in found.parameters.items()]
        yield cut("parameters", "model files", ["model", "parameters"], rows)


def _together(found: AuditResult) -> Iterator[Table]:
    rows = [[f"effective models ({name})", interval(ends, 2), "", ""] for name, ends in found.effective_models.items()]
    none_fails = found.systemic_failure.get("none_fails", {})
    shares = {
        "two models fail": found.joint_failure,
        "all models fail": found.systemic_failure,
        "none fails": none_fails,
    }
    rows += [_against_chance(name, value) for name, value in shares.items() if value]
    groups = found.systemic_failure.get("groups", {})
    for name in ("average", "uniform", "worst"):
        if name in groups:
            of = f": {groups['worst_group']}" if name == "worst" else ""
            rows.append([f"all models fail a group ({name}{of})", "", "", interval(groups[name], 2)])
    rows += [[name, interval(value, 3), "", ""] for name, value in found.multiplicity.items()]
    if rows:
        yield Table("together", "together", ["", "observed", "if independent", "ratio"], rows)


def _against_chance(name: str, value: Mapping[str, Any]) -> list[Any]:
    parts = {part: {"estimate": value[part], **value["intervals"][part]} for part in ("observed", "ratio")}
    expected = f"{value['expected']:.2g}" if value["expected"] < SMALL else f"{value['expected']:.4f}"
    return [name, interval(parts["observed"], 4), expected, interval(parts["ratio"], 2)]


def _shared_difficulty(found: AuditResult) -> Iterator[Table]:
    rows = []
    given = found.joint_failure.get("given_groups", {})
    if given:
        named = {
            "observed": "two models fail",
            "independent": "if independent",
            "given_strata": "given the groups alone",
        }
        rows += [[name, interval(given[part], 4)] for part, name in named.items()]
        rows.append(["share of the excess that the groups explain", interval(given["explained"], 3)])
    if rows:
        yield Table("difficulty", "how much of it is the difficulty of the groups", ["", "share"], rows)


def _summary(found: AuditResult) -> Iterator[Table]:
    rows = [
        [name, value["estimate"], value["null"], value["calibrated"], _beyond(value)]
        for name, value in found.summary.items()
    ]
    if rows:
        # for outcomes chance has an expected value; for representations a value that it passes once in twenty
        chance = "passed by chance once in 20" if found.kind == "embeddings" else "expected by chance"
        columns = ["measure", "mean over pairs", chance, "calibrated", "pairs beyond chance"]
        yield Table("summary", "likeness of pairs", columns, rows)


def _beyond(value: Mapping[str, Any]) -> str:
    """How many pairs are beyond chance, and of how many; nothing where chance was not measured."""
    return f"{value['beyond_chance']} of {value['pairs']}" if math.isfinite(value["null"]) else "–"


def _pairs(found: AuditResult) -> Iterator[Table]:
    measures = [name for name in SHOWN_MEASURES if name in found.summary] or list(found.summary)[:3]
    if not found.pairs or not measures:
        return
    first = next(iter(found.summary))
    lower = first in MEASURES and MEASURES[first].more_alike == "lower"
    ranked = sorted(found.pairs, key=lambda pair: _number(pair[first]["estimate"]), reverse=not lower)
    rows = [[pair["a"], pair["b"], *(_value(pair[name]) for name in measures)] for pair in ranked]
    yield cut("alike", f"most alike pairs, by {first}", ["a", "b", *measures], rows)


def _groups(found: AuditResult) -> Iterator[Table]:
    rows = [
        [g["group"], g["items"], g["accuracy"], g["error_consistency"], interval(g["kish"], 2), g["all_fail"],
         interval(g["joint_failure_ratio"], 2)]
        for g in found.groups
    ]  # fmt: skip
    if rows:
        columns = ["group", "items", "mean accuracy", "mean κ", "effective models (Kish)", "all fail", "joint / chance"]
        yield Table("groups", "within groups of items", columns, rows)


def _families(found: AuditResult) -> Iterator[Table]:
    rows = [
        [number, len(family["models"]), _names(family["models"]), family["stability"]]
        for number, family in enumerate(found.families.get("families", ()), start=1)
    ]
    if rows:
        yield cut("families", "families of models", ["family", "models", "members", "stability"], rows)


def _near_twins(found: AuditResult) -> Iterator[Table]:
    rows = [[t["a"], t["b"], t["estimate"], t["expected"], t["p"]] for t in found.near_twins]
    if rows:
        columns = ["a", "b", "likeness", "expected", "p adjusted"]
        yield cut("near_twins", "near-twins: pairs closer than expected", columns, rows)


def _portfolio(found: AuditResult) -> Iterator[Table]:
    sizes = found.portfolio.get("sizes", ())
    rows = [
        [s["k"], _names(s["models"]), *(interval(s[name], 4) for name in ("joint_failure", "best_accuracy", "random"))]
        for s in sizes
    ]
    if rows:
        columns = ["k", "models chosen on half the items", "all fail", "k most accurate", "k at random"]
        yield Table("portfolio", "which few to keep: failures on the other half", columns, rows)


def _regressions(found: AuditResult) -> Iterator[Table]:
    for name, fitted in found.regressions.items():
        rows = [[term["name"], interval(term, 3), term["p"]] for term in fitted.get("terms", ())]
        if rows:
            yield Table(f"regression {name}", f"what pairs share and their {name}", ["term", "effect", "p"], rows)


def _advice(found: AuditResult) -> Iterator[Table]:
    rows = [[a["action"], _names(a["models"]), a["because"], a.get("command") or ""] for a in found.advice]
    rows += [["not advised", "", reason, ""] for reason in found.withheld]
    columns = ["", "models", "because", "command"]
    if not any(row[-1] for row in rows):
        rows, columns = [row[:-1] for row in rows], columns[:-1]
    if rows:
        yield Table("advice", "what to do", columns, rows)


def _policies(found: AuditResult) -> Iterator[Table]:
    if found.policies:
        rows = [[p["what"], p["count"], p["done"]] for p in found.policies]
        yield Table("policies", "decisions about the input", ["what", "count", "done"], rows)


def _value(found: Mapping[str, float]) -> str:
    """A number with its interval, or bare where there is none for any."""
    if math.isnan(found["low"]) and math.isnan(found["null"]) and not math.isnan(found["estimate"]):
        return f"{found['estimate']:.3f}"
    return interval(found, 3)


def _names(models: Sequence[str]) -> str:
    return ", ".join(models[:8]) + (f" and {len(models) - 8} more" if len(models) > 8 else "")


def _number(value: float) -> float:
    return -math.inf if math.isnan(value) else value
