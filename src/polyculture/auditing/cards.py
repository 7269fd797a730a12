"""What is known of models besides their answers: one row of a table for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polyculture.data.audit_input.files import checked
from polyculture.data.audit_input.tables import from_memory, load
from polyculture.errors import DataError

Cards = Mapping[str, Mapping[str, Any]]
"""Model to property to value."""

MODEL = "model"


def read_cards(source: Any) -> Cards:
    """Properties of models, from a table with a column ``model`` and one for each property.

    Parameters
    ----------
    source : path, polars or pandas DataFrame, or mapping of model to mapping

    Raises
    ------
    DataError
        If there is no column ``model``, no other column, or a model stands in two rows.

    Examples
    --------
    >>> import polars as pl
    >>> read_cards(pl.DataFrame({"model": ["a", "b"], "company": ["x", None]}))
    {'a': {'company': 'x'}, 'b': {'company': None}}
    """
    if isinstance(source, Mapping):
        return {str(model): dict(card) for model, card in source.items()}
    called = str(source) if isinstance(source, str | Path) else "the cards"
    table = load(checked(source))[0] if isinstance(source, str | Path) else from_memory(source, called)
    frame = table.frame
    if MODEL not in frame.columns or len(frame.columns) < 2:
        raise DataError(f"{called}: needs a column 'model' and one more; its columns are {', '.join(frame.columns)}")
    cards: dict[str, dict[str, Any]] = {}
    for row, card in enumerate(frame.iter_rows(named=True), start=1):
        model = str(card.pop(MODEL))
        if model in cards:
            raise DataError(f"{called}: row {row} is a second card of {model!r}; keep one")
        cards[model] = card
    return cards


def properties(cards: Cards, models: Sequence[str]) -> dict[str, list[Any]]:
    """Each property for all models in order, None where a model has no card or its card no value.

    Raises
    ------
    DataError
        If none of the models has a card.
    """
    if not any(model in cards for model in models):
        raise DataError(
            f"no model has a card: the models are {', '.join(models[:3])}..., the cards those of "
            f"{', '.join(list(cards)[:3])}...; use the same names in both"
        )
    names = {name: None for card in cards.values() for name in card}
    return {name: [cards.get(model, {}).get(name) for model in models] for name in names}


def unmatched(cards: Cards | None, models: Sequence[str]) -> list[dict[str, Any]]:
    """Models without a card and cards without a model, as decisions of an audit."""
    if cards is None:
        return []
    without = sum(model not in cards for model in models)
    idle = len(set(cards) - set(models))
    found = [("models without a card", without, "left out of the regression"), ("cards of no model", idle, "not used")]
    return [{"what": what, "count": count, "done": done} for what, count, done in found if count]
