"""What ``polyculture recommend fit`` and ``evaluate`` do once their options are known to be sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from polyculture import store
from polyculture.cli.common import write_json
from polyculture.cli.recommend import Input
from polyculture.cli.recommend_told import learnt, show_choices, tell_losses
from polyculture.cli.screen import progress, show
from polyculture.data.answers import Policy
from polyculture.data.interactions import INTERACTIONS, Interactions, hold_out, load_interactions, read_interactions
from polyculture.errors import DataError, ParameterError
from polyculture.progress import Steps
from polyculture.tables import cell

if TYPE_CHECKING:
    import polars as pl

    from polyculture.recommend import CrossDomainRecommender

GENRES = {None: None, "genres": "first"}


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
        tested = data.within("test")
        if tested.all():
            raise DataError(f"{data.source}: has no training interactions; mark some as train in the split column")
        # imported only now: what is wrong with the file is said before seconds go into learning
        model = _made(parameters, given.seed)
        with steps.step("fit"):
            model.fit(data)
        with steps.step("save"):
            model.save(out)
        found = None
        if tested.any():
            with steps.step("evaluate"):
                unnamed = replace(data, source="")
                asked = {"data": unnamed, "model": {**parameters, "random_state": given.seed}, "cuts": cuts}
                with store.part("judge", kinds=(Interactions, Policy), **asked) as part:
                    found = part.step("judge", lambda: model.evaluate(data.take(tested), k=cuts))
    told = {
        "model": str(out),
        "data": _about(data),
        "settings": {**asdict(given), **parameters},
        "choices": model.notes(),
        "evaluation": None if found is None else found.to_dicts(),
        "steps": [{"name": name, "seconds": seconds} for name, seconds in steps.taken],
    }
    write_json(json, "recommend-fit/1", told)
    _show_data(data)
    show_choices(model.choices_)
    if found is not None:
        _show_frame("judged on the test split", found)
        tell_losses(found, quiet=quiet)
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
        model = loaded(folder)
        known = held_out.like(model.interactions_)
        policies = [*known.policies, *learnt(known, model.interactions_)]
        with Steps().step("evaluate"):
            found = model.evaluate(held_out, k=cuts)
    about = {**_about(data), "policies": [asdict(policy) for policy in policies]}
    told = {"model": str(folder), "data": about, "split": split, "evaluation": found.to_dicts()}
    write_json(json, "recommend-evaluate/1", told)
    _show_policies(policies)
    _show_frame(f"judged on {'all interactions' if data.split is None else f'the {split} split'}", found)
    tell_losses(found, quiet=quiet)


def loaded(folder: Path) -> CrossDomainRecommender:
    """The model of a folder.

    Raises
    ------
    DataError
        If it is no folder.
    StoreError
        If it holds no model of this kind, or a damaged one.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder; name one that `polyculture recommend fit` wrote")
    from polyculture.recommend import CrossDomainRecommender

    return CrossDomainRecommender.load(folder)


def _read(path: Path, given: Input) -> Interactions:
    """Interactions of a file, or of a packaged set where there is no such file."""
    data = _packaged(str(path), given) if _is_packaged(path) else _file(path, given)
    return data if given.hold_out is None else hold_out(data, given.hold_out, seed=given.seed)


def _is_packaged(path: Path) -> bool:
    """Whether this names a packaged set, and no file or folder."""
    return str(path) in INTERACTIONS and not path.exists()


def _file(path: Path, given: Input) -> Interactions:
    return read_interactions(
        path,
        **given.columns,
        format=given.format,
        least_rating=given.least_rating,
        duplicates=given.duplicates,
        negative=given.negative,
        missing=given.missing,
        shared_items=given.shared_items,
    )


def _packaged(name: str, given: Input) -> Interactions:
    domain = given.columns["domain"]
    named = [f"--{part} {column}" for part, column in given.columns.items() if column is not None and part != "domain"]
    if named or domain not in GENRES:
        wrong = (named or [f"--domain {domain}"])[0]
        raise ParameterError(f"{wrong}: is no option of {name}, which has --domain genres alone; leave it out")
    return load_interactions(name, genres=GENRES[domain], least_rating=given.least_rating)


def _made(parameters: Mapping[str, Any], seed: int) -> CrossDomainRecommender:
    from polyculture.recommend import CrossDomainRecommender

    known = [name for name in signature(CrossDomainRecommender).parameters if name != "random_state"]
    for name in parameters:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ParameterError(f"--set {name}: is no parameter; {hint}use one of {', '.join(known)}")
    return CrossDomainRecommender(**parameters, random_state=seed)


def _about(data: Interactions) -> dict[str, Any]:
    return {
        "source": data.source,
        "users": len(data.users),
        "items": len(data.items),
        "domains": data.counts(),
        "policies": [asdict(policy) for policy in data.policies],
    }


def _show_data(data: Interactions) -> None:
    counts = data.counts()
    columns = list(next(iter(counts.values())))
    show("interactions", ["domain", *columns], [[name, *map(str, of.values())] for name, of in counts.items()])
    _show_policies(data.policies)


def _show_policies(policies: Sequence[Policy]) -> None:
    if policies:
        rows = [[policy.what, str(policy.count), policy.done] for policy in policies]
        show("decisions taken", ["what", "how many", "done"], rows)


def _show_frame(title: str, frame: pl.DataFrame) -> None:
    show(title, frame.columns, [[cell(value) for value in row] for row in frame.rows()])
