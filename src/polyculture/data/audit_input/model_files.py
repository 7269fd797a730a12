"""Files of weights: what is in them, without running a model or loading its weights."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from pathlib import Path

from polyculture.data.answers import ModelFile
from polyculture.data.audit_input.files import Paths, checked, stems
from polyculture.data.audit_input.onnx_files import read_onnx
from polyculture.data.audit_input.safetensors import open_safetensors
from polyculture.errors import DataError

PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib")
"""Endings of files that only running what is in them can read."""

_TYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
}  # fmt: skip
_EMBEDDING = re.compile(r"embed|wte|wpe|token|position|vocab", re.IGNORECASE)
_BIAS = re.compile(r"bias|beta", re.IGNORECASE)
_DIGEST_BYTES = 16


def read_model_files(paths: Paths) -> tuple[ModelFile, ...]:
    """What files of weights hold, from ``.safetensors`` and ``.onnx``, one model a file.

    Names, shapes and types of parameters are read, and a hash (BLAKE2b, 128 bits) of the bytes of each; nothing is run.
    Operators are counted in the graph of ONNX; of safetensors, they are guessed: parameters of three to five axes are
    of a convolution, those of two of a dense layer, or of an embedding if the name says so, those of one a bias if the
    name says so, or of a norm.

    Parameters
    ----------
    paths : path or sequence of paths
        The model is called as the file is.

    Raises
    ------
    DataError
        If a file is missing, damaged or of another kind.
    MissingExtraError
        For ``.onnx``, if the package onnx is not installed.

    Examples
    --------
    >>> import tempfile, pathlib, numpy, safetensors.numpy
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "bert.safetensors")
    ...     safetensors.numpy.save_file({"head.weight": numpy.ones((2, 3)), "head.bias": numpy.ones(2)}, path)
    ...     model, = read_model_files(path)
    >>> model.name, dict(model.parameters)["head.weight"], dict(model.operators)
    ('bert', ((2, 3), 'float64'), {'bias': 1, 'dense': 1})
    """
    files = checked(paths)
    return tuple(_read(path, name) for path, name in zip(files, stems(files), strict=True))


def _read(path: Path, name: str) -> ModelFile:
    ending = path.suffix.lower()
    if ending == ".onnx":
        return read_onnx(path, name, _digest)
    if ending == ".safetensors":
        return _read_safetensors(path, name)
    if ending in PICKLED:
        raise DataError(
            f"{path}: is a pickle, which can run any code when it is read; convert it to safetensors where you trust "
            "it (safetensors.torch.save_file)"
        )
    raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in .safetensors, .onnx")


def _read_safetensors(path: Path, name: str) -> ModelFile:
    file = open_safetensors(path)
    if not file.tensors:
        raise DataError(f"{path}: holds no parameters; write it again with some")
    shapes = {part: (tensor.shape, _TYPES[tensor.dtype]) for part, tensor in file.tensors.items()}
    return ModelFile(
        name,
        shapes,
        dict(Counter(_guess(part, len(shape)) for part, (shape, _) in shapes.items())),
        {part: _digest(file.bytes_of(part)) for part in file.tensors},
    )


def _guess(name: str, axes: int) -> str:
    """The kind of layer that a parameter is likely to be of."""
    if axes >= 3:
        return "convolution"
    if axes == 2:
        return "embedding" if _EMBEDDING.search(name) else "dense"
    return "bias" if _BIAS.search(name) else "norm"


def _digest(data: object) -> str:
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()  # type: ignore[arg-type]
