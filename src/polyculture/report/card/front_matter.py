"""The YAML at the head of a model page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from polyculture.report.card.inert import one_line
from polyculture.report.card.record import Card
from polyculture.report.card.told import task_of

DOMAINS = 50
"""Domains at most whose scores are among the metrics."""


def front_matter(card: Card) -> str:
    """Tags, and metrics as a model index, between the lines that a model page expects; no licence is put in.

    Examples
    --------
    >>> from polyculture.report.card import Card
    >>> from polyculture.report.card.front_matter import front_matter
    >>> print(front_matter(Card("a: model")))
    ---
    library_name: polyculture
    tags:
    - polyculture
    - homogenization
    ---
    """
    task = task_of(card.model)
    found: dict[str, Any] = {"library_name": "polyculture", "tags": _tags(card)}
    if task:
        found["pipeline_tag"] = task
    metrics = list(_metrics(card))
    if metrics:
        dataset = one_line(card.accuracy["source"]) or "not named"
        result = {
            "task": {"type": task or "other"},
            "dataset": {"name": dataset, "type": _slug(dataset)},
            "metrics": metrics,
        }
        found["model-index"] = [{"name": one_line(card.name), "results": [result]}]
    text: str = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def _slug(name: str) -> str:
    """A name as identifiers are written: a model page takes no other for what kind of data they are."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"


def _tags(card: Card) -> list[str]:
    tags = ["polyculture", "homogenization"]
    kind = card.model.get("kind")
    if kind:
        tags += ["recommendation"] if kind == "recommender" else ["domain-adaptation", "model-merging"]
    return tags


def _metrics(card: Card) -> Iterator[dict[str, Any]]:
    """In per cent: mean and worst over domains of the model's own row, then each domain; no number, no metric."""
    if not card.accuracy:
        return
    own = next(row for row in card.accuracy["rows"] if row["row"] == card.accuracy["own"])
    yield from _metric("f1", "macro-F1, %, mean over domains", own["mean"])
    yield from _metric("f1", "macro-F1, %, worst domain", own["worst"])
    yield from _metric("accuracy", "accuracy, %, mean over domains", own["accuracy"])
    for row in card.accuracy["by_domain"][:DOMAINS]:
        yield from _metric("f1", f"macro-F1, %, {one_line(row['domain'], 60)}", row["macro_f1"])
    after: Mapping[str, Any] = next((r for r in card.homogenization.get("rows", ()) if r["when"] == "after"), {})
    if after:
        yield from _metric("error_consistency", "κ of errors after fusion", after["error_consistency"]["estimate"], 3)


def _metric(kind: str, name: str, value: float, digits: int = 1) -> Iterator[dict[str, Any]]:
    if not math.isnan(value):
        yield {"type": kind, "name": name, "value": round(value, digits)}
