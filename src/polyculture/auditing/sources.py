"""Whatever a user has, to what an audit measures: answers, embeddings, or model files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.answers import Answers, Embeddings, ModelFile
from polyculture.data.audit_input import (
    answers_from,
    detect_kind,
    read_answers,
    read_detections,
    read_embeddings,
    read_model_files,
)
from polyculture.data.audit_input.files import called
from polyculture.data.remote import local_copy
from polyculture.errors import DataError, ParameterError

KINDS = ("auto", "answers", "long", "wide", "outcomes", "detections", "embeddings", "models")
Read = Answers | Embeddings | tuple[ModelFile, ...]


@dataclass(frozen=True)
class Reading:
    """How a source is read; see :func:`polyculture.audit`."""

    kind: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] | None = None
    models: Sequence[str] | None = None
    labels: Sequence[Any] | Array | None = None
    truth: str | Path | None = None
    iou: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"kind is {self.kind!r}; use one of {', '.join(KINDS)}")
        if self.kind == "detections" and self.truth is None:
            raise ParameterError("detections need the objects that are there; give a table of them as truth")

    @property
    def layout(self) -> Any:
        """What `read_answers` calls the kind."""
        return {"outcomes": "right-wrong", "long": "long", "wide": "wide"}.get(self.kind, "auto")


def paths_of(source: Any) -> list[Path] | None:
    """The files that a source names; None if it is data in memory.

    Examples
    --------
    >>> paths_of("a.csv") == [Path("a.csv")], paths_of({"a": [1, 0]})
    (True, None)
    """
    if isinstance(source, str | Path):
        return [local_copy(source)]
    if isinstance(source, list | tuple) and source and all(isinstance(path, str | Path) for path in source):
        return [local_copy(path) for path in source]
    return None


def read(source: Any, how: Reading) -> Read:
    """Read files, or take what is in memory.

    Raises
    ------
    PolycultureError
        If the source does not hold what is needed.
    """
    if isinstance(source, Answers | Embeddings):
        return source
    paths = paths_of(source)
    return _from_memory(source, how) if paths is None else _from_files(paths, how)


def _from_files(paths: Sequence[Path], how: Reading) -> Read:
    kind = detect_kind(paths) if how.kind == "auto" else how.kind
    if how.models is not None and kind in ("embeddings", "models", "detections"):
        other = "take the rows of the others out" if kind == "detections" else "give the files of these alone"
        raise ParameterError(f"models names some of those that answer, and {called(paths)} holds {kind}; {other}")
    if kind == "embeddings":
        return read_embeddings(paths, item=how.columns.get("item", "item"))
    if kind == "models":
        return read_model_files(paths)
    if kind == "detections":
        if how.truth is None:
            raise DataError(f"{paths[0]}: holds boxes; name the table of the objects that are there with --truth")
        return read_detections(paths, how.truth, iou=how.iou, **_named(how, "item", "model", "prediction", "label"))
    names = _named(how, "item", "model", "prediction", "label", "group")
    if how.labels is not None:
        raise ParameterError("labels go with a mapping of model to answers; put those of a file into its column")
    return read_answers(paths, kind=how.layout, options=how.options, models=how.models, **names)


def _named(how: Reading, *allowed: str) -> dict[str, str]:
    if unknown := sorted(set(how.columns) - {"item", "model", "prediction", "label", "group"}):
        raise ParameterError(f"columns names {unknown[0]!r}; name some of item, model, prediction, label, group")
    return {part: column for part, column in how.columns.items() if part in allowed}


def _from_memory(source: Any, how: Reading) -> Read:
    if isinstance(source, Mapping) and _are_vectors(source, how.kind):
        if how.models is not None:
            raise ParameterError("models names some of those that answer; take the others out of the mapping")
        return _embeddings(source)
    return answers_from(
        source,
        labels=how.labels,
        options=how.options,
        models=how.models,
        kind=how.layout,
        names=dict(how.columns) or None,
    )


def _are_vectors(source: Mapping[str, Any], kind: str) -> bool:
    """Whether each model comes with a matrix, or with its layers."""
    first: Any = next(iter(source.values()), 0)
    return kind == "embeddings" or (kind == "auto" and (isinstance(first, Mapping) or np.ndim(first) >= 2))


def _embeddings(source: Mapping[str, Any]) -> Embeddings:
    layers = {
        str(model): {str(name): np.asarray(layer) for name, layer in given.items()}
        if isinstance(given, Mapping)
        else {"": np.asarray(given)}
        for model, given in source.items()
    }
    rows = {len(layer) for model in layers.values() for layer in model.values()}
    if len(rows) != 1:
        raise DataError(f"the embeddings have {', '.join(map(str, sorted(rows)))} rows; all need one row for each item")
    return Embeddings(np.arange(rows.pop()).astype(str), tuple(layers), layers, aligned_by="order")
