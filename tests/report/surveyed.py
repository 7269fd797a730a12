"""Made results of surveys for the tests of their report: every field, in the form that the survey gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from polyculture.surveying.result import SurveyResult

Rows = list[dict[str, Any]]
Make = Callable[..., SurveyResult]
LIKENESS = ("alpha", "beta", "gamma", "homogenization", "jensen_shannon", "morisita_horn", "turnover", "nestedness")
VARIETY = ("hill_0", "hill_1", "hill_2", "hhi", "gini")
TRENDS = (
    ("jensen_shannon", True, -0.0213, "converging"),
    ("beta", True, -0.0321, "converging"),
    ("sigma", True, 0.0012, "diverging"),
    ("jensen_shannon", False, 0.0007, "cannot tell"),
)


def measured(value: float) -> dict[str, Any]:
    """Numbers of an estimate: the bias is a tenth, chance gives a fifth."""
    value = round(value, 4)
    return {
        "estimate": value, "low": round(0.8 * value, 4), "high": value, "null": round(0.2 * value, 4),
        "calibrated": round(0.8 * value, 4), "p": 0.01, "corrected": round(0.9 * value, 4), "at_coverage": None,
        "at_coverage_low": None, "at_coverage_high": None,
    }  # fmt: skip


def surveyed(communities: int = 3, years: int = 5, families: int = 2, each: int = 2, **changed: Any) -> SurveyResult:
    """A result with so many communities, years, families, and methods of each family."""
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(communities)]
    when = list(range(2010, 2010 + years))
    kinds = [f"family{i}" for i in range(families)]
    methods = {f"{kind}_method{j}": kind for kind in kinds for j in range(each)}
    last = when[-1]
    fields: dict[str, Any] = {
        "papers": 100 * communities * years,
        "communities": names,
        "years": [when[0], last],
        "families": kinds,
        "methods": list(methods),
        "cells": _cells(names, when),
        "adoption": _adoption(names, when, kinds, methods, rng),
        "adoption_curves": _curves(names, kinds, last),
        "diversity": [
            {"level": level, "conditional": conditional, "community": name, "year": year, "measure": measure}
            | measured(1 + rng.random())
            for level in ("family", "method") for conditional in (True, False)
            for name in names for year in when for measure in VARIETY
        ],
        "divergence": [
            {"level": level, "conditional": conditional, "year": year, "measure": measure, "communities": communities}
            | measured(0.1 + rng.random())
            for level in ("family", "method") for conditional in (True, False) for year in when for measure in LIKENESS
        ],
        "pairs": [
            {"level": "family", "conditional": True, "a": a, "b": b, "year": last, "measure": "jensen_shannon"}
            | measured(0.1 + rng.random())
            for i, a in enumerate(names) for b in names[i + 1 :]
        ],
        "convergence": [
            {"level": "family", "conditional": conditional, "measure": measure, "unit": "a year", "verdict": verdict}
            | measured(value) | {"p_adjusted": 0.02, "first_year": when[0], "last_year": last, "communities": names}
            for measure, conditional, value, verdict in TRENDS
        ],
        "equal_coverage": {"family": {"coverage": 0.9, "cells": 3, "papers": {"fewest": 3, "most": 9}}},
        "transfer": {"method": _transfer(names, list(methods)), "family": _transfer(names, kinds)},
        "duplication": _duplication(names, when),
        "openings": _openings(names, list(methods), last),
        "exploration": _exploration(names, when),
        "associations": {"found": _associations(list(methods))},
        "topics": _topics(kinds, when),
        "not_measured": {"3 of 60 communities and years, family": "fewer than 30 papers name one"},
        "policies": [{"what": "papers without a title", "count": 3, "done": "left out"}],
        "settings": {"draws": 1000, "nulls": 200, "seed": 0, "confidence": 0.95, "questions": ["adoption"]},
        "source": "papers.csv",
    }  # fmt: skip
    return SurveyResult(**{**fields, **changed})


def _cells(names: list[str], when: list[int]) -> Rows:
    return [
        {"level": level, "community": name, "year": year, "papers": 100 + i, "naming": 50, "coverage": 0.9}
        for level in ("family", "method") for i, name in enumerate(names) for year in when
    ]  # fmt: skip


def _adoption(
    names: list[str], when: list[int], kinds: list[str], methods: dict[str, str], rng: np.random.Generator
) -> Rows:
    pairs = [("family", kind, None) for kind in kinds] + [("method", kind, name) for name, kind in methods.items()]
    rows = []
    for level, family, method in pairs:
        for name in names:
            for year in when:
                share = round(float(rng.random()) / 2, 4)
                ends = {"low": round(share * 0.9, 4), "high": round(share * 1.1, 4)}
                head = {"level": level, "community": name, "year": year, "papers": 100, "naming": round(100 * share)}
                rows.append({**head, "share": share, **ends, "family": family, "method": method})
    return rows


def _curves(names: list[str], kinds: list[str], last: int) -> Rows:
    quantities = (
        ("ceiling", 0.4, 0.3, 0.5, ""), ("10 % of the ceiling", 2011.5, 2011.0, 2012.0, "reached"),
        ("50 % of the ceiling", 2013.25, 2012.5, 2013.5, "reached"), ("5 % of papers", None, None, None, "not reached"),
    )  # fmt: skip
    return [
        {"level": "family", "community": name, "quantity": quantity, "estimate": value, "low": low, "high": high,
         "state": state, "papers": 70, "until": last, "family": kind, "method": None}
        for name in names for kind in kinds for quantity, value, low, high, state in quantities
    ]  # fmt: skip


def _transfer(names: list[str], methods: list[str]) -> dict[str, Any]:
    behind, leaders, network = [], [], []
    for at in (0.01, 0.05):
        for i, name in enumerate(names):
            median = None if i == 2 else 1.5
            behind.append(
                {"community": name, "methods": 9, "censored": 2, "leads": i, "median": median, "median_low": 0.5,
                 "median_high": None, "median_null": 2.0, "median_p": 0.5, "soon": 0.4, "soon_low": 0.2,
                 "soon_high": 0.6, "soon_null": 0.5, "soon_p": 0.25, "at": at}
            )  # fmt: skip
        for j, method in enumerate(methods):
            dated = 1.0 if at == 0.05 else 0.25
            leader = None if j == 1 else names[0]
            leaders.append(
                {"name": method, "leader": leader, "probability": dated * 0.9, "second": None,
                 "second_probability": 0.0, "dated": dated, "at": at}
            )  # fmt: skip
        network += [
            {"leader": a, "follower": b, "methods": 4, "low": 2.0, "high": 5.0, "expected": 1.5, "p": 0.001,
             "p_adjusted": 0.01 if (a, b) == (names[0], names[1]) else 0.5, "median_lag": 1.0, "names": methods[:2],
             "at": at}
            for a in names for b in names if a != b
        ]  # fmt: skip
    return {"methods": methods, "left_out": 0, "reached": [], "behind": behind, "leaders": leaders, "network": network}


def _duplication(names: list[str], when: list[int]) -> dict[str, Any]:
    def row(year: int | None) -> dict[str, Any]:
        numbers = {"": 0.01, "_low": 0.005, "_high": 0.02, "_expected": 0.004, "_ratio": 2.5, "_ratio_low": 2.0,
                   "_ratio_high": 3.0}  # fmt: skip
        return {"year": year, "papers": 300} | {
            f"{kind}{part}": value for kind in ("within", "between") for part, value in numbers.items()
        }

    groups = [{"title": "On the same", "papers": 3, "communities": names[:2], "first_year": 2010, "last_year": 2012}]
    pairs = [{"first": names[0], "second": names[1], "groups": 4, "expected": 1.25}]
    return {"by_year": [row(year) for year in [*when, None]], "pairs": pairs, "largest": groups, "groups": 7,
            "papers": 15, "left_out": 2}  # fmt: skip


def _openings(names: list[str], methods: list[str], year: int) -> dict[str, Any]:
    found = [
        {"rank": i + 1, "community": names[0], "name": method, "score": 0.2 - i / 100, "low": 0.1, "high": 0.3,
         "rank_low": 1, "rank_high": 9, "stability": 1.0 if i == 0 else 0.3, "share": 0.0, "neighbours": names[1:],
         "reason": f"{method}: in 0.0 % of the papers of {names[0]}, but in 30.0 % of {names[1]}"}
        for i, method in enumerate(methods[:20])
    ]  # fmt: skip
    return {"year": year, "candidates": 60, "found": found}


def _topics(kinds: list[str], when: list[int]) -> dict[str, Any]:
    year = when[1]
    cells = [{"level": "family", "topic": "fairness", "year": y, "papers": p, "naming": 20, "coverage": 0.9,
              "abstracts": None} for y, p in ((when[0], 40), (year, 50))]  # fmt: skip
    varied = {"level": "family", "conditional": True, "topic": "fairness", "year": year, "measure": "hill_1",
              "estimate": 3.25, "corrected": 3.0, "low": 2.5, "high": 3.5, "interval": None}  # fmt: skip
    numbers = ((5, 0.1, 0.05, 0.2), (20, 0.4, 0.3, 0.5))
    adoption = [
        {"level": "family", "topic": "fairness", "year": year, "papers": 50, "naming": naming, "share": share,
         "low": low, "high": high, "family": kind}
        for kind, (naming, share, low, high) in zip(kinds, numbers, strict=False)
    ]  # fmt: skip
    young = [{"year": year, "communities": 1, "papers": 0.125, "share": 0.25, "low": 0.2, "high": 0.3}]
    return {"cells": cells, "adoption": adoption, "diversity": [varied], "young": young}


def _exploration(names: list[str], when: list[int]) -> dict[str, Any]:
    by_year = [
        {"community": name, "year": year, "measure": measure, "estimate": 0.25, "low": 0.125, "high": 0.5}
        for name in names for year in when for measure in ("entering", "incumbent", "age")
    ]  # fmt: skip
    arrival = {"first_known": 2010, "last_known": 2013, "methods": 3, "pairs": 9, "censored": 4}
    return {
        "by_year": by_year,
        "staying": [{"after": 1, "methods": 9, "share": 0.75, "low": 0.5, "high": 0.875}],
        "time_to_adoption": [arrival | {"median": None, "low": 3.0, "high": None}],
        "young": [{"year": when[0], "communities": 1, "papers": 0.1, "share": 0.05, "low": 0.01, "high": 0.1}],
        "with_diversity": [{"measure": "age", "of": "changes", "correlation": 0.5, "low": 0.25, "high": 0.75,
                            "p": 0.01, "cells": 30}],
    }  # fmt: skip


def _associations(methods: list[str]) -> Rows:
    def row(kind: str, beside: str, name: str, lift: float, p: float) -> dict[str, Any]:
        return {"kind": kind, "beside": beside, "name": name, "papers": 40, "expected": 40 / lift, "lift": lift,
                "lift_low": 0.9 * lift, "lift_high": 1.1 * lift, "odds_ratio": lift, "low": None, "high": None,
                "p": p, "p_adjusted": p, "strata": 9}  # fmt: skip

    strong = [row("data set", f"set{i}", methods[0], 4.0 + i, 0.001) for i in range(30)]
    return [*strong, row("task", "rare", methods[0], 0.2, 0.001), row("task", "weak", methods[0], 3.0, 0.6),
            row("topic", methods[0], methods[0], 9.0, 0.001)]  # fmt: skip
