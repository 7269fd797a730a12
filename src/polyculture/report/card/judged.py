"""What evaluations and audits measured, as a card holds it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from scipy.stats import binomtest

from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import headline, tables
from polyculture.evaluation.tables import about
from polyculture.report.card.commands import base_name
from polyculture.report.plain import mended
from polyculture.tables import Table

POPULATIONS = {"specialists": "before", "after fusion": "after"}
"""Which of the populations of an evaluation stand for before and after."""
MEASURES = ("error_consistency", "joint_failure", "joint_failure_expected", "joint_failure_ratio", "kish", "cka")
_NUMBERS = ("accuracy", "effective_models", "joint_failure", "systemic_failure", "multiplicity", "summary", "pairs")
_TABLES = ("together", "summary")


def accuracy_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Rows by their mean, best first, the model's own row by domain, and its classes.

    An accuracy by domain has Wilson's 95 % interval where the number of judged items is known.
    """
    rows, lead, data = mended(found["accuracy"]), mended(found["lead"]), found["data"]
    if not rows:
        return {}
    listed = [_row(name, scores, lead) for name, scores in rows.items()]
    listed.sort(key=lambda row: (math.isnan(row["mean"]), -row["mean"] if not math.isnan(row["mean"]) else 0.0))
    own = "fused" if "fused" in rows else listed[0]["row"]
    return {
        "source": base_name(str(data.get("source", ""))),
        "own": own,
        "judged": data.get("items"),
        "learnt": data.get("learnt", 0),
        "rows": listed,
        "by_domain": list(_by_domain(rows[own], data.get("domains", {}))),
        "sensitivity": {
            name: float(rates["sensitivity"]["estimate"]) for name, rates in mended(found["classes"]).items()
        },
    }


def _by_domain(scores: Mapping[str, Any], counts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for domain, value in scores["macro_f1"]["by_domain"].items():
        count = counts.get(domain)
        items = count if isinstance(count, int) and count > 0 else None
        accuracy = _share(float(scores["accuracy"]["by_domain"][domain]), items)
        yield {"domain": domain, "items": items, "macro_f1": float(value), "accuracy": accuracy}


def _row(name: str, scores: Mapping[str, Any], lead: Mapping[str, Any]) -> dict[str, Any]:
    ahead = lead.get(name, {}).get("mean")
    return {
        "row": name,
        "mean": float(scores["macro_f1"]["mean"]),
        "worst": float(scores["macro_f1"]["worst"]),
        "accuracy": float(scores["accuracy"]["mean"]),
        "behind_by": _ends(ahead) if ahead else None,
        "about": about(name),
    }


def _ends(found: Mapping[str, Any]) -> dict[str, float]:
    return {end: float(found[end]) for end in ("estimate", "low", "high")}


def _share(percent: float, count: int | None) -> dict[str, float]:
    """A percentage with Wilson's interval; its ends are NaN where the count is not known."""
    if count is None or not 0 <= percent <= 100:
        return {"estimate": percent, "low": math.nan, "high": math.nan}
    ends = binomtest(round(percent * count / 100), count).proportion_ci(method="wilson")
    return {"estimate": percent, "low": 100 * float(ends.low), "high": 100 * float(ends.high)}


def homogenization_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The sentence, and how alike specialists fail (before) and the fused model, as each domain is served (after)."""
    given = mended(found["homogenization"])
    populations = given.get("populations", {})
    rows = [
        {"when": when, "who": str(populations[name]["about"]), "models": len(populations[name]["models"])}
        | {measure: _ends(populations[name][measure]) for measure in MEASURES}
        for name, when in POPULATIONS.items()
        if name in populations
    ]
    return {"sentence": str(given["sentence"]), "rows": rows} if rows else {}


def recommendation_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of rankings by domain and model, as they were judged on held-out interactions; empty where none were."""
    rows = [
        {"domain": str(row["domain"]), "model": str(row["model"]), "users": int(row["users"])}
        | {str(name): float(value) for name, value in mended(row).items() if "@" in name}
        for row in found["evaluation"] or ()
    ]
    return {"source": base_name(str(found["data"]["source"])), "rows": rows} if rows else {}


def audit_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The answer in a sentence, and the tables that hold its main numbers."""
    known = AuditResult.from_dict({**found, **{name: mended(found[name]) for name in _NUMBERS}})
    made = [table for table in tables(known) if table.name in _TABLES]
    return {
        "source": base_name(str(known.source)),
        "headline": headline(known),
        "models": len(known.models),
        "items": int(known.items),
        "families": len(known.families.get("families", ())),
        "near_twins": len(known.near_twins),
        "tables": [_plain(table) for table in made],
        "not_measured": {str(what): str(why) for what, why in known.not_measured.items()},
    }


def _plain(table: Table) -> dict[str, Any]:
    return {"title": table.title, "columns": list(table.columns), "rows": [list(row) for row in table.rows]}
