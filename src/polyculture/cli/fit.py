"""``polyculture fit``: one model for items from several domains."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from polyculture.cli.common import (
    HTML,
    DataFile,
    Device,
    DomainColumn,
    IdColumn,
    JsonFile,
    LabelColumn,
    Language,
    Memory,
    Quiet,
    ReportFile,
    Seed,
    SplitColumn,
    Verbose,
    check_choice,
    check_ours,
    check_outputs,
    check_ranges,
)
from polyculture.cli.engines import EngineName, Workers, running_on
from polyculture.cli.kept import RunFolder, kept_in
from polyculture.cli.modalities import (
    SIZE,
    AudioColumn,
    ImageColumn,
    ImageSize,
    Modalities,
    TextColumn,
    VectorColumns,
    read_items,
)
from polyculture.errors import DataError, ParameterError
from polyculture.progress import Steps

GRAPHS = ("auto", "none", "words", "other", "same")
THRESHOLDS = ("f1", "macro_f1", "balanced_accuracy")
LEAKAGES = ("error", "drop", "allow")
TASKS = ("medical-image", "driving-scene", "security-camera")
TUNES = ("full", "upper", "head", "lora")

Out = Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder for the model.")]
Encoders = Annotated[
    str | None,
    typer.Option("--encoders", metavar="A,B,...", help="Base models; those installed. See: polyculture list encoders."),
]
Task = Annotated[
    str | None,
    typer.Option("--task", help=f"Base models and changes of training images for one of {', '.join(TASKS)}."),
]
BaseModelName = Annotated[
    str | None,
    typer.Option(
        "--backbone",
        metavar="MODEL",
        help="Fine-tune this Transformer on the texts: minilm, a folder, or owner/name on the Hugging Face hub.",
    ),
]
Tune = Annotated[str, typer.Option("--tune", help=f"What of --backbone changes: {', '.join(TUNES)}.")]
PretrainedOut = Annotated[
    Path | None,
    typer.Option("--pretrained-out", metavar="FOLDER", help="Write the fused Transformer as transformers reads it."),
]
Graph = Annotated[str, typer.Option("--graph", help=f"One of {', '.join(GRAPHS)}.")]
Fuse = Annotated[str, typer.Option("--fuse", help="How experts become one model. See: polyculture list fusions.")]
Augment = Annotated[float, typer.Option("--augment", help="Changed copies, as a share of the training items.")]
Near = Annotated[
    float, typer.Option("--near", help="From this likeness on, texts are duplicates; 1: equal ones alone.")
]
Leakage = Annotated[str, typer.Option("--leakage", help=f"Training items among the test items: {', '.join(LEAKAGES)}.")]
Threshold = Annotated[
    str | None, typer.Option("--threshold", help=f"Two classes: decide for the best {', '.join(THRESHOLDS)}.")
]
Validation = Annotated[float, typer.Option("--validation", help="Share of labelled items held out to choose by.")]
Jobs = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Threads to compute with; all if not given.")]


@dataclass(frozen=True)
class Choices:
    """Options of the steps, as they were given; `encoders` None takes what is installed."""

    encoders: str | None
    graph: str
    fuse: str
    augment: float
    near: float
    leakage: str
    threshold: str | None
    validation: float
    seed: int
    jobs: int | None
    backbone: str | None = None
    tune: str = "full"
    task: str | None = None

    def asked(self) -> dict[str, Any]:
        """All that the model depends on: not how many threads compute."""
        return {name: value for name, value in asdict(self).items() if name != "jobs"}

    def check(self) -> None:
        """Numbers must lie in their ranges, words among those known."""
        check_ranges(
            augment=(self.augment, 0, 3),
            near=(self.near, 0.01, 1),
            validation=(self.validation, 0.01, 0.9),
            seed=(self.seed, 0, 2**31),
            jobs=(1 if self.jobs is None else self.jobs, 1, 1024),
        )
        check_choice("--graph", self.graph, GRAPHS)
        check_choice("--leakage", self.leakage, LEAKAGES)
        check_choice("--tune", self.tune, TUNES)
        if self.tune != "full" and self.backbone is None:
            raise ParameterError(f"--tune {self.tune}: says what of --backbone changes; name a --backbone, too")
        if self.backbone is not None and self.graph not in ("auto", "none"):
            raise ParameterError(f"--graph {self.graph}: --backbone reads texts, which no graph spreads; leave it out")
        if self.task is not None:
            check_choice("--task", self.task, TASKS)
            if self.encoders is not None:
                raise ParameterError("--task and --encoders both name base models; give one of them")
        if self.threshold is not None:
            check_choice("--threshold", self.threshold, THRESHOLDS)


@dataclass(frozen=True)
class Outputs:
    """Where the model, what was found and the report go."""

    model: Path
    json: Path | None
    report: Path | None
    pretrained: Path | None = None
    language: str = "en"
    data: Path | None = None

    def all(self) -> list[Path | None]:
        """Every place that is written to."""
        return [self.model, self.json, self.report, self.pretrained]


def fit_command(
    data: DataFile,
    out: Out,
    text: TextColumn = None,
    image: ImageColumn = None,
    audio: AudioColumn = None,
    vector: VectorColumns = None,
    image_size: ImageSize = None,
    label: LabelColumn = "label",
    domain: DomainColumn = None,
    split: SplitColumn = None,
    id_: IdColumn = None,
    task: Task = None,
    encoders: Encoders = None,
    backbone: BaseModelName = None,
    tune: Tune = "full",
    graph: Graph = "auto",
    fuse: Fuse = "auto",
    augment: Augment = 0.0,
    near: Near = 0.9,
    leakage: Leakage = "error",
    threshold: Threshold = None,
    validation: Validation = 0.15,
    memory: Memory = None,  # noqa: ARG001 - the option sets the limit itself
    seed: Seed = 0,
    jobs: Jobs = None,
    json: JsonFile = None,
    report: ReportFile = None,
    language: Language = "en",
    pretrained_out: PretrainedOut = None,
    run: RunFolder = None,
    engine: EngineName = "local",
    workers: Workers = None,
    device: Device = None,  # noqa: ARG001 - the option sets it itself
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Learn from labelled items of several domains, keep the model, and judge it on test items where there are any."""
    choices = Choices(
        encoders, graph, fuse, augment, near, leakage, threshold, validation, seed, jobs, backbone, tune, task
    )
    choices.check()
    wanted = Modalities(text, image, audio, vector, SIZE if image_size is None else image_size)
    wanted.check(data)
    _check_places(data, Outputs(out, json, report, pretrained_out), choices)
    columns = {"label": label, "domain": domain, "split": split, "id": id_}
    outputs = Outputs(out, json, report, pretrained_out, language, data)
    settings = choices.asked() | asdict(wanted) | columns

    def work() -> None:
        inputs = [data, *_base_model(choices)]
        with kept_in(run, "fit", inputs, settings, outputs.all()), running_on(engine, workers, quiet=quiet):
            _run(data, wanted, columns, choices, outputs, quiet=quiet, verbose=verbose)

    _by_all(work)


