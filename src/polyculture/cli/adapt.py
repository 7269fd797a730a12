"""``polyculture adapt``: a fitted model learns one domain more, from few labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import (
    DataFile,
    Device,
    JsonFile,
    LabelColumn,
    ModelFolder,
    Quiet,
    SplitColumn,
    check_choice,
    check_ours,
    check_outputs,
    write_json,
)
from polyculture.cli.modalities import (
    AudioColumn,
    ImageColumn,
    Modalities,
    TextColumn,
    VectorColumns,
    read_items,
    size_of,
)
from polyculture.errors import DataError, ParameterError
from polyculture.progress import Steps

if TYPE_CHECKING:
    from polyculture.classify import CrossDomainClassifier
    from polyculture.data import DomainData

Name = Annotated[str, typer.Option("--as", metavar="NAME", help="What the new domain is called.")]
Out = Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder for the model with one domain more.")]
Method = Annotated[
    str,
    typer.Option("--method", help="auto chooses by cross-validation; or one of: polyculture list few-labels."),
]


def adapt_command(
    model: ModelFolder,
    data: DataFile,
    name: Name,
    out: Out,
    text: TextColumn = None,
    image: ImageColumn = None,
    audio: AudioColumn = None,
    vector: VectorColumns = None,
    label: LabelColumn = "label",
    split: SplitColumn = None,
    method: Method = "auto",
    json: JsonFile = None,
    device: Device = None,  # noqa: ARG001 - the option sets it itself
    quiet: Quiet = False,
) -> None:
    """Teach a fitted model a new domain from one to 64 labelled items a class; all other domains' answers stay.

    Rows of DATA without a label join as unlabelled items. Where DATA has a split, its test rows are not learnt from,
    and judge the model before and after.
    """
    check_outputs(folder=out, inputs=[data], json=(json, ()))
    _check_asked(model, name, out, method)
    wanted = Modalities(text, image, audio, vector, size_of(model))
    wanted.check(data)
    from polyculture.cli.screen import progress
    from polyculture.store import claimed

    with claimed([out, json]), progress(quiet=quiet), Steps().step("adapt"):
        items = read_items(data, wanted, label=label, domain=None, split=split, id=None)
        found = _adapt(model, items, name, method, out)
    write_json(json, "adapt/1", {"model": str(model), "out": str(out), **found})
    _show(found, out)


def _check_asked(model: Path, name: str, out: Path, method: str) -> None:
    from polyculture.optimise.few_labels import FEW_LABELS

    if not name.strip():
        raise ParameterError("--as: is empty; say what the new domain is called")
    if out.resolve() == model.resolve():
        raise DataError(f"--out {out}: is the model that is read; name a new folder")
    check_ours("--out", out, "manifest.json", "polyculture")
    if method != "auto":
        check_choice("--method", method, ("auto", *FEW_LABELS))


def _adapt(folder: Path, items: DomainData, name: str, method: str, out: Path) -> dict[str, Any]:
    # imported only now: what is wrong with the file is said before seconds go into torch
    import numpy as np

    from polyculture.cli.findings import load_model
    from polyculture.features.items import Items

    model = load_model(folder)
    test = np.zeros(len(items), dtype=bool) if items.split is None else items.within("test")
    before = _accuracy(model, items.take(test), name)
    own = items.take(~test)
    model.adapt_to(Items.checked(own.items, own.present), own.label, domain=name, method=method)
    arrived = model.arrived_[name]
    model.save(out)
    found = {"domain": name, "labels": arrived.labels, "method": arrived.method, "losses": arrived.scores}
    if before is None:
        return found
    return found | {"accuracy": {"before": before, "after": _accuracy(model, items.take(test), name)}}


def _accuracy(model: CrossDomainClassifier, items: DomainData, name: str) -> float | None:
    """Share of items with a label that are answered right; None where there are none."""
    import numpy as np

    from polyculture.features.items import Items

    known = np.flatnonzero([value is not None for value in items.label.tolist()])
    if not len(known):
        return None
    judged = items.take(known)
    asked = Items.checked(judged.items, judged.present)
    return 100 * float(model.score(asked, judged.label, domain=[name] * len(judged)))


def _show(found: dict[str, Any], out: Path) -> None:
    from polyculture.cli.screen import show

    rows = [
        [name, f"{loss:.3f}", "chosen" if name == found["method"] else ""] for name, loss in found["losses"].items()
    ]
    if rows:
        show(f"{found['domain']}: loss on its labelled items, each left out", ["method", "loss", ""], rows)
    else:
        show(f"{found['domain']}: too few labels to compare methods", ["method"], [[found["method"]]])
    if "accuracy" in found:
        judged = [f"{found['accuracy'][when]:.1f}" for when in ("before", "after")]
        show("accuracy on its test rows, %", ["before", "after"], [judged])
    typer.echo(out)
