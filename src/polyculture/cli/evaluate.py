"""``polyculture evaluate``: a fitted model on labelled items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.cli.common import (
    HTML,
    DataFile,
    Device,
    DomainColumn,
    JsonFile,
    LabelColumn,
    Language,
    ModelFolder,
    Quiet,
    ReportFile,
    SplitColumn,
    check_outputs,
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
from polyculture.cli.reporting import write_report
from polyculture.progress import Steps

if TYPE_CHECKING:
    from polyculture.data import DomainData
    from polyculture.evaluation import Evaluation


def evaluate_command(
    model: ModelFolder,
    data: DataFile,
    text: TextColumn = None,
    image: ImageColumn = None,
    audio: AudioColumn = None,
    vector: VectorColumns = None,
    label: LabelColumn = "label",
    domain: DomainColumn = None,
    split: SplitColumn = None,
    json: JsonFile = None,
    report: ReportFile = None,
    language: Language = "en",
    device: Device = None,  # noqa: ARG001 - the option sets it itself
    quiet: Quiet = False,
) -> None:
    """Judge a model on labelled items: macro-F1 and accuracy by domain, sensitivity and specificity by class.

    Where the items have a split, its test items alone are judged.
    """
    check_outputs(inputs=[data], json=(json, ()), report=(report, HTML))
    from polyculture.cli.screen import progress

    wanted = Modalities(text, image, audio, vector, size_of(model))
    wanted.check(data)
    with progress(quiet=quiet), Steps().step("evaluate"):
        found = _judge(model, read_items(data, wanted, label=label, domain=domain, split=split, id=None))
    _tell(found, json)
    write_report(found, report, [data, model], language)


def _judge(model: Path, items: DomainData) -> Evaluation:
    from polyculture.cli.findings import load_model
    from polyculture.evaluation import evaluate

    return evaluate(load_model(model), items)


def _tell(found: Evaluation, json: Path | None) -> None:
    from polyculture.cli.findings import show_evaluation

    if json is not None:
        found.to_json(json)
    show_evaluation(found)
