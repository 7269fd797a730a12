"""Cells as they are written, to models and parents that can be counted."""

from __future__ import annotations

import polars as pl

from polyculture.data.audit_input.tables import numbers
from polyculture.data.model_cards.types import MODELS, PARENTS, ModelCards
from polyculture.errors import DataError

NONE = ("none", "no parent", "no parents", "scratch", "from scratch", "trained from scratch", "-", "–")
"""Words for: it has no parents."""
UNKNOWN = ("unknown", "undisclosed", "not disclosed", "undeclared", "n/a", "na", "?", "null", "nan", "tbd", "")
"""Words for: nothing is known."""
HUB = r"^https?://(www\.)?(huggingface\.co|hf\.co)/(models/)?"
TAIL = r"(/(tree|blob|resolve)/.*)?[/?#]*$"
FIRST_KNOWN = "2022-03-02T23:29:04"
"""What the Hugging Face Hub says of all models that are older than its dates."""


def as_cards(models: pl.DataFrame, parents: pl.DataFrame, source: str) -> ModelCards:
    """Models and parents, from columns of text.

    Parameters
    ----------
    models : polars DataFrame
        ``name`` and any of the other columns of models, with ``date`` instead of ``month``; all text or null.
    parents : polars DataFrame
        ``row``, ``name``, ``relation``.
    source : str

    Raises
    ------
    DataError
        If no model has a name, or downloads are no numbers.
    """
    counted: dict[str, int] = {}
    models = models.with_columns(
        [pl.lit(None, dtype=pl.String).alias(name) for name in (*MODELS, "date") if name not in models.columns]
    )
    models = models.with_columns(downloads=_downloads(models["downloads"], source))
    models, months = _months(models)
    counted["dates that are not understood"] = months
    models, parents = _with_parents(models.with_row_index("row"), _declared(parents, counted))
    unnamed = int(models["name"].null_count())
    counted["rows without a name"] = unnamed
    if unnamed == models.height:
        raise DataError(f"{source}: no model has a name; fill the column of names")
    models, parents = _named(models, parents) if unnamed else (models, parents)
    found = models.select([pl.col(name).cast(kind) for name, kind in MODELS.items()])
    parents = parents.select([pl.col(name).cast(kind) for name, kind in PARENTS.items()])
    return ModelCards(found, parents, source, {what: count for what, count in counted.items() if count})


def known(column: str) -> pl.Expr:
    """The stripped text of a column, null where it says that nothing is known."""
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped.str.to_lowercase().is_in(UNKNOWN)).then(None).otherwise(stripped).alias(column)


def _downloads(column: pl.Series, source: str) -> pl.Series:
    values = pl.Series("downloads", numbers(column, source)).fill_nan(None)
    negative = (values < 0).fill_null(value=False)
    if negative.any():
        row = int(negative.arg_max() or 0)
        raise DataError(f"{source}: row {row + 1} has {values[row]:g} in 'downloads'; give a number of at least 0")
    return values


def _months(models: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Month of each model, and how many dates are written in a way that is not known."""
    date = pl.col("date").str.strip_chars()
    parts = date.str.extract_groups(r"^(\d{4})[-/.](\d{1,2})(?:\D|$)")
    month = parts.struct[1].cast(pl.Int32, strict=False)
    sound = month.is_between(1, 12) & (date != "").fill_null(value=False)
    early = date.str.replace(" ", "T", literal=True).str.starts_with(FIRST_KNOWN)
    written = pl.concat_str([parts.struct[0], pl.lit("-"), month.cast(pl.String).str.zfill(2)])
    found = models.with_columns(
        known("organisation"),
        known("architecture"),
        known("kind"),
        name=pl.when(pl.col("name").str.strip_chars() == "").then(None).otherwise(pl.col("name").str.strip_chars()),
        month=pl.when(sound & ~early).then(written).otherwise(None),
        odd=pl.col("date").is_not_null() & ~sound.fill_null(value=False) & ~date.str.to_lowercase().is_in(UNKNOWN),
    )
    return found.drop("odd"), int(found["odd"].sum())


def _declared(parents: pl.DataFrame, counted: dict[str, int]) -> pl.DataFrame:
    """Parents by name, with marks for words that say that there is none, or that it is not known."""
    stripped = pl.col("name").str.replace(HUB, "").str.strip_chars()
    plain = pl.when(pl.col("name").str.contains(HUB)).then(stripped.str.replace(TAIL, "")).otherwise(stripped)
    word = pl.col("name").str.to_lowercase()
    found = parents.with_columns(name=plain).with_columns(
        none=word.is_in(NONE).fill_null(value=False), unknown=word.is_in(UNKNOWN).fill_null(value=True)
    )
    empty = found["name"] == ""
    found = found.filter(~empty.fill_null(value=False))
    counted["parents that are given as unknown"] = int(found["unknown"].sum())
    return found


def _with_parents(models: pl.DataFrame, parents: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Models that say they have no parents, and the parents of the others.

    A model all of whose parents are unknown declares nothing; one that names some has a parent without a name besides.
    """
    of_each = parents.group_by("row").agg(
        all_none=pl.col("none").all(), any_named=(~pl.col("none") & ~pl.col("unknown")).any()
    )
    marked = parents.join(of_each, on="row", how="left", maintain_order="left")
    kept = marked.filter(pl.col("any_named") & ~pl.col("none"))
    kept = kept.with_columns(name=pl.when(pl.col("unknown")).then(None).otherwise(pl.col("name")))
    roots = of_each.filter(pl.col("all_none"))["row"]
    is_root = pl.col("row").is_in(roots.implode()) if len(roots) else pl.lit(value=False)
    return models.with_columns(is_root=is_root), kept.select("row", "name", "relation")


def _named(models: pl.DataFrame, parents: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Models that have a name, and their parents, numbered anew."""
    kept = models.filter(pl.col("name").is_not_null()).with_row_index("now")
    moved = parents.join(kept.select("row", "now"), on="row", how="inner", maintain_order="left")
    return kept.drop("now"), moved.select(pl.col("now").alias("row"), "name", "relation")
