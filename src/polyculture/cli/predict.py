"""``polyculture predict``: a class for each item of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import (
    ENDINGS,
    DataFile,
    Device,
    DomainColumn,
    JsonFile,
    ModelFolder,
    Quiet,
    check_outputs,
    write_json,
)
from polyculture.cli.modalities import (
    AudioColumn,
    ImageColumn,
    Modalities,
    TextColumn,
    VectorColumns,
    is_table,
    items_of,
    note_lacking,
    read_items,
    size_of,
)
from polyculture.errors import DataError
from polyculture.progress import Steps

if TYPE_CHECKING:
    from polyculture.classify import CrossDomainClassifier
    from polyculture.cli.table import Table
    from polyculture.data import DomainData

PREDICTION = "prediction"


def predict_command(
    model: ModelFolder,
    data: DataFile,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=f"Where to write: {' '.join(ENDINGS[:4])}")],
    text: TextColumn = None,
    image: ImageColumn = None,
    audio: AudioColumn = None,
    vector: VectorColumns = None,
    domain: DomainColumn = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace columns of predictions that are there.")
    ] = False,
    json: JsonFile = None,
    device: Device = None,  # noqa: ARG001 - the option sets it itself
    quiet: Quiet = False,
) -> None:
    """Write the rows of DATA with a prediction and the probability of each class."""
    check_outputs(inputs=[data], out=(out, ENDINGS), json=(json, ()))
    wanted = Modalities(text, image, audio, vector, size_of(model))
    wanted.check(data)
    from polyculture.cli.screen import progress

    with progress(quiet=quiet), Steps().step("predict"):
        found = _predict(model, data, out, wanted, domain=domain, overwrite=overwrite)
    write_json(json, "predict/1", {"model": str(model), "out": str(out), **found})
    _show(found, out)


def _predict(
    folder: Path, path: Path, out: Path, wanted: Modalities, *, domain: str | None, overwrite: bool
) -> dict[str, Any]:
    from polyculture.cli.table import as_frame, with_columns, write_table

    table, items = _asked(path, wanted, domain)
    if out.suffix.lower() == ".parquet":
        table = as_frame(table, path)
    # imported only now: what is wrong with the file is said before seconds go into torch
    from polyculture.cli.findings import load_model
    from polyculture.features.items import Items

    model = load_model(folder)
    classes = model.classes_.tolist()
    columns = [PREDICTION, *(f"p_{name}" for name in classes)]
    if not overwrite:
        _check_free(table, columns, path)
    note_lacking(folder, items)
    found = model.predict_proba(Items.checked(items.items, items.present), domain=items.domain)
    named = [classes[i] for i in model.decide(found).tolist()]
    write_table(out, with_columns(table, dict(zip(columns, [named, *found.T.tolist()], strict=True))))
    return _counts(model, items, named, path)


def _asked(path: Path, wanted: Modalities, domain: str | None) -> tuple[Table, DomainData]:
    """The table that is written again with predictions, and its items; of files, a table of their names."""
    if not is_table(path):
        items = read_items(path, wanted)
        return {"id": items.ids.tolist(), "domain": items.domain.tolist()}, items
    from polyculture.data.readers import read_table

    table = read_table(path)
    return table, items_of(table, path, wanted, domain=domain)


def _check_free(table: Table, columns: Sequence[str], path: Path) -> None:
    from polyculture.cli.table import names

    there = names(table)
    if taken := [name for name in columns if name in there]:
        raise DataError(f"{path}: has a column {taken[0]!r} already; rename it, or replace it with --overwrite")


def _counts(model: CrossDomainClassifier, items: DomainData, named: Sequence[Any], path: Path) -> dict[str, Any]:
    where = Counter(zip(items.domain.tolist(), named, strict=True))
    domains: dict[str, dict[str, Any]] = {
        name: {
            "known": name in model.domains_,
            "items": int((items.domain == name).sum()),
            "predicted": {str(c): where[name, c] for c in model.classes_.tolist()},
        }
        for name in items.domains
    }
    unseen = sum(found["items"] for found in domains.values() if not found["known"])
    return {"data": str(path), "items": len(items), "unseen": unseen, "domains": domains}


def _show(found: dict[str, Any], out: Path) -> None:
    from polyculture.cli.screen import show

    rows = [
        [name, str(of["items"]), "routed" if of["known"] else "static", *map(str, of["predicted"].values())]
        for name, of in found["domains"].items()
    ]
    classes = next(iter(found["domains"].values()))["predicted"]
    show("predicted items by domain", ["domain", "items", "served by", *classes], rows)
    typer.echo(out)
