"""Models from metadata of the Hugging Face Hub, as ``huggingface_hub`` lists them, saved as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from polyculture.data.audit_input.tables import words
from polyculture.data.model_cards.clean import as_cards
from polyculture.data.model_cards.types import PARENTS, ModelCards
from polyculture.errors import DataError

RELATIONS = ("finetune", "adapter", "quantized", "merge")
TAG = "base_model:"
COLUMNS = ("name", "organisation", "architecture", "date", "downloads")


def is_hub(row: Mapping[str, Any]) -> bool:
    """Whether an object looks like one of the Hub, and not like a row of a table.

    Examples
    --------
    >>> is_hub({"id": "org/a", "tags": []}), is_hub({"name": "a", "parents": []})
    (True, False)
    """
    return ("id" in row or "modelId" in row) and "name" not in row and "parents" not in row


def cards_of_hub(rows: Iterable[tuple[str, Mapping[str, Any]]], source: str) -> ModelCards:
    """Models of the Hub, from the place and the object of each.

    Parents are the ``base_model`` tags, with their relation, and those of the card; one that both name counts once.

    Raises
    ------
    DataError
        If an object has no id, or a field holds what it cannot.
    """
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    parents: dict[str, list[Any]] = {name: [] for name in PARENTS}
    for number, (place, row) in enumerate(rows):
        for name, value in zip(COLUMNS, _facts(row, place), strict=True):
            columns[name].append(value)
        named = _named(row, place)
        parents["row"] += [number] * len(named)
        parents["name"] += named
        parents["relation"] += named.values()
    if not columns["name"]:
        raise DataError(f"{source}: holds no models; save a list of them")
    models = pl.DataFrame([words(values, name, source) for name, values in columns.items()])
    further = {name: words(parents[name], name, source) for name in ("name", "relation")}
    return as_cards(models, pl.DataFrame({"row": parents["row"], **further}, schema=PARENTS), source)


def _facts(row: Mapping[str, Any], place: str) -> Iterator[Any]:
    name = row.get("id") or row.get("modelId")
    if not isinstance(name, str):
        raise DataError(f"{place}: has no id; give each model the one that it has on the Hub, such as org/name")
    author = row.get("author")
    config = row.get("config")
    config = config if isinstance(config, Mapping) else {}
    classes = config.get("architectures")
    named = classes[0] if isinstance(classes, list) and classes else None
    yield name
    yield author if isinstance(author, str) else name.partition("/")[0] if "/" in name else None
    yield next((kind for kind in (config.get("model_type"), named) if isinstance(kind, str)), None)
    date = row.get("createdAt", row.get("created_at"))
    yield date if isinstance(date, str) else None
    downloads = row.get("downloads")
    if isinstance(downloads, list | dict):
        raise DataError(f"{place}: has a {type(downloads).__name__} in 'downloads'; give a number")
    yield downloads


def _named(row: Mapping[str, Any], place: str) -> dict[str, str | None]:
    """Parents and relations, each parent once."""
    found: dict[str, str | None] = {}
    card = row.get("cardData", row.get("card_data"))
    card = card if isinstance(card, Mapping) else {}
    relation = card.get("base_model_relation")
    for name in [*_several(card.get("base_model"), place), *_several(row.get("base_model"), place)]:
        found.setdefault(name.strip(), relation if isinstance(relation, str) else None)
    for tag in _several(row.get("tags"), place):
        if tag.startswith(TAG):
            kind, _, name = tag.removeprefix(TAG).partition(":")
            kind, name = (kind, name) if name and kind in RELATIONS else ("", tag.removeprefix(TAG))
            found[name.strip()] = kind or found.get(name.strip())
    return found


def _several(value: Any, place: str) -> list[str]:
    if value is None:
        return []
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in several if each is not None):
        raise DataError(f"{place}: has other things than names among its tags or base models; write names")
    return [each for each in several if each is not None]
