"""A text encoder in one ONNX file, beside the tokenizer it was exported with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, MissingExtraError
from polyculture.features.encoders.hugging_face import fingerprint, read_json

TOKENIZER = "tokenizer.json"


class OnnxModel:
    """Masked means of the token states that an ONNX network gives: its last output with three axes.

    Parameters
    ----------
    path : path
        An ``.onnx`` file; ``tokenizer.json`` lies in the same folder or in the one above, as exporters leave it.

    Attributes
    ----------
    identity : str
        A short fingerprint of network and tokenizer.

    Raises
    ------
    DataError
        If the file cannot be opened, takes no ids of tokens, gives no token states, or has no tokenizer.
    MissingExtraError
        If onnxruntime is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tokenizer_path = _beside(path)
        # large networks keep their weights in files beside the first
        outside = sorted(part for part in path.parent.glob(f"{path.name}*data") if part.is_file())
        self.identity = fingerprint([path, self.tokenizer_path, *outside])
        self.session = _session(path)
        self.inputs = [put.name for put in self.session.get_inputs()]
        if "input_ids" not in self.inputs:
            raise DataError(f"{path}: takes {', '.join(self.inputs)} and no input_ids; export a text encoder")
        self.output = _states(path, self.session)

    def __reduce__(self) -> tuple[type[OnnxModel], tuple[Path]]:
        """A session stays in its process; another one opens the file again."""
        return OnnxModel, (self.path,)

    @property
    def width(self) -> int:
        """Numbers in a vector, found by encoding an empty text where the file does not say."""
        last = self.output.shape[-1]
        return last if isinstance(last, int) else self.encode([""], 8, 1)[0].size

    def encode(self, texts: Sequence[str], max_tokens: int, batch_size: int) -> Floats:
        """Vectors, shape (n, width), float32."""
        tokenizer = self._tokenizer(max_tokens)
        encoded = tokenizer.encode_batch(list(texts))
        lengths = np.array([len(one.ids) for one in encoded], dtype=int)
        order = np.argsort(lengths, kind="stable")
        parts = np.split(order, range(batch_size, len(order), batch_size)) if len(order) else []
        found = [self._means([encoded[i] for i in part]) for part in parts]
        if not found:
            return np.empty((0, self.width), dtype=np.float32)
        vectors = np.empty((len(texts), int(found[0].size // len(found[0]))), dtype=np.float32)
        vectors[order] = np.vstack(found)
        return vectors

    def _tokenizer(self, max_tokens: int) -> Any:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.tokenizer_path))
        except Exception as error:  # tokenizers raises nothing more special
            raise DataError(
                f"{self.tokenizer_path}: cannot be read as a tokenizer ({error}); export it again"
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(min(max_tokens, _room(self.tokenizer_path.parent)))
        return tokenizer

    def _means(self, batch: Sequence[Any]) -> Array:
        rows = [one.ids or [0] for one in batch]
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.zeros(mask.shape, dtype=np.int64)
        ids[mask] = np.concatenate(rows)
        given = {"input_ids": ids, "attention_mask": mask.astype(np.int64), "token_type_ids": np.zeros_like(ids)}
        if "position_ids" in self.inputs:
            given["position_ids"] = np.tile(np.arange(len(ids[0])), (len(ids), 1))
        if missing := [name for name in self.inputs if name not in given]:
            raise DataError(f"{self.path}: also takes {', '.join(missing)}; export a plain text encoder")
        (states,) = self.session.run([self.output.name], {name: given[name] for name in self.inputs})
        kept = states * mask[:, :, None]
        return np.asarray(kept.sum(axis=1) / lengths[:, None], dtype=np.float32)


def _beside(path: Path) -> Path:
    for folder in (path.parent, path.parent.parent):
        if (folder / TOKENIZER).is_file():
            return folder / TOKENIZER
    raise DataError(f"{path}: there is no {TOKENIZER} beside it; copy the one of the model it was exported from")


def _room(folder: Path) -> int:
    """How many tokens the network can take, where the folder says so."""
    for name, key in (("config.json", "max_position_embeddings"), ("tokenizer_config.json", "model_max_length")):
        if (folder / name).is_file() and (most := read_json(folder / name).get(key)):
            return int(most)
    return 512


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError("an ONNX model", "onnx") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for each cause
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: cannot be opened as an ONNX model ({said}); export it again") from error


def _states(path: Path, session: Any) -> Any:
    found = [out for out in session.get_outputs() if len(out.shape) == 3 and "float" in out.type]
    if not found:
        names = ", ".join(out.name for out in session.get_outputs())
        raise DataError(f"{path}: none of its outputs ({names}) has a state for each token; export the last layer's")
    return found[-1]
