"""``polyculture explain``: why a model answers as it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import (
    DataFile,
    Device,
    DomainColumn,
    JsonFile,
    ModelFolder,
    Quiet,
    Seed,
    check_choice,
    check_outputs,
    check_ranges,
    here,
    words,
    write_json,
)
from polyculture.cli.modalities import (
    AudioColumn,
    ImageColumn,
    Modalities,
    TextColumn,
    VectorColumns,
    note_lacking,
    read_items,
    size_of,
)
from polyculture.errors import DataError, ParameterError, PolycultureError
from polyculture.progress import Steps

if TYPE_CHECKING:
    from polyculture.data import DomainData
    from polyculture.explain import Explanation

KINDS = ("auto", "words", "features", "patches", "neighbours", "edges", "domains", "modalities", "prototypes")
MOST_ITEMS = 10_000


@dataclass(frozen=True)
class Wanted:
    """What is asked for besides the items."""

    kinds: tuple[str, ...]
    most: int
    known: tuple[Any, Any] | None
    names: Sequence[str]
    faithfulness: bool
    seed: int


def explain_command(
    model: ModelFolder,
    data: DataFile,
    text: TextColumn = None,
    image: ImageColumn = None,
    audio: AudioColumn = None,
    vector: VectorColumns = None,
    domain: DomainColumn = None,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="1,5,9", help="Rows of DATA to explain, the first is 1.")
    ] = None,
    items: Annotated[
        int | None, typer.Option("--items", metavar="N", help="Rows drawn at random; 5 if no --rows are named.")
    ] = None,
    kinds: Annotated[
        str, typer.Option("--kinds", metavar="LIST", help=f"Reasons to give, some of {', '.join(KINDS)}.")
    ] = "auto",
    most: Annotated[int, typer.Option("--most", metavar="N", help="Reasons of each kind that are shown.")] = 5,
    known: Annotated[
        Path | None,
        typer.Option(
            "--known",
            parser=here,
            metavar="FILE",
            help="Labelled items to choose prototypes from, and to call neighbours by.",
        ),
    ] = None,
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="Column of classes in --known.")] = "label",
    faithfulness: Annotated[
        bool, typer.Option("--faithfulness", help="Put the reasons to the test: leave out what weighs most.")
    ] = False,
    json: JsonFile = None,
    seed: Seed = 0,
    device: Device = None,  # noqa: ARG001 - the option sets it itself
    quiet: Quiet = False,
) -> None:
    """Say why MODEL answers as it does for items of DATA: words, columns, patches, neighbours, domains, prototypes."""
    check_outputs(inputs=[data, known], json=(json, ()))
    check_ranges(seed=(seed, 0, 2**32 - 1), most=(most, 1, 1000))
    chosen, columns = _kinds(kinds, known), Modalities(text, image, audio, vector, size_of(model))
    columns.check(data)
    from polyculture.cli.screen import progress

    with progress(quiet=quiet), Steps().step("explain"):
        asked = _rows(read_items(data, columns, domain=domain), data, rows=rows, items=items, seed=seed)
        labelled, names = (None, ()) if known is None else _known(known, columns, label=label)
        wanted = Wanted(chosen, most, labelled, names, faithfulness, seed)
        note_lacking(model, asked[0])
        found = _explained(model, asked[0], wanted, quiet=quiet)
    explanations, judged = found
    _write(json, {"model": str(model), "data": str(data)}, asked, found)
    for row, item, said in zip(asked[1], _named(asked[0]), explanations, strict=True):
        _show(row, item, said, most)
    if judged:
        _show_judged(judged)


def _kinds(listed: str, known: Path | None) -> tuple[str, ...]:
    chosen = words(listed) or ()
    if not chosen:
        raise ParameterError(f"--kinds names nothing; use some of {', '.join(KINDS)}")
    for kind in chosen:
        check_choice("--kinds", kind, KINDS)
    if "prototypes" in chosen and known is None:
        raise ParameterError("--kinds prototypes: needs labelled items to choose from; name a file by --known")
    return chosen


def _known(path: Path, columns: Modalities, *, label: str) -> tuple[tuple[Any, Any], list[str]]:
    """Items with their labels, and what to call them."""
    found = read_items(path, columns, label=label)
    return (_given(found), found.label), [short(next(iter(name.values()))) for name in _named(found)]


def _given(items: DomainData) -> Any:
    """Items as a model takes them."""
    from polyculture.features.items import Items

    return Items.checked(items.items, items.present)


def short(name: str, most: int = 60) -> str:
    """The beginning of a long name."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _named(items: DomainData) -> list[dict[str, str]]:
    """What to call each item: its text, else its id."""
    if "text" in items.items:
        return [{"text": str(text)} for text in items.texts.tolist()]
    return [{"id": str(name)} for name in items.ids.tolist()]


def _rows(
    found: DomainData, path: Path, *, rows: str | None, items: int | None, seed: int
) -> tuple[DomainData, list[int]]:
    """The items that are asked about, and their rows in the file."""
    import numpy as np

    if rows is not None and items is not None:
        raise ParameterError("--rows and --items are both given; name rows, or a number of them")
    if rows is None:
        check_ranges(items=(5 if items is None else items, 1, MOST_ITEMS))
        count = min(len(found), 5 if items is None else items)
        places = np.sort(np.random.default_rng(seed).permutation(len(found))[:count])
    else:
        places = np.array([_place(word, len(found), path) for word in words(rows) or ()], dtype=int)
        if not len(places):
            raise ParameterError("--rows names no row; list some, for example --rows 1,5,9")
        if len(set(places.tolist())) < len(places):
            raise ParameterError(f"--rows {rows}: names a row twice; name each once")
    return found.take(places), (places + 1).tolist()


