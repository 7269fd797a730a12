"""Fuse models of one architecture from files to a file, however large they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.errors import DataError, ParameterError
from polyculture.fuse.checking import tensor_of
from polyculture.fuse.entry import ready, without
from polyculture.fuse.methods import METHODS, Method
from polyculture.fuse.stored import FLOATS, WHOLE, Model, Stored
from polyculture.fuse.tensor_by_tensor import merged
from polyculture.fuse.writing import writing
from polyculture.progress import LOG, Steps


@dataclass(frozen=True)
class Fused:
    """What was fused into a file.

    Parameters
    ----------
    out : Path
    method : str
    settings : mapping of str to value
        Those that were given.
    base : str
        Empty if there was none.
    experts : tuple of str
    tensors, numbers : int
        Of one model.
    averaged : int
        Tensors that the method does not apply to, and that were averaged.
    copied : int
        Tensors of whole numbers, which are the base model's, or without one the first expert's.
    differing : tuple of str
        Those among them in which an expert has other numbers.
    """

    out: Path
    method: str
    settings: Mapping[str, Any]
    base: str
    experts: tuple[str, ...]
    tensors: int
    numbers: int
    averaged: int
    copied: int
    differing: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


def fuse_files(
    experts: Sequence[str | Path],
    out: str | Path,
    *,
    base: str | Path | None = None,
    method: str = "average",
    **settings: Any,
) -> Fused:
    """Merge files into a file, one tensor or layer at a time.

    Memory is bounded by the largest tensor and not by the model or the number of experts: sums over experts are kept
    running, and what is merged is written at once. The file is there when all is done, or not at all.

    Parameters
    ----------
    experts : sequence of path
        Files of safetensors, or folders of transformers, of one file or several.
    out : path
        A file that ends in .safetensors; types and metadata are the base model's, or without one the first expert's.
    base, method, **settings
        As in :func:`polyculture.fuse.entry.fuse`; a method that asks for a function of the whole model takes no files.

    Raises
    ------
    ParameterError, ShapeError, DataError
        As in :func:`polyculture.fuse.entry.fuse`; naming the file.
    StoreError
        If the result cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np, safetensors.numpy
    >>> from polyculture.fuse.files import fuse_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     one, two, out = (pathlib.Path(folder, f"{name}.safetensors") for name in ("one", "two", "out"))
    ...     safetensors.numpy.save_file({"w": np.array([1.0])}, one)
    ...     safetensors.numpy.save_file({"w": np.array([3.0])}, two)
    ...     print(fuse_files([one, two], out).tensors, safetensors.numpy.load_file(out))
    1 {'w': array([2.])}
    """
    if method in METHODS and METHODS[method].reads == "models":
        raise ParameterError(f"{method} asks for a function of the whole model; call polyculture.fuse with state dicts")
    start, models, how, sums = ready(experts, base, method, settings)
    path = Path(out)
    _check_out(path, [start, *models, *sums])
    layout = {name: (start.kind(name), start.shape(name)) for name in start}
    metadata = start.metadata if isinstance(start, Stored) else {}
    with Steps().step(f"{method} of {len(models)} experts"), writing(path, layout, metadata) as write:
        for name, place, values in merged(start, models, how, sums, without(settings, how)):
            if not place:
                LOG.info("%s ...", name)
            write(name, values, place)
    return _facts(path, base, start, models, how, sums, settings)


def _check_out(path: Path, models: Sequence[Model]) -> None:
    if path.suffix.lower() != ".safetensors":
        raise DataError(f"{path}: the ending {path.suffix!r} is not known; end it in .safetensors")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise DataError(f"{path}: the folder {path.absolute().parent} does not exist; make it first, or choose another")
    for model in models:
        if isinstance(model, Stored) and path.resolve() in {file.resolve() for file in model.files}:
            raise DataError(f"{path}: is a file that is read, and would be lost; choose another name")


def _facts(
    path: Path,
    base: str | Path | None,
    start: Model,
    experts: Sequence[Model],
    method: Method,
    sums: Sequence[Model],
    settings: Mapping[str, Any],
) -> Fused:
    copied = [name for name in start if start.kind(name) in WHOLE]
    floats = [name for name in start if start.kind(name) in FLOATS]
    differing = [n for n in copied if any(not np.array_equal(e.flat(n), start.flat(n)) for e in experts)]
    return Fused(
        path,
        method.name,
        without(settings, method),
        "" if base is None else start.label,
        tuple(expert.label for expert in experts),
        len(start),
        sum(math.prod(start.shape(name)) for name in start),
        sum(_is_averaged(start, name, method, sums) for name in floats),
        len(copied),
        tuple(differing),
    )


def _is_averaged(model: Model, name: str, method: Method, sums: Sequence[Model]) -> bool:
    if method.matrices:
        return len(model.shape(name)) != 2
    if not sums:
        return False
    solved = {tensor_of(method, each) for each in sums[0]}
    layer = name.rpartition(".")[0]
    return name not in solved and not (method.statistics == "grams" and f"{layer}.weight" in solved)
