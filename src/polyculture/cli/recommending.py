"""What ``polyculture recommend`` does once its options are known to be sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import typer

from polyculture.cli.common import write_json
from polyculture.cli.recommend import Input
from polyculture.cli.screen import progress, show
from polyculture.data.interactions import INTERACTIONS, Interactions, hold_out, load_interactions, read_interactions
from polyculture.errors import DataError, ParameterError
from polyculture.progress import Steps
from polyculture.tables import cell

if TYPE_CHECKING:
    from polyculture.recommend import CrossDomainRecommender, Recommendations

GENRES = {None: None, "genres": "first"}


@dataclass(frozen=True)
class Wanted:
    """Who is to be served with what."""

    users: Path | None
    column: str
    names: Sequence[str] | None
    k: int
    domain: str | None
    seen: bool
    reasons: int


def fit_to(
    path: Path,
    given: Input,
    out: Path,
    parameters: Mapping[str, Any],
    cuts: Sequence[int],
    json: Path | None,
    *,
    quiet: bool,
) -> None:
    """Learn from what is not held out, keep the model, and judge it on what is in "test"."""
    steps = Steps()
    with progress(quiet=quiet):
        with steps.step("read"):
            data = _read(path, given)
        learnt = data.take(data.within("train", "validation"))
        if not len(learnt):
            raise DataError(f"{data.source}: has no training interactions; mark some as train in the split column")
        # imported only now: what is wrong with the file is said before seconds go into torch
        model = _made(parameters, given.seed)
        with steps.step("fit"):
            model.fit(learnt)
        with steps.step("save"):
            model.save(out)
        found = None
        if data.within("test").any():
            with steps.step("evaluate"):
                found = model.evaluate(data.take(data.within("test")), k=cuts)
    write_json(
        json,
        "recommend-fit/1",
        {
            "model": str(out),
            "data": _about(data),
            "settings": {**asdict(given), **parameters},
            "evaluation": None if found is None else found.to_dicts(),
            "steps": [{"name": name, "seconds": seconds} for name, seconds in steps.taken],
        },
    )
    _show_data(data)
    if found is not None:
        _show_frame(f"test, on {path}", found)
    typer.echo(out)


def predict_to(folder: Path, wanted: Wanted, out: Path, json: Path | None, *, quiet: bool) -> None:
    """Write what each user is recommended."""
    from polyculture.cli.table import write_table

    with progress(quiet=quiet), Steps().step("recommend"):
        asked = _asked(wanted)
        model = _loaded(folder)
        users = model.interactions_.users.tolist() if asked is None else asked
        known = set(model.interactions_.users.tolist())
        _check_domain(model, wanted.domain)
        found = model.recommend(users, wanted.k, domain=wanted.domain, exclude_seen=not wanted.seen)
        table = _rows("user", users, found, model)
        if wanted.reasons:
            table["because of"] = [
                "; ".join(_because(model, user, item, wanted.reasons)) if user in known else ""
                for user, item in zip(table["user"], table["item"], strict=True)
            ]
        write_table(out, table)
    counts = {"users": len(users), "unknown": sum(user not in known for user in users), "rows": len(table["user"])}
    write_json(json, "recommend-predict/1", {"model": str(folder), "out": str(out), "k": wanted.k, **counts})
    show("recommended", list(counts), [[str(count) for count in counts.values()]])
    typer.echo(out)


def evaluate_to(
    folder: Path, path: Path, given: Input, split: str, cuts: Sequence[int], json: Path | None, *, quiet: bool
) -> None:
    """Judge a model on what is held out."""
    with progress(quiet=quiet):
        with Steps().step("read"):
            data = _read(path, given)
        held_out = data if data.split is None else data.take(data.within(split))
        if not len(held_out):
            raise DataError(f"{data.source}: has no {split} interactions; mark some in the split column, or --hold-out")
        model = _loaded(folder)
        with Steps().step("evaluate"):
            found = model.evaluate(held_out, k=cuts)
    write_json(
        json,
        "recommend-evaluate/1",
        {"model": str(folder), "data": _about(data), "split": split, "evaluation": found.to_dicts()},
    )
    _show_frame(f"{split}, on {path}", found)


def similar_to(
    folder: Path, items: Sequence[str], k: int, domain: str | None, out: Path | None, json: Path | None, *, quiet: bool
) -> None:
    """Show what is alike to some items."""
    from polyculture.cli.table import write_table

    with progress(quiet=quiet), Steps().step("compare"):
        model = _loaded(folder)
        _check_domain(model, domain)
        known = model.interactions_.items.tolist()
        for item in items:
            if item not in known:
                near = get_close_matches(item, known, n=1)
                raise ParameterError(
                    f"{item}: is no item of {folder}; {f'did you mean {near[0]}?' if near else 'check its name'}"
                )
        table = _rows("like", items, model.similar_items(items, k, domain=domain), model)
    if out is not None:
        write_table(out, table)
    write_json(json, "recommend-similar/1", {"model": str(folder), "similar": _records(table)})
    show("similar items", list(table), [[cell(value) for value in row] for row in zip(*table.values(), strict=True)])


def _read(path: Path, given: Input) -> Interactions:
    """Interactions of a file, or of a packaged set where there is no such file."""
    if str(path) in INTERACTIONS and not path.exists():
        data = _packaged(str(path), given)
    else:
        decisions = {name: getattr(given, name) for name in ("duplicates", "negative", "missing", "shared_items")}
        data = read_interactions(
            path, **given.columns, format=given.format, least_rating=given.least_rating, **decisions
        )
    return data if given.hold_out is None else hold_out(data, given.hold_out, seed=given.seed)


def _packaged(name: str, given: Input) -> Interactions:
    domain = given.columns["domain"]
    named = [f"--{part} {column}" for part, column in given.columns.items() if column is not None and part != "domain"]
    if named or domain not in GENRES:
        wrong = (named or [f"--domain {domain}"])[0]
        raise ParameterError(f"{wrong}: is no option of {name}, which has --domain genres alone; leave it out")
    return load_interactions(name, genres=GENRES[domain], least_rating=given.least_rating)


def _made(parameters: Mapping[str, Any], seed: int) -> CrossDomainRecommender:
    from polyculture.recommend import CrossDomainRecommender

    known = list(signature(CrossDomainRecommender).parameters)
    for name in parameters:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ParameterError(f"--set {name}: is no parameter; {hint}use one of {', '.join(known)}")
    seeded = {"random_state": seed} if "random_state" in known else {}
    return CrossDomainRecommender(**{**seeded, **parameters})


def _loaded(folder: Path) -> CrossDomainRecommender:
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder; name one that `polyculture recommend fit` wrote")
    from polyculture.recommend import CrossDomainRecommender

    model: CrossDomainRecommender = CrossDomainRecommender.load(folder)
    return model


def _check_domain(model: CrossDomainRecommender, domain: str | None) -> None:
    known = model.interactions_.domains.tolist()
    if domain is not None and domain not in known:
        near = get_close_matches(domain, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ParameterError(f"--domain {domain}: the model knows no such domain; {hint}use one of {', '.join(known)}")


def _asked(wanted: Wanted) -> list[str] | None:
    """Names of users to serve, each once; None for all."""
    if wanted.users is None:
        return None if wanted.names is None else list(dict.fromkeys(wanted.names))
    from polyculture.cli.table import names
    from polyculture.data.interactions.coding import named
    from polyculture.data.readers import read_table

    table = read_table(wanted.users)
    if wanted.column not in names(table):
        raise DataError(f"{wanted.users}: has no column {wanted.column!r}; its columns are {', '.join(names(table))}")
    users = [named(value) for value in list(table[wanted.column])]
    if "" in users:
        raise DataError(f"{wanted.users}: row {users.index('') + 1} has no {wanted.column}; fill it in")
    if not users:
        raise DataError(f"{wanted.users}: has no rows; give at least one user")
    return list(dict.fromkeys(users))


def _rows(
    column: str, asked: Sequence[str], found: Recommendations, model: CrossDomainRecommender
) -> dict[str, list[Any]]:
    """A row for each item that is recommended, with its text where one is known; shorter lists end earlier."""
    texts = model.interactions_.item_text or {}
    table: dict[str, list[Any]] = {name: [] for name in (column, "item", "rank", "score")}
    for name, items, scores in zip(asked, found.items.tolist(), found.scores.tolist(), strict=True):
        there = [(item, score) for item, score in zip(items, scores, strict=True) if item and np.isfinite(score)]
        for rank, (item, score) in enumerate(there, start=1):
            for part, value in zip(table, (name, item, rank, score), strict=True):
                table[part].append(value)
    if texts:
        table["text"] = [texts.get(item, "") for item in table["item"]]
    return table


def _because(model: CrossDomainRecommender, user: str, item: str, most: int) -> list[str]:
    """The items that speak for another, with their share of its score."""
    return [f"{row['item']} ({row['share']:.0%})" for row in model.reasons(user, item, most=most).to_dicts()]


def _about(data: Interactions) -> dict[str, Any]:
    return {
        "source": data.source,
        "users": len(data.users),
        "items": len(data.items),
        "domains": data.counts(),
        "policies": [asdict(policy) for policy in data.policies],
    }


def _records(table: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _show_data(data: Interactions) -> None:
    counts = data.counts()
    columns = list(next(iter(counts.values())))
    show("interactions", ["domain", *columns], [[name, *map(str, of.values())] for name, of in counts.items()])
    if data.policies:
        rows = [[policy.what, str(policy.count), policy.done] for policy in data.policies]
        show("decisions taken", ["what", "how many", "done"], rows)


def _show_frame(title: str, frame: pl.DataFrame) -> None:
    show(title, frame.columns, [[cell(value) for value in row] for row in frame.rows()])
