"""The lines of descent below the largest roots, as branches that a reader opens and closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from polyculture.ancestry.result import LineageResult
from polyculture.report.language import many, say
from polyculture.report.plain import label

ROOTS, CHILDREN, DEEP, MOST = 25, 15, 12, 2500
"""Roots, children of one model, generations, and branches that are shown at most."""
LETTERS = 80


@dataclass(frozen=True)
class Branch:
    """A model and those that descend from it."""

    name: str
    note: str = ""
    inner: Sequence[Branch] = field(default_factory=tuple)


def trees(found: LineageResult) -> list[Branch]:
    """A tree for each of the largest roots that have children, in the order of their shares.

    A model with several parents stands below each of them, and is opened out below the first alone.

    Examples
    --------
    >>> from polyculture.ancestry import lineage
    >>> from polyculture.report.lineage_tree import trees
    >>> root, = trees(lineage({"name": ["a", "b", "c"], "parents": ["none", "a", "b"]}))
    >>> root.name, root.inner[0].name, root.inner[0].inner[0].name
    ('a', 'b', 'c')
    """
    if found.edge_table is None or found.model_table is None:
        return []
    roots = [str(root["name"]) for root in found.roots]
    below = _below(found.edge_table, roots)
    told = [root for root in roots if root in below][:ROOTS]
    shown: set[str] = set()
    left = [MOST]
    return [_branch(root, below, "", shown, left, 0) for root in told]


def _below(edges: pl.DataFrame, roots: Sequence[str]) -> Mapping[str, list[tuple[str, str]]]:
    """Children of every model that is shown, those with most children first, and how each is made of it."""
    sizes = edges.group_by("parent").agg(children=pl.len()).rename({"parent": "child"})
    parents = edges.group_by("child").agg(parents=pl.len())
    generation, found = list(roots), {}
    for _ in range(DEEP):
        step = edges.filter(pl.col("parent").is_in(pl.Series(generation, dtype=pl.String).implode()))
        step = step.join(sizes, on="child", how="left").join(parents, on="child")
        step = step.sort(pl.col("children").fill_null(0), "child", descending=[True, False])
        generation = []
        for parent, rows in _grouped(step).items():
            found[parent] = rows
            generation += [child for child, _ in rows[:CHILDREN] if child not in found]
        generation = list(dict.fromkeys(generation))[:MOST]
        if not generation:
            break
    return found


def _grouped(step: pl.DataFrame) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for parent, child, relation, parents in step.select("parent", "child", "relation", "parents").iter_rows():
        others = say("one of {count} parents", count=parents) if parents > 1 else ""
        note = ", ".join(part for part in (label(relation or "", LETTERS), others) if part)
        found.setdefault(parent, []).append((child, note))
    return found


def _branch(
    name: str, below: Mapping[str, list[tuple[str, str]]], note: str, shown: set[str], left: list[int], deep: int
) -> Branch:
    left[0] -= 1
    children = below.get(name, [])
    if not children or name in shown or deep >= DEEP or left[0] <= 0:
        again = say("see above") if children and name in shown else _count(children) if children else ""
        return Branch(label(name, LETTERS), ", ".join(part for part in (note, again) if part))
    shown.add(name)
    told = [_branch(child, below, said, shown, left, deep + 1) for child, said in children[:CHILDREN] if left[0] > 0]
    rest = len(children) - len(told)
    more = [Branch(say("and {count} more", count=f"{rest:,}"))] if rest else []
    return Branch(label(name, LETTERS), ", ".join(part for part in (note, _count(children)) if part), [*told, *more])


def _count(children: Sequence[object]) -> str:
    return many(len(children), "{count} child", "{count} children")
