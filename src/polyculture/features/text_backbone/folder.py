"""Fused weights as a folder that transformers loads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError, StoreError
from polyculture.store import write_bytes
from polyculture.version import __version__

MARK = "polyculture_version"
"""What the configuration of a folder says that was written here."""

LARGE, SMALL = 1e7, 1e-4
"""What outweighs a residual, and where tanh is a straight line; both leave the seventh digit alone."""


def write_folder(
    folder: Path,
    files: Mapping[str, str],
    weights: Mapping[str, Array],
    pooling: str,
    names: Sequence[object] | None = None,
) -> None:
    """Write configuration, tokenizer and weights; the configuration comes last, so that a half-written folder is none.

    Parameters
    ----------
    folder : path
    files : mapping of name to text
        ``config.json``, ``tokenizer.json`` and what else describes the tokenizer.
    weights : mapping of name to array
        All tensors.
    pooling : {"model", "mean"}
    names : sequence or None
        What the outputs are called.

    Raises
    ------
    ParameterError
        If the mean has no form in this architecture.
    StoreError
        If the folder cannot be written to.
    """
    import safetensors.numpy

    config: dict[str, Any] = json.loads(files["config.json"])
    if pooling == "mean":
        config, weights = mean_as_layer(config, weights)
    config = _described(config, names)
    packed = {name: np.ascontiguousarray(value) for name, value in weights.items()}
    texts = dict(files) | {"config.json": json.dumps(config, indent=2, sort_keys=True) + "\n"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / "model.safetensors", safetensors.numpy.save(packed, metadata={"format": "pt"}))
        for name in sorted(texts, key=lambda name: name == "config.json"):
            write_bytes(folder / name, texts[name].encode())
    except OSError as error:
        raise StoreError(f"{folder} cannot be written to ({error.strerror}); choose another folder") from error


def _described(config: dict[str, Any], names: Sequence[object] | None) -> dict[str, Any]:
    """What a reader of the folder wants to know, and whose it is; not where the base model lay."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as CLASSES

    found = {key: value for key, value in config.items() if key != "_name_or_path"} | {MARK: __version__}
    if config.get("model_type") in CLASSES:
        found["architectures"] = [CLASSES[config["model_type"]]]
    if names is not None:
        found["id2label"] = {str(place): str(name) for place, name in enumerate(names)}
        found["label2id"] = {str(name): place for place, name in enumerate(names)}
    return found


def keeps_mean(folder: Path) -> bool:
    """Whether a mean over tokens has a form that transformers loads, for the network of this folder."""
    return bool(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type") == "bert")


def mean_as_layer(config: dict[str, Any], weights: Mapping[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
    r"""A mean over tokens under a linear head, as BERT's own classification network with one layer more.

    Attention without queries is uniform over the mask, so that with identity values the further layer gives the first
    token :math:`\operatorname{norm}(c\,\bar h + h_1)`, which for a large c is the normalised mean; the layer's second
    half adds nothing, and :math:`\tanh(s x) / s` is x for a small s.

    Raises
    ------
    ParameterError
        If the network is not BERT's.
    """
    if config.get("model_type") != "bert":
        raise ParameterError(
            f"pooling='mean' has no form that transformers loads for a network of the type "
            f"{config.get('model_type')!r}; fit it with pooling='model' to keep it so"
        )
    width, inner, number = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    zeros, eye = np.zeros((width, width), np.float32), np.eye(width, dtype=np.float32)
    matrices = {
        "attention.self.query": zeros,
        "attention.self.key": zeros,
        "attention.self.value": eye,
        "attention.output.dense": eye * np.float32(LARGE),
        "intermediate.dense": np.zeros((inner, width), np.float32),
        "output.dense": np.zeros((width, inner), np.float32),
    }
    layer: dict[str, Array] = {}
    for name, matrix in matrices.items():
        layer |= {f"{name}.weight": matrix, f"{name}.bias": np.zeros(len(matrix), np.float32)}
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        layer |= {f"{name}.weight": np.ones(width, np.float32), f"{name}.bias": np.zeros(width, np.float32)}
    head = {
        "bert.pooler.dense.weight": eye * np.float32(SMALL),
        "bert.pooler.dense.bias": np.zeros(width, np.float32),
        "classifier.weight": (weights["classifier.weight"] / SMALL).astype(np.float32),
    }
    added = {f"bert.encoder.layer.{number}.{name}": value for name, value in layer.items()}
    return config | {"num_hidden_layers": number + 1}, dict(weights) | added | head
