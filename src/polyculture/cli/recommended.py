"""What ``polyculture recommend predict`` and ``similar`` do once their options are known to be sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from polyculture.cli.common import write_json
from polyculture.cli.recommending import loaded
from polyculture.cli.screen import progress, show
from polyculture.cli.table import names, write_table
from polyculture.data.interactions.coding import named
from polyculture.data.readers import read_table
from polyculture.errors import DataError, ParameterError
from polyculture.progress import Steps
from polyculture.tables import cell

if TYPE_CHECKING:
    from polyculture.recommend import CrossDomainRecommender, Recommendations

POPULAR = "what most users take"


@dataclass(frozen=True)
class Wanted:
    """Who is to be served with what, and what is written beside it."""

    users: Path | None
    column: str
    names: Sequence[str] | None
    k: int
    domain: str | None
    seen: bool
    reasons: int


def predict_to(folder: Path, wanted: Wanted, out: Path, json: Path | None, *, quiet: bool) -> None:
    """Write what each user is recommended."""
    with progress(quiet=quiet), Steps().step("recommend"):
        asked = _asked(wanted)
        model = loaded(folder)
        _check_domain(model, wanted.domain)
        everybody = model.interactions_.users.tolist()
        users, known = everybody if asked is None else asked, set(everybody)
        found = model.recommend(users, wanted.k, domain=wanted.domain, exclude_seen=not wanted.seen)
        table = _rows(found, model)
        if wanted.reasons:
            pairs = zip(table["user"], table["item"], strict=True)
            table["because_of"] = [
                _because(model, user, item, wanted) if user in known else POPULAR for user, item in pairs
            ]
        write_table(out, table)
    counts = {"users": len(users), "unknown": sum(user not in known for user in users), "rows": len(table["user"])}
    write_json(json, "recommend-predict/1", {"model": str(folder), "out": str(out), "k": wanted.k, **counts})
    show("recommended", list(counts), [[str(count) for count in counts.values()]])
    typer.echo(out)


def similar_to(
    folder: Path,
    items: Sequence[str],
    k: int,
    domain: str | None,
    out: Path | None,
    json: Path | None,
    *,
    quiet: bool,
) -> None:
    """Show what is alike to some items."""
    with progress(quiet=quiet), Steps().step("compare"):
        model = loaded(folder)
        _check_domain(model, domain)
        _check_items(model, items, folder)
        table = _rows(model.similar_items(items, k, domain=domain), model)
    if out is not None:
        write_table(out, table)
    rows = list(zip(*table.values(), strict=True))
    told_rows = [dict(zip(table, row, strict=True)) for row in rows]
    write_json(json, "recommend-similar/1", {"model": str(folder), "similar": told_rows})
    show("similar items", list(table), [[cell(value) for value in row] for row in rows])


def _rows(found: Recommendations, model: CrossDomainRecommender) -> dict[str, list[Any]]:
    """A row for each item that is recommended, with its domain, and its text where the model learnt of texts."""
    known = model.interactions_
    table: dict[str, list[Any]] = found.frame().to_dict(as_series=False)
    first = next(iter(table))
    domains = [*known.domains.tolist(), "several"]
    where = dict(zip(known.items.tolist(), [domains[code] for code in known.item_domain.tolist()], strict=True))
    ordered = {name: table[name] for name in (first, "item", "rank", "score")}
    ordered["domain"] = [where[item] for item in table["item"]]
    texts = known.item_text
    return ordered | ({"text": [texts.get(item, "") for item in table["item"]]} if texts else {})


def _because(model: CrossDomainRecommender, user: str, item: str, wanted: Wanted) -> str:
    """The items that speak for another, with their share of its score."""
    texts = model.interactions_.item_text or {}
    parts = model.reasons(user, item, most=wanted.reasons, domain=wanted.domain).to_dicts()
    return "; ".join(f"{texts.get(part['item'], part['item'])} ({part['share']:.0%})" for part in parts)


def _check_domain(model: CrossDomainRecommender, domain: str | None) -> None:
    known = model.interactions_.domains.tolist()
    if domain is not None and domain not in known:
        near = get_close_matches(domain, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ParameterError(f"--domain {domain}: the model knows no such domain; {hint}use one of {', '.join(known)}")


def _check_items(model: CrossDomainRecommender, items: Sequence[str], folder: Path) -> None:
    known = model.interactions_.items.tolist()
    for item in items:
        if item not in known:
            near = get_close_matches(item, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "check its name"
            raise ParameterError(f"{item}: is no item of {folder}; {hint}")


def _asked(wanted: Wanted) -> list[str] | None:
    """Names of users to serve, each once; None for all."""
    if wanted.users is None:
        return None if wanted.names is None else list(dict.fromkeys(wanted.names))
    table = read_table(wanted.users)
    if wanted.column not in names(table):
        raise DataError(f"{wanted.users}: has no column {wanted.column!r}; its columns are {', '.join(names(table))}")
    users = [named(value) for value in list(table[wanted.column])]
    if "" in users:
        raise DataError(f"{wanted.users}: row {users.index('') + 1} has no {wanted.column}; fill it in")
    if not users:
        raise DataError(f"{wanted.users}: has no rows; give at least one user")
    return list(dict.fromkeys(users))
