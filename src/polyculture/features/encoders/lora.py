"""Low-rank adaptation: what a linear layer learns, as the product of two thin matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import MissingExtraError

DOWN, UP = ".lora_A.weight", ".lora_B.weight"
NAME = "default"


def inject(network: Any, layers: list[str], rank: int) -> Any:
    """Put a pair of thin matrices beside each of these linear layers, in place; nothing else of the network changes.

    Parameters
    ----------
    network : torch.nn.Module
    layers : list of str
        Full names of linear layers.
    rank : int >= 1

    Raises
    ------
    MissingExtraError
        If the package ``peft`` is not installed.

    References
    ----------
    Hu et al. 2022, arXiv:2106.09685.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError as error:
        raise MissingExtraError("fine-tuning by LoRA", "lora") from error
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=layers, lora_dropout=0.0, bias="none")
    return inject_adapter_in_model(config, network, adapter_name=NAME)


def plain_name(name: str) -> str:
    """The name of a tensor as it is kept: as before the injection, and as PEFT writes adapters.

    Examples
    --------
    >>> from polyculture.features.encoders.lora import plain_name
    >>> plain_name("layer.0.query.base_layer.weight"), plain_name("layer.0.query.lora_A.default.weight")
    ('layer.0.query.weight', 'layer.0.query.lora_A.weight')
    """
    return name.replace(".base_layer.", ".").replace(f".{NAME}.", ".")


def fold(base: Mapping[str, Array], weights: Mapping[str, Array]) -> dict[str, Array]:
    r"""Full weights from a base model's and an adapter's.

    .. math:: W = W_0 + B A

    Parameters
    ----------
    base : mapping of name to array
    weights : mapping of name to array
        ``"<layer>.lora_A.weight"`` of shape (rank, in) and ``"<layer>.lora_B.weight"`` of shape (out, rank), and full
        tensors, which replace the base model's.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.lora import fold
    >>> adapter = {"q.lora_A.weight": np.ones((1, 2)), "q.lora_B.weight": np.array([[2.0], [0.0]])}
    >>> fold({"q.weight": np.zeros((2, 2))}, adapter)
    {'q.weight': array([[2., 2.],
           [0., 0.]])}
    """
    full = dict(base) | {name: value for name, value in weights.items() if not name.endswith((DOWN, UP))}
    for name, up in weights.items():
        if name.endswith(UP):
            layer = name.removesuffix(UP)
            start = full[f"{layer}.weight"]
            full[f"{layer}.weight"] = (start + up @ weights[f"{layer}{DOWN}"]).astype(start.dtype)
    return full


def thin_grams(grams: Mapping[str, Array], weights: Mapping[str, Array]) -> dict[str, Array]:
    r"""Gram matrices of what the upper thin matrices receive, from those of what their layers receive.

    .. math:: G' = \tilde A G \tilde A^\top, \qquad \tilde A = \begin{pmatrix} A & 0 \\ 0 & 1 \end{pmatrix}

    Merging these by RegMean is merging the full layers, as long as all experts share A.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.lora import thin_grams
    >>> down = {"q.lora_A.weight": np.array([[1.0, 1.0]])}
    >>> thin_grams({"q": np.eye(3)}, down)["q.lora_B"]
    array([[2., 0.],
           [0., 1.]])
    """
    found: dict[str, Array] = {}
    for layer, gram in grams.items():
        if (down := weights.get(f"{layer}{DOWN}")) is None:
            found[layer] = gram
            continue
        rank, width = down.shape
        extended = np.zeros((rank + 1, width + 1))
        extended[:-1, :-1], extended[-1, -1] = down, 1.0
        found[f"{layer}{UP.removesuffix('.weight')}"] = extended @ gram @ extended.T
    return found
