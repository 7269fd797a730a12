"""Which model each parent's name means, and what stays without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from polyculture.ancestry.matching import matched
from polyculture.ancestry.spelling import folded, loose
from polyculture.data.model_cards.types import ModelCards
from polyculture.measure.ancestry.cycles import Loops, break_cycles
from polyculture.measure.ancestry.pedigree import Pedigree

NAMELESS = "a parent without a name"
FACTS = ("organisation", "architecture", "month", "downloads", "kind")


@dataclass(frozen=True, eq=False)
class Resolved:
    """Models, with those that are only named as parents after the listed ones, and who descends from whom.

    Parameters
    ----------
    nodes : polars DataFrame
        ``name``, ``organisation``, ``architecture``, ``month``, ``downloads``, ``kind``, ``is_root`` (says that it has
        no parents), ``listed``; and ``fold``, ``key`` and ``org``, by which names are compared.
    edges : polars DataFrame
        ``child`` and ``parent`` (rows of nodes), ``relation``, ``given`` (the parent as it was written), ``how`` it was
        found: exact, case, spelling, organisation, slip, or unlisted. None of them closes a cycle.
    pedigree : Pedigree
    unresolved : polars DataFrame
        ``name``, ``times``, ``why``: parents that are not listed.
    loops : sequence of sequence of str
        Models that all said they descend from each other, from the oldest.
    counted : mapping of str to int
    """

    nodes: pl.DataFrame = field(repr=False)
    edges: pl.DataFrame = field(repr=False)
    pedigree: Pedigree = field(repr=False)
    unresolved: pl.DataFrame = field(repr=False)
    loops: Sequence[Sequence[str]]
    counted: Mapping[str, int]


def resolve(cards: ModelCards) -> Resolved:
    """Find the model that each parent's name means.

    Models of one name are one; parents are found by their name, then without regard to case, to spelling, to the
    organisation before a slash, and at last in spite of one slip of the pen. One that could be several models is that
    of the child's organisation, if there is one. What is left becomes a model that is not listed. A model is no parent
    of itself, and edges that close a cycle, as met in a search from its oldest model, are left out.

    Parameters
    ----------
    cards : ModelCards

    Returns
    -------
    Resolved

    Examples
    --------
    >>> from polyculture.data.model_cards import cards_from
    >>> found = resolve(cards_from({"name": ["LLaMA 2", "b", "c"], "parents": [None, "llama-2", "b; lost"]}))
    >>> found.nodes["name"].to_list(), found.edges.select("child", "parent", "how").rows()
    (['LLaMA 2', 'b', 'c', 'lost'], [(1, 0, 'spelling'), (2, 1, 'exact'), (2, 3, 'unlisted')])
    """
    counted = dict(cards.counted)
    nodes, node_of = _nodes(cards.models, counted)
    given = cards.parents.join(node_of, on="row", maintain_order="left").rename({"name": "given"}).drop("row")
    named = given.filter(pl.col("given").is_not_null())
    found = matched(named, nodes)
    nodes, edges = _with_unlisted(nodes, found, given.filter(pl.col("given").is_null()))
    edges, loops = _kept(nodes, edges, counted)
    pedigree = Pedigree.of(nodes.height, edges["child"].to_numpy(), edges["parent"].to_numpy())
    counted |= {f"parents found by {how}": count for how, count in _ways(edges).items() if how not in _PLAIN}
    names = nodes["name"]
    return Resolved(
        nodes,
        edges,
        pedigree,
        _unresolved(nodes, edges),
        [[names[int(each)] for each in group] for group in loops.groups],
        {what: count for what, count in counted.items() if count},
    )


_PLAIN = ("exact", "unlisted", "ambiguous")


def _nodes(models: pl.DataFrame, counted: dict[str, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Listed models, each name once, and the model of each row."""
    fold = folded(pl.col("name"))
    rows = models.with_row_index("row").with_columns(fold=fold, org=folded(pl.col("organisation")))
    several = pl.col("org").n_unique().over("fold") > 1
    apart = several & (pl.col("org").drop_nulls().n_unique().over("fold") > 1)
    rows = rows.with_columns(apart=apart)
    rows = rows.with_columns(own=pl.when("apart").then(pl.col("org")).otherwise(pl.lit("")))
    twice = pl.struct("fold", "own").is_duplicated()
    groups = _joined(rows.filter(twice), rows.filter(~twice))
    both = pl.format("{} ({})", "name", "organisation")
    groups = groups.with_row_index("node").with_columns(
        name=pl.when(pl.col("apart") & pl.col("organisation").is_not_null()).then(both).otherwise(pl.col("name")),
        key=loose(pl.col("fold")),
        listed=True,
    )
    node_of = rows.join(groups.select("fold", "own", "node"), on=["fold", "own"], nulls_equal=True)
    counted["rows of a model that was there before, joined with it"] = models.height - groups.height
    counted["listed models whose names differ in spelling alone"] = int(groups["key"].is_duplicated().sum())
    order = node_of.select("row", pl.col("node").alias("child")).sort("row")
    return groups.drop("own", "apart", "node"), order