def _by_all(work: Callable[[], None]) -> None:
    """Do it here, or with those that torchrun started beside this process."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        # torch need not be there yet: what is wrong with the file is said first
        work()
        return
    from polyculture.features.together import together

    together(work)


def _base_model(choices: Choices) -> list[Path]:
    """The folder of the Transformer, if it is named by its path: what lies there may change."""
    if choices.backbone is None or not Path(choices.backbone).is_dir():
        return []
    return [Path(choices.backbone)]


def _check_places(data: Path, outputs: Outputs, choices: Choices) -> None:
    check_outputs(folder=outputs.model, inputs=[data], json=(outputs.json, ()), report=(outputs.report, HTML))
    check_ours("--out", outputs.model, "manifest.json", "polyculture")
    if outputs.pretrained is None:
        return
    if choices.backbone is None:
        raise ParameterError("--pretrained-out: is for a fine-tuned Transformer; name a --backbone, too")
    check_outputs(folder=outputs.pretrained, folder_option="--pretrained-out", inputs=[data])
    if outputs.pretrained.resolve() == outputs.model.resolve():
        raise DataError(f"{outputs.model}: is named by two options; give each output a place of its own")
    if outputs.pretrained.resolve() == Path(choices.backbone).resolve():
        raise DataError(f"--pretrained-out {outputs.pretrained}: is the base model that is read; name a new folder")
    check_ours("--pretrained-out", outputs.pretrained, "config.json", "polyculture_version")


def _run(
    path: Path,
    wanted: Modalities,
    columns: Mapping[str, str | None],
    choices: Choices,
    outputs: Outputs,
    *,
    quiet: bool,
    verbose: bool,
) -> None:
    from polyculture.cli.screen import progress

    clock = Steps()
    with progress(quiet=quiet, verbose=verbose):
        with clock.step("read"):
            data = read_items(path, wanted, **columns)
        # imported only now: what is wrong with the file is said before seconds go into torch
        from polyculture.cli.learn import learn

        found = learn(data, choices, outputs, clock, quiet=quiet)
    found.tell()
