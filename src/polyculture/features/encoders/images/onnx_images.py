"""An encoder of images in one ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from polyculture.arrays import Array
from polyculture.errors import DataError, MissingExtraError
from polyculture.features.encoders.hugging_face import fingerprint

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet's photographs: what networks for images are mostly trained with."""


class OnnxImages:
    """Vectors that an ONNX network gives for images.

    They are its last output with two axes, or the mean over places of one with four. Images are fed as float32 of shape
    (n, 3, height, width), red first, between 0 and 1, less ImageNet's mean and divided by its standard deviation. A
    network that expects other numbers, or the channels last, is to be exported with a layer in front that makes them.

    Parameters
    ----------
    path : path
        An ``.onnx`` file.

    Attributes
    ----------
    identity : str
        A short fingerprint of the file.
    size : int or None
        Side of the images where the file fixes it.
    width : int
        Numbers in a vector.

    Raises
    ------
    DataError
        If the file cannot be opened, takes anything but one batch of images, or gives no vectors.
    MissingExtraError
        If onnxruntime is not installed.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DataError(f"there is no file {str(path)!r}; check the path")
        self.path = path
        outside = sorted(part for part in path.parent.glob(f"{path.name}*data") if part.is_file())
        self.identity = fingerprint([path, *outside])
        self.session = session_of(path)
        puts = self.session.get_inputs()
        if len(puts) != 1 or len(puts[0].shape) != 4 or puts[0].shape[1] != 3 or "float" not in puts[0].type:
            took = ", ".join(f"{put.name} {put.type} {put.shape}" for put in puts)
            raise DataError(f"{path}: takes {took}, expected one float tensor of images (n, 3, height, width)")
        self.put = puts[0]
        sides = {side for side in self.put.shape[2:] if isinstance(side, int)}
        self.size = sides.pop() if len(sides) == 1 else None
        self.output = _vectors(path, self.session)
        last = self.output.shape[1]
        self.width = last if isinstance(last, int) else int(self(np.zeros((1, 3, *[self.size or 64] * 2))).shape[1])

    def __reduce__(self) -> tuple[type[OnnxImages], tuple[Path]]:
        """A session stays in its process; another one opens the file again."""
        return OnnxImages, (self.path,)

    def __call__(self, batch: Tensor | Array) -> Array:
        """Vectors, shape (n, width), of images between 0 and 1, shape (n, 3, height, width)."""
        mean, spread = (np.array(values, dtype=np.float32)[:, None, None] for values in (MEAN, SPREAD))
        fed = ((np.asarray(batch, dtype=np.float32) - mean) / spread).astype(np.float32)
        (found,) = self.session.run([self.output.name], {self.put.name: fed})
        return np.asarray(found.mean(axis=(2, 3)) if found.ndim == 4 else found, dtype=np.float32)


def session_of(path: Path) -> Any:
    """A session with one thread.

    Raises
    ------
    DataError
        If the file cannot be opened.
    MissingExtraError
        If onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError("an ONNX model", "onnx") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for each cause
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: cannot be opened as an ONNX model ({said}); export it again") from error


def _vectors(path: Path, session: Any) -> Any:
    found = [out for out in session.get_outputs() if len(out.shape) in (2, 4) and "float" in out.type]
    if not found:
        names = ", ".join(out.name for out in session.get_outputs())
        raise DataError(
            f"{path}: none of its outputs ({names}) is a vector an image, or one a place; export such a one"
        )
    return found[-1]
