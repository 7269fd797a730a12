"""What every reader of model metadata gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

MODELS: dict[str, type[pl.DataType]] = {
    "name": pl.String,
    "organisation": pl.String,
    "architecture": pl.String,
    "month": pl.String,
    "downloads": pl.Float64,
    "kind": pl.String,
    "is_root": pl.Boolean,
}
"""Columns of models."""
PARENTS: dict[str, type[pl.DataType]] = {"row": pl.UInt32, "name": pl.String, "relation": pl.String}
"""Columns of parents."""
NO_PARENTS = "tables without a column of parents"
"""What is counted where parents could not be given."""


@dataclass(frozen=True, eq=False)
class ModelCards:
    """Models and what they say of their parents.

    Parameters
    ----------
    models : polars DataFrame
        One row a model, as given: ``name``, ``organisation``, ``architecture``, ``month`` (``YYYY-MM``), ``downloads``,
        ``kind`` (model, dataset, application), any of them null but the name; ``is_root`` where a model says that it
        has no parents.
    parents : polars DataFrame
        One row for each parent that is given: ``row`` of the model, ``name`` of the parent (null if there is one that
        has no name), ``relation`` (finetune, merge, ...) or null.
    source : str
        What to call it in messages.
    counted : mapping of str to int
        What in the input asked for a decision, and how often.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.model_cards import cards_from
    >>> cards = cards_from(pl.DataFrame({"name": ["a", "b"], "parents": [None, "a"]}))
    >>> len(cards.models), cards.parents.rows()
    (2, [(1, 'a', None)])
    """

    models: pl.DataFrame = field(repr=False)
    parents: pl.DataFrame = field(repr=False)
    source: str
    counted: Mapping[str, int] = field(default_factory=dict)


def joined(several: Sequence[ModelCards], source: str) -> ModelCards:
    """The models of several sources, one after the other."""
    if len(several) == 1:
        return several[0]
    parents, start = [], 0
    for cards in several:
        parents.append(cards.parents.with_columns((pl.col("row") + start).cast(pl.UInt32)))
        start += cards.models.height
    counted: dict[str, int] = {}
    for cards in several:
        counted |= {what: counted.get(what, 0) + count for what, count in cards.counted.items()}
    models = pl.concat([cards.models for cards in several])
    return ModelCards(models, pl.concat(parents), source, counted)
