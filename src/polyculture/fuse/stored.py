"""Models as named tensors that are read when asked for: from memory, a file, or a folder of files."""

from __future__ import annotations

import json
import os
import weakref
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError

if TYPE_CHECKING:
    from polyculture.data.audit_input.safetensors import Safetensors

ALL = slice(None)
INDEX = "model.safetensors.index.json"
_LARGEST_INDEX = 100 * 2**20
FLOATS: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
WHOLE: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"), "U8": np.dtype("u1"), "I8": np.dtype("i1"), "U16": np.dtype("<u2"), "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"), "I32": np.dtype("<i4"), "U64": np.dtype("<u8"), "I64": np.dtype("<i8"),
}  # fmt: skip


class Model(Mapping[str, Array]):
    """Tensors by name; floating-point numbers come in four or eight bytes, whole numbers as they are.

    Attributes
    ----------
    label : str
        What messages call it.
    """

    label: str

    @abstractmethod
    def kind(self, name: str) -> str:
        """Type of a tensor, as files of safetensors call it."""

    @abstractmethod
    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, without reading it."""

    @abstractmethod
    def flat(self, name: str, span: slice = ALL) -> Array:
        """Numbers of a tensor in a row, or some of them."""

    def __getitem__(self, name: str) -> Array:
        return self.flat(name).reshape(self.shape(name))


class Stored(Model):
    """A model on disk; its tensors are read one at a time, and nothing is kept.

    Parameters
    ----------
    path : path
        A file that ends in .safetensors, or a folder of transformers: with ``model.safetensors``, or with several files
        and their index.

    Raises
    ------
    DataError
        If there is none, or a file is damaged, incomplete or of another kind.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np, safetensors.numpy
    >>> from polyculture.fuse.stored import Stored
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "a.safetensors")
    ...     safetensors.numpy.save_file({"w": np.arange(3, dtype=np.float16)}, path)
    ...     model = Stored(path)
    ...     print(model.kind("w"), model["w"], model["w"].dtype)
    F16 [0. 1. 2.] float32
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.label = str(path)
        self._streams: dict[Path, int] = {}
        self._homes = _index(self.path) if self.path.is_dir() else _tensors_of(_opened(self.path))

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)

    @property
    def files(self) -> set[Path]:
        """Every file that is read."""
        return {home.path for home in self._homes.values()}

    @property
    def metadata(self) -> dict[str, str]:
        """What the first file says of itself."""
        return dict(next(iter(self._homes.values())).metadata) if self._homes else {}

    def kind(self, name: str) -> str:  # noqa: D102 - as in the base class
        return self._homes[name].tensors[name].dtype

    def shape(self, name: str) -> tuple[int, ...]:  # noqa: D102 - as in the base class
        return self._homes[name].tensors[name].shape

    def raw(self, name: str) -> Array:
        """Bytes of a tensor."""
        return self._homes[name].bytes_of(name)

    def flat(self, name: str, span: slice = ALL) -> Array:
        """Numbers of a tensor in a row, or some of them.

        Raises
        ------
        DataError
            If they are of a type that cannot be merged, or some are no numbers.
        """
        kind = self.kind(name)
        if kind in WHOLE:
            return self.raw(name).view(WHOLE[kind])[span]
        if kind not in FLOATS:
            raise DataError(f"{self.label}: {name!r} is of type {kind}; convert it to BF16, F16, F32 or F64")
        values = self._read(name, FLOATS[kind], span)
        if kind == "BF16":  # the upper half of four bytes
            values = (values.astype(np.uint32) << 16).view(np.float32)
        elif kind == "F16":
            values = values.astype(np.float32)
        if not np.isfinite(values).all():
            raise DataError(f"{self.label}: {name!r} holds values that are not numbers; train or export it again")
        return values

    def _read(self, name: str, kind: np.dtype[Any], span: slice) -> Array:
        """Numbers of a tensor in memory of their own: what is mapped would count as ours, and costs a fault a page."""
        home = self._homes[name]
        tensor = home.tensors[name]
        first, last, _ = span.indices((tensor.stop - tensor.start) // kind.itemsize)
        values = np.empty(max(last - first, 0), dtype=kind)
        if _fill(self._stream(home.path), values.view(np.uint8).data, tensor.start + first * kind.itemsize):
            return values
        raise DataError(f"{home.path}: is shorter than when it was opened; leave it alone while it is read")

    def _stream(self, path: Path) -> int:
        """A file that stays open, so that the system sees that it is read on and on, and reads ahead."""
        if path not in self._streams:
            self._streams[path] = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
            weakref.finalize(self, os.close, self._streams[path])
        return self._streams[path]


def _fill(stream: int, held: memoryview, place: int) -> bool:
    """Read from a place on until all is there; False where the file ends before."""
    while held:
        count = os.preadv(stream, [held], place)
        if not count:
            return False
        held, place = held[count:], place + count
    return True


def _opened(path: Path) -> Safetensors:
    from polyculture.data.audit_input.model_files import PICKLED
    from polyculture.data.audit_input.safetensors import open_safetensors

    if path.suffix.lower() in PICKLED:
        raise DataError(
            f"{path}: is a pickle, which can run any code when it is read; convert it to safetensors where you trust "
            "it (safetensors.torch.save_file)"
        )
    if path.suffix.lower() != ".safetensors":
        raise DataError(f"{path}: the ending {path.suffix!r} is not known; give a file that ends in .safetensors")
    if not path.is_file():
        raise DataError(f"{path}: does not exist; check the path")
    found = open_safetensors(path)
    if not found.tensors:
        raise DataError(f"{path}: holds no tensors; write it again with some")
    return found


def _tensors_of(home: Safetensors) -> dict[str, Safetensors]:
    return dict.fromkeys(home.tensors, home)


def _index(folder: Path) -> dict[str, Safetensors]:
    if (folder / INDEX).is_file():
        return _sharded(folder)
    if (folder / "adapter_config.json").is_file():
        raise DataError(f"{folder}: holds an adapter; merge it into its model first, and give that")
    if (folder / "model.safetensors").is_file():
        return _tensors_of(_opened(folder / "model.safetensors"))
    raise DataError(f"{folder}: holds neither model.safetensors nor {INDEX}; name the file itself")


def _sharded(folder: Path) -> dict[str, Safetensors]:
    """Tensors of several files, as their index has it."""
    places = _places(folder / INDEX)
    opened = {file: _opened(folder / file) for file in sorted(set(places.values()))}
    for name, file in places.items():
        if name not in opened[file].tensors:
            raise DataError(f"{folder / file}: lacks {name!r}, which {INDEX} says it holds; fetch the folder again")
    return {name: opened[file] for name, file in places.items()}


def _places(path: Path) -> dict[str, str]:
    """File of each tensor, when all are plain names."""
    if path.stat().st_size > _LARGEST_INDEX:
        raise DataError(f"{path}: is larger than any index of tensors; fetch the folder again")
    try:
        index: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        index = None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not places or not all(_plain(file) for file in places.values()):
        raise DataError(f"{path}: does not say which file holds which tensor; fetch the folder again")
    return places


def _plain(file: object) -> bool:
    """A name of a file beside the index, and no path to elsewhere."""
    return isinstance(file, str) and file.isprintable() and file == Path(file).name and not file.startswith(".")
