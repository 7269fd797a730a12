"""Parents' names to listed models, from the strictest way of reading a name to the loosest."""

from __future__ import annotations

import polars as pl

from polyculture.ancestry.spelling import folded, loose, slips

Way = tuple[str, pl.DataFrame, pl.Expr]
"""What to call it, models by key (``key``, ``node``, ``org``), and the parent's key."""


def matched(given: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """The parent of each edge, where one is listed.

    Parameters
    ----------
    given : polars DataFrame
        ``child`` (a row of nodes), ``given`` (a name), ``relation``.
    nodes : polars DataFrame
        ``name``, ``fold``, ``key``, ``org``.

    Returns
    -------
    polars DataFrame
        The same rows, in any order, with ``parent`` (null if none is listed), ``how`` and ``key``.
    """
    known = nodes.select("name", "fold", "key", "org").with_row_index("node")
    orgs = nodes.select("org").with_row_index("child")
    left = given.with_columns(pl.col("child").cast(pl.UInt32)).join(orgs, on="child", how="left", maintain_order="left")
    left = left.with_columns(fold=folded(pl.col("given")), how=pl.lit("unlisted"))
    left = left.with_columns(key=loose(pl.col("fold")))
    done = []
    for how, models, key in _ways(known):
        found, left = _by(left, models, key, how)
        done.append(found)
    found, left = _slipped(left, known)
    rest = left.with_columns(parent=pl.lit(None, dtype=pl.UInt32))
    columns = ("child", "parent", "relation", "given", "how", "key")
    return pl.concat([each.select(columns) for each in (*done, found, rest)])


def _ways(known: pl.DataFrame) -> list[Way]:
    named = known.filter(pl.col("org").is_not_null() & ~pl.col("name").str.contains("/", literal=True))
    whole = named.with_columns(key=loose(pl.col("org")) + "/" + pl.col("key"))
    repositories = known.filter(pl.col("name").str.contains("/", literal=True))
    bare = repositories.with_columns(key=pl.col("key").str.split("/").list.last())
    return [
        ("exact", known.with_columns(key=pl.col("name")), pl.col("given")),
        ("case", known.with_columns(key=pl.col("fold")), pl.col("fold")),
        ("spelling", known, pl.col("key")),
        ("organisation", whole, pl.col("key")),
        ("organisation", bare, pl.col("key")),
    ]


def _by(left: pl.DataFrame, models: pl.DataFrame, key: pl.Expr, how: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Edges whose parent is found by a key, and the others; those that could be several are marked."""
    edges = left.with_columns(at=key).with_row_index("edge")
    by_key = models.select("node", at=pl.col("key"), org_of=pl.col("org"))
    asked = edges.select(pl.col("at").unique())
    by_key = by_key.join(asked, on="at", how="semi")
    pairs = edges.select("edge", "at", "child", "org").join(by_key, on="at")
    # a model is its own parent only if no other is meant
    other = pl.col("node").ne_missing(pl.col("child"))
    same = (pl.col("org") == pl.col("org_of")).fill_null(value=False) & other
    chosen = pairs.group_by("edge").agg(
        count=other.sum(),
        only=pl.col("node").filter(other).first(),
        itself=pl.col("node").first(),
        mine=pl.col("node").filter(same).first(),
        kin=same.sum(),
    )
    only = pl.when(pl.col("count") == 1).then("only").when(pl.col("kin") == 1).then("mine")
    parent = only.when(pl.col("count") == 0).then("itself").otherwise(None)
    joined = edges.join(chosen.with_columns(parent=parent), on="edge", how="left", maintain_order="left")
    told = joined.filter(pl.col("parent").is_not_null()).with_columns(how=pl.lit(how))
    rest = joined.filter(pl.col("parent").is_null())
    several = (pl.col("count") > 1).fill_null(value=False)
    rest = rest.with_columns(how=pl.when(several).then(pl.lit("ambiguous")).otherwise(pl.col("how")))
    return told, rest.select(left.columns)


def _slipped(left: pl.DataFrame, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Edges whose parent is a listed model in spite of a slip of the pen, and the others."""
    single = known.filter(~pl.col("key").is_duplicated())
    meant = slips(left["key"].unique(), single["key"]) if left.height else {}
    frame = pl.DataFrame(
        {"key": list(meant), "meant": list(meant.values())}, schema={"key": pl.String, "meant": pl.String}
    )
    frame = frame.join(single.select(pl.col("key").alias("meant"), pl.col("node").alias("parent")), on="meant")
    joined = left.join(frame.drop("meant"), on="key", how="left", maintain_order="left")
    found = joined.filter(pl.col("parent").is_not_null()).with_columns(how=pl.lit("slip"))
    return found, joined.filter(pl.col("parent").is_null()).drop("parent")
