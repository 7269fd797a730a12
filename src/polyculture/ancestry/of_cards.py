"""Every answer about an ecosystem of models, from what its models say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

import polars as pl

from polyculture.ancestry.audited import Audited
from polyculture.ancestry.estimates import MEANING
from polyculture.ancestry.founders import founders, root_rows
from polyculture.ancestry.kin import depth, kinship_or_reason, worlds
from polyculture.ancestry.population import Population, population
from polyculture.ancestry.resolve import Resolved, resolve
from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.settings import Settings
from polyculture.ancestry.shared_errors import shared_errors
from polyculture.ancestry.spread import by_month, concentration
from polyculture.ancestry.withdrawal import withdrawn
from polyculture.data.model_cards import ModelCards
from polyculture.progress import Steps

NEAREST, COMPARED = 20, 20_000
"""Unresolved names for which the nearest listed name is told, and listed names up to which it is looked for."""
NO_AUDIT = "no audit of these models was given"


def lineage_of(cards: ModelCards, settings: Settings, audit: Audited | None = None) -> LineageResult:
    """Every answer.

    Raises
    ------
    DataError
        If no model counts, or an audit has no model in common with the cards.
    """
    steps = Steps()
    with steps.step("find the parents by their names"):
        found = resolve(cards)
    with steps.step("roots and their shares"):
        models = population(found, settings.kinds)
        answers = founders(models, settings.level)
    with steps.step("kinship and depth"):
        wide, narrow = worlds(models)
        kin, of_each, lacking = kinship_or_reason(models, wide, narrow, settings.level)
        deep = depth(models, wide, narrow, settings.level)
    with steps.step("what falls with a root"):
        fallen = withdrawn(models, settings.top)
    with steps.step("architectures, organisations and months"):
        spread, not_spread = concentration(models, settings.level)
        months = by_month(models)
    lacking |= not_spread
    errors: dict[str, Any] = {}
    if audit is None:
        lacking["shared errors"] = NO_AUDIT
    else:
        with steps.step("ancestry and shared errors"):
            errors = shared_errors(models, audit, wide, settings)
    return LineageResult(
        count=_count(models, found),
        unresolved=_unresolved(found),
        roots=root_rows(models, settings.level, settings.top),
        effective_founders=answers["effective_founders"],
        diversity=answers["diversity"],
        kinship=kin,
        depth=deep,
        concentration=spread,
        months=months,
        withdrawn=fallen,
        shared_errors=errors,
        cycles=[list(group) for group in found.loops],
        counted=found.counted,
        not_measured=lacking | _reasons(errors),
        meaning=MEANING,
        settings=asdict(settings),
        source=cards.source,
        model_table=_models(models, of_each),
        edge_table=_edges(found),
    )


def _count(models: Population, found: Resolved) -> dict[str, int]:
    nodes = found.nodes
    return {
        "models": models.size,
        "listed": int(nodes["listed"].sum()),
        "not_listed": int((~nodes["listed"]).sum()),
        "edges": found.edges.height,
        "merges": int((models.pedigree.parents_of[models.counts] > 1).sum()),
        "roots": len(models.roots),
        "roots_that_say_so": int((~models.free).sum()),
        "roots_of_unknown_parents": int(models.free.sum()),
        "roots_that_others_name": int((models.free & ~models.unnamed).sum()),
    }


def _unresolved(found: Resolved) -> dict[str, Any]:
    """Parents that are not listed: how many, and the most frequent ones with the listed name that is nearest."""
    names, edges = found.unresolved, int(found.unresolved["times"].sum())
    listed = found.nodes.filter("listed")
    nearest: Mapping[str, str | None] = {}
    if listed.height <= COMPARED:
        by_fold = dict(zip(listed["fold"], listed["name"], strict=True))
        asked = [name for name in names.head(NEAREST)["name"] if len(name) <= 200]
        close = {name: get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.75) for name in asked}
        nearest = {name: by_fold[those[0]] for name, those in close.items() if those}
    return {
        "names": names.height,
        "edges": edges,
        "share_of_edges": edges / found.edges.height if found.edges.height else 0.0,
        "by_reason": dict(names.group_by("why").agg(pl.len()).sort("why").iter_rows()),
        "list": [row | {"nearest": nearest.get(row["name"])} for row in names.head(200).iter_rows(named=True)],
    }


def _reasons(errors: Mapping[str, Any]) -> dict[str, str]:
    reason = errors.get("left_out", {}).get("all")
    return {"shared errors": reason} if reason else {}


def _models(models: Population, of_each: Any) -> pl.DataFrame:
    facts = models.nodes.select(
        "name", "listed", "organisation", "architecture", "month", "downloads", "kind", says_root="is_root"
    )
    return facts.with_columns(
        counts=pl.Series(models.counts),
        parents=pl.Series(models.pedigree.parents_of),
        depth=pl.Series(models.pedigree.depth),
        mean_kinship=pl.Series(of_each).fill_nan(None),
    )


def _edges(found: Resolved) -> pl.DataFrame:
    names = found.nodes["name"]
    return found.edges.select(
        child=names.gather(found.edges["child"]),
        parent=names.gather(found.edges["parent"]),
        relation="relation",
        given="given",
        how="how",
    )