def _place(word: str, count: int, path: Path) -> int:
    if not word.isascii() or not word.isdecimal():
        raise ParameterError(f"--rows: {word!r} is no number of a row; list whole numbers, for example --rows 1,5,9")
    if len(word) > 12 or not 1 <= int(word) <= count:
        raise DataError(f"{path}: has {count} rows, and --rows names row {word[:12]}; name rows from 1 to {count}")
    return int(word) - 1


def _explained(
    folder: Path, asked: DomainData, wanted: Wanted, *, quiet: bool
) -> tuple[list[Explanation], dict[str, Any]]:
    # imported only now: what is wrong with the files is said before seconds go into torch
    from polyculture.cli.findings import load_model
    from polyculture.explain import explain

    model = load_model(folder)
    found = explain(
        model,
        _given(asked),
        domain=asked.domain,
        kinds=wanted.kinds,
        most=wanted.most,
        known=wanted.known,
        seed=wanted.seed,
    )
    judged = _judged(model, asked, found[0], wanted, quiet=quiet) if wanted.faithfulness else {}
    return _calling(model, found, wanted), judged


def _calling(model: Any, found: list[Explanation], wanted: Wanted) -> list[Explanation]:
    """The same with neighbours called by their texts or ids, as far as these were given."""
    if wanted.known is None or not any(said.neighbours for said in found):
        return found
    places = model.places_among_fitted(wanted.known[0])

    def called(of: Mapping[str, Any]) -> dict[str, Any]:
        place = places.get(of["item"])
        return {**of} if place is None else {**of, "name": wanted.names[place]}

    return [replace(said, neighbours=[called(of) for of in said.neighbours or ()] or said.neighbours) for said in found]


def _judged(model: Any, asked: DomainData, first: Explanation, wanted: Wanted, *, quiet: bool) -> dict[str, Any]:
    from polyculture.cli.screen import note
    from polyculture.explain import Asked, judge

    items, judged = Asked.of(model, _given(asked), domain=asked.domain), {}
    for kind in ("words", "features", "patches", "neighbours", "edges", "domains", "modalities"):
        if getattr(first, kind) is None:
            continue
        try:
            judged[kind] = judge(items, kind, seed=wanted.seed)
        except PolycultureError as error:
            note(f"reasons of the kind {kind} were not put to the test, as {error}", quiet=quiet)
    return judged


def _write(
    json: Path | None,
    names: Mapping[str, str],
    asked: tuple[DomainData, Sequence[int]],
    found: tuple[Sequence[Explanation], Mapping[str, Any]],
) -> None:
    items = [
        {"row": row, **name, **replace(said, item=row).to_dict()}
        for row, name, said in zip(asked[1], _named(asked[0]), found[0], strict=True)
    ]
    for item in items:
        del item["item"]
    write_json(json, "explain/1", {**names, "items": items, "faithfulness": found[1]})


def _show(row: int, name: Mapping[str, str], said: Explanation, most: int) -> None:
    from polyculture.cli.screen import show

    lines = [[what, called[:200]] for what, called in name.items()]
    lines += [
        [kind, "  ".join(line(of) for of in _strongest(kind, getattr(said, kind), most))]
        for kind, line in _LINES.items()
        if getattr(said, kind)
    ]
    where = "" if said.domain is None else f" ({said.domain})"
    title = f"row {row}{where}: {said.predicted}, probability {said.probability:.3f}"
    show(title, ["reasons", "how much each spoke for it, in log-odds"], lines)


def _strongest(kind: str, found: Any, most: int) -> list[Any]:
    if kind in ("domains", "modalities"):
        found = [{"name": name, **of} for name, of in found.items()]
    if kind == "prototypes":
        return list(found[:most])
    key = "effect" if kind == "neighbours" else "share" if kind in ("domains", "modalities") else "weight"
    return sorted(found, key=lambda of: -abs(of[key]))[:most]


def _neighbour(of: Mapping[str, Any]) -> str:
    """What a fitted item is called: its text or id where --known told it."""
    return f"“{of['name']}”" if "name" in of else "a fitted item (--known names it)"


_LINES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "words": lambda of: f"{of['word']} {of['weight']:+.2f}",
    "features": lambda of: f"{of['name']} {of['weight']:+.2f}",
    "patches": lambda of: f"row {of['row']}, column {of['column']} {of['weight']:+.2f}",
    "neighbours": lambda of: f"{_neighbour(of)} {of['effect']:+.2f}",
    "edges": lambda of: f"{of['from']} to {of['to']} ({of['weight']:.2f})",
    "domains": lambda of: f"{of['name']} {of['share']:+.2f}",
    "modalities": lambda of: f"{of['name']} {of['share']:+.2f}",
    "prototypes": lambda of: f"row {of['item'] + 1} of the known: {of['class']} (similar {of['similarity']:.2f})",
}


def _show_judged(judged: Mapping[str, Any]) -> None:
    from polyculture.cli.screen import show

    scores = ("deletion", "insertion", "comprehensiveness", "sufficiency")
    rows = [
        [kind, str(of["items"]), *(_interval(of[score]["margin"]) for score in scores), _check(of["model"])]
        for kind, of in judged.items()
    ]
    columns = ["reasons", "items", *scores, "mixed-up model"]
    show("are the reasons true? how much better than random reasons, in probability", columns, rows)


def _interval(of: Mapping[str, float]) -> str:
    return f"{of['estimate']:.3f} [{of['low']:.3f}, {of['high']:.3f}]"


def _check(of: Mapping[str, Any] | None) -> str:
    if of is None:
        return "–"
    return f"{of['randomised']['estimate']:+.2f}, {'passes' if of['passes'] else 'fails'}"
