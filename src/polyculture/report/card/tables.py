"""The tables of a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyculture.report.card.record import Card
from polyculture.tables import Table, interval

NONE = "–"


def tables_of(card: Card) -> dict[str, Table]:
    """Every table that the card has something for, by name; those of an audit come after a number.

    Examples
    --------
    >>> from polyculture.report.card import Card
    >>> from polyculture.report.card.tables import tables_of
    >>> found = tables_of(Card("m", data={"source": "a.csv", "by_domain": {"x": {"train": 3}, "y": {"judged": 2}}}))
    >>> found["data"].rows
    [['x', 3, '–'], ['y', '–', 2]]
    """
    made = (_model, _data, _rows, _by_domain, _likeness, _recommendation, _audit, _inputs)
    return {table.name: table for make in made for table in make(card)}


def _model(card: Card) -> Iterator[Table]:
    if card.model:
        rows = [[name, value] for name, value in _facts(card.model) if value not in (None, "")]
        yield Table("model", "", ["", "what it is"], rows)


def _facts(model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if model["kind"] == "recommender":
        yield "kind", "recommender over several domains"
        yield from ((name, model[name]) for name in ("users", "items", "domains"))
        return
    graph, merge = model["graph"], model["merge"]
    yield "kind", model["kind"]
    yield "learns", model["learns"]
    yield "classes", _listed(model["classes"])
    yield "domains", _listed(model["domains"])
    yield "items are", ", ".join(f"{name} ({kind})" for name, kind in model["modalities"].items())
    yield "base models", ", ".join(model["encoders"])
    yield "backbone", model["backbone"]
    yield "graph", f"{graph['kind']}, {graph['hops']} hops" if graph["hops"] else "none"
    yield "experts", _listed(model["experts"]) or "none"
    yield "domains adapted to without labels", _listed(model["without_labels"])
    yield "domains that came with few labels", _listed(model["with_few_labels"])
    yield "merged weights", f"{merge['method']}, {merge['setting']}" if merge else "none"
    yield "where the domain is known", model["domain_known"]
    yield "where it is not", model["domain_not_known"]
    yield "numbers in the merged weights", f"{model['weights']:,}"
    yield "seed", model["seed"]


def _listed(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _data(card: Card) -> Iterator[Table]:
    counts = card.data.get("by_domain", {})
    if counts:
        parts = list(dict.fromkeys(part for of in counts.values() for part in of))
        rows = [[domain, *(of.get(part, NONE) for part in parts)] for domain, of in counts.items()]
        yield Table("data", "", ["domain", *parts], rows)


def _rows(card: Card) -> Iterator[Table]:
    if card.accuracy:
        own = card.accuracy["own"]
        rows = [
            [
                f"{row['row']} (this model)" if row["row"] == own else row["row"],
                row["mean"],
                row["worst"],
                row["accuracy"],
                interval(row["behind_by"]),
                row["about"],
            ]
            for row in card.accuracy["rows"]
        ]
        columns = [
            "model",
            "mean macro-F1, %",
            "worst domain",
            "mean accuracy, %",
            "this model is ahead by",
            "what it is",
        ]
        yield Table("rows", "", columns, rows)


def _by_domain(card: Card) -> Iterator[Table]:
    if card.accuracy:
        rows = [
            [row["domain"], NONE if row["items"] is None else row["items"], row["macro_f1"], interval(row["accuracy"])]
            for row in card.accuracy["by_domain"]
        ]
        yield Table("by_domain", "", ["domain", "items judged", "macro-F1, %", "accuracy, %"], rows)


def _likeness(card: Card) -> Iterator[Table]:
    rows = [
        [
            row["when"],
            row["models"],
            interval(row["error_consistency"], 2),
            interval(row["joint_failure"], 3),
            interval(row["joint_failure_expected"], 4),
            interval(row["kish"], 2),
            interval(row["cka"], 2),
            row["who"],
        ]
        for row in card.homogenization.get("rows", ())
    ]
    if rows:
        columns = ["fusion", "models", "κ of errors", "all fail", "if independent", "effective (Kish)", "CKA", "who"]
        yield Table("likeness", "", columns, rows)


def _recommendation(card: Card) -> Iterator[Table]:
    rows = card.recommendation.get("rows", ())
    if rows:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        yield Table("recommendation", "", columns, [[row.get(name, NONE) for name in columns] for row in rows])


def _audit(card: Card) -> Iterator[Table]:
    for i, table in enumerate(card.audit.get("tables", ())):
        yield Table(f"audit {i}", table["title"], table["columns"], table["rows"])


def _inputs(card: Card) -> Iterator[Table]:
    if card.repeat.get("inputs"):
        rows = [[given["what"], given["name"], given["sha256"]] for given in card.repeat["inputs"]]
        yield Table("inputs", "", ["read for this card", "name", "SHA-256"], rows)
