"""What kind of input files are, by their endings and by what is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from polyculture.data.audit_input.boxes import CORNERS
from polyculture.data.audit_input.files import Paths, checked
from polyculture.data.audit_input.model_files import PICKLED
from polyculture.data.audit_input.names import Names
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.data.audit_input.safetensors import open_safetensors
from polyculture.data.audit_input.vectors import IDS
from polyculture.errors import DataError

Input = Literal["answers", "detections", "embeddings", "models"]

_ENDINGS: dict[str, Input] = {".npy": "embeddings", ".npz": "embeddings", ".onnx": "models"}
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_PARQUET = ".parquet"
_ROWS = 1000
_LONGEST_LINE = 2**24


def detect_kind(paths: Paths) -> Input:
    r"""Whether files hold answers, detections, embeddings or models.

    Tables hold answers, or detections if they have the columns of a box; a Parquet file whose columns are lists, or
    floating-point numbers that are not whole, embeddings. Numpy's files hold embeddings, files of ONNX models. A file
    of safetensors holds embeddings if its arrays all have two axes and the same number of rows, or its metadata ids of
    items; otherwise, a model.

    Parameters
    ----------
    paths : path or sequence of paths

    Returns
    -------
    {"answers", "detections", "embeddings", "models"}

    Raises
    ------
    DataError
        If a file is missing, of an unknown kind, or of another kind than the first.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "answers.csv")
    ...     _ = path.write_text("item,bert,gpt\nq1,a,b\n", encoding="utf-8")
    ...     detect_kind(path)
    'answers'
    """
    files = checked(paths)
    frames = read_parquets([path for path in files if path.suffix.lower() == _PARQUET], rows=_ROWS)
    kinds = [_kind(path, frames) for path in files]
    for path, kind in zip(files, kinds, strict=True):
        if kind != kinds[0]:
            raise DataError(
                f"{path}: looks like {kind}, and {files[0]} like {kinds[0]}; give files of one kind, or say which with "
                "--kind"
            )
    return kinds[0]


def _kind(path: Path, frames: Iterator[pl.DataFrame | DataError]) -> Input:
    ending = path.suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if ending in PICKLED:
        return "models"
    if ending == ".safetensors":
        return _safetensors(path)
    if ending == _PARQUET:
        return _parquet(next(frames))
    if ending in _TABLES:
        return _columns(_header(path))
    known = ", ".join((*_TABLES, _PARQUET, *_ENDINGS, ".safetensors"))
    raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in {known}")


def _header(path: Path) -> Sequence[str]:
    """Names in the first line, if it can be read: what is wrong with a table is said where it is read as a whole."""
    with path.open("rb") as stream:
        line = stream.readline(_LONGEST_LINE).decode("utf-8-sig", "replace")
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        try:
            return list(json.loads(line))
        except (ValueError, TypeError, RecursionError):
            return []
    return [name.strip().strip('"') for name in line.split("\t" if path.suffix.lower() == ".tsv" else ",")]


def _columns(names: Sequence[str]) -> Input:
    return "detections" if set(CORNERS) <= set(names) else "answers"


def _parquet(frame: pl.DataFrame | DataError) -> Input:
    if isinstance(frame, DataError):
        raise frame
    if _columns(frame.columns) == "detections":
        return "detections"
    known = {Names.model, Names.prediction, Names.correct, Names.label}
    others = [column for column in frame if column.name not in (*IDS, Names.task, Names.group)]
    if known & set(frame.columns) or not others:
        return "answers"
    lists = any(isinstance(column.dtype, pl.List | pl.Array) for column in others)
    # whole numbers come as such, however they were written
    sides = all(column.dtype.is_numeric() for column in others) and any(column.dtype.is_float() for column in others)
    return "embeddings" if lists or sides else "answers"


def _safetensors(path: Path) -> Input:
    file = open_safetensors(path)
    shapes = [tensor.shape for tensor in file.tensors.values()]
    alike = all(len(shape) == 2 for shape in shapes) and len({shape[0] for shape in shapes}) == 1
    return "embeddings" if alike or any(name in file.metadata for name in IDS) else "models"