def _joined(several: pl.DataFrame, single: pl.DataFrame) -> pl.DataFrame:
    """One row for each model: what the first of its rows says that says anything."""
    groups = several.group_by("fold", "own", maintain_order=True).agg(
        pl.col("row", "name", "apart").first(),
        pl.col(*FACTS, "org").drop_nulls().first(),
        pl.col("is_root").any(),
    )
    return pl.concat([single.select(groups.columns), groups]).sort("row").drop("row")


def _with_unlisted(
    nodes: pl.DataFrame, found: pl.DataFrame, nameless: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Further models for the parents that are not listed: one for each spelling key, one for each without a name."""
    missing = found.filter(pl.col("parent").is_null())
    new = missing.group_by("key", "how").agg(name=pl.col("given").mode().sort().first(), times=pl.len())
    new = new.sort("times", "name", descending=[True, False]).with_row_index("parent", offset=nodes.height)
    told = found.filter(pl.col("parent").is_not_null()).select(_EDGE)
    untold = missing.drop("parent").join(new.select("key", "how", "parent"), on=["key", "how"]).select(_EDGE)
    silent = nameless.with_row_index("parent", offset=nodes.height + new.height)
    silent = silent.with_columns(how=pl.lit("unlisted"), given=pl.lit(NAMELESS)).select(_EDGE)
    edges = pl.concat([told, untold, silent], how="vertical_relaxed")
    whose = nameless.select(name=pl.lit(f"{NAMELESS} of ") + nodes["name"].gather(nameless["child"]))
    further = pl.concat([new.select("name"), whose]).with_columns(
        fold=folded(pl.col("name")), is_root=False, listed=False
    )
    return pl.concat([nodes, further], how="diagonal"), edges.sort("child", maintain_order=True)


_EDGE = ("child", "parent", "relation", "given", "how")


def _kept(nodes: pl.DataFrame, edges: pl.DataFrame, counted: dict[str, int]) -> tuple[pl.DataFrame, Loops]:
    """Edges that are told once, join two models, and close no cycle."""
    own = edges["child"] == edges["parent"]
    counted["models that are their own parent: not counted as one"] = int(own.sum())
    edges = edges.filter(~own)
    # a relation that is told stands before none
    first = edges.sort(pl.col("relation").is_null(), maintain_order=True)
    first = first.unique(["child", "parent"], keep="first", maintain_order=True).sort("child", "parent")
    counted["parents that are named twice: counted once"] = edges.height - first.height
    # a month that is not known comes last, and the order of the input decides among equals
    age = nodes["month"].fill_null("9999").rank("min").to_numpy()
    child, parent = first["child"].to_numpy().astype(np.int64), first["parent"].to_numpy().astype(np.int64)
    loops = break_cycles(nodes.height, child, parent, age)
    counted["edges that closed a cycle: left out"] = int((~loops.kept).sum())
    return first.filter(pl.Series(loops.kept)), loops


def _ways(edges: pl.DataFrame) -> dict[str, int]:
    return dict(edges["how"].value_counts(sort=True).iter_rows())


def _unresolved(nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Parents that are not listed, most frequent first."""
    names = nodes.select("name", "listed").with_row_index("parent")
    lost = edges.join(names.filter(~pl.col("listed")), on="parent")
    why = pl.when(pl.col("how") == "ambiguous").then(pl.lit("could be several models")).otherwise(pl.lit("not listed"))
    why = pl.when(pl.col("given") == NAMELESS).then(pl.lit("has no name")).otherwise(why)
    found = (
        lost.with_columns(why=why)
        .group_by("parent")
        .agg(pl.col("name").first(), times=pl.len(), why=pl.col("why").first())
    )
    return found.sort("times", "parent", descending=[True, False]).drop("parent")
