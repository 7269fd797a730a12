"""A Transformer under a linear head, as one network whose tensors are named as transformers names them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array
from polyculture.errors import DataError
from polyculture.features.encoders.hugging_face import open_network, open_tokenizer, quiet_transformers
from polyculture.features.encoders.lora import plain_name

KIND = "AutoModelForSequenceClassification"


class TextNetwork(nn.Module):
    r"""Ids and mask to logits: the classification network of transformers, or a mean of token states under its head.

    .. math:: z = W \, \operatorname{norm}\Big(\tfrac{1}{T} \sum_t h_t\Big) + b

    The mean has its own mean taken away and is divided by its standard deviation, so that a new head starts on one
    scale whatever the base model.

    Parameters
    ----------
    network : torch.nn.Module
        Of transformers, for sequence classification.
    pooling : {"model", "mean"}
        What the head receives: what the network itself gives it, or the mean above.
    """

    def __init__(self, network: nn.Module, pooling: str) -> None:
        super().__init__()
        self.network = network
        self.pooling = pooling
        self.head = network.get_submodule(head_name(network))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits, shape (n, classes), float32."""
        if self.pooling == "model":
            logits: Tensor = self.network(input_ids=ids, attention_mask=mask).logits
        else:
            logits = self.head(nn.functional.dropout(self._mean(ids, mask), DROPOUT, self.training))
        return logits.float()

    def received(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What the head receives, shape (n, width)."""
        if self.pooling == "mean":
            return self._mean(ids, mask)
        seen: list[Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            self(ids, mask)
        finally:
            hook.remove()
        if seen[0].ndim == 2:
            return seen[0]
        # a decoder's head reads every token, and the last one answers
        return seen[0][torch.arange(len(ids)), mask.sum(1) - 1]

    def _mean(self, ids: Tensor, mask: Tensor) -> Tensor:
        body: Any = self.network.base_model
        states = body(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        there = mask[..., None].float()
        mean = (states * there).sum(1) / there.sum(1)
        return nn.functional.layer_norm(mean, mean.shape[-1:], eps=EPSILON)


DROPOUT, EPSILON = 0.1, 1e-12
"""Before the head, and in the norm of what it receives; as in BERT."""


def head_name(network: nn.Module) -> str:
    """The last linear layer, which gives the logits.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.text_backbone.network import head_name
    >>> head_name(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 3)))
    '2'
    """
    return [name for name, _ in linear_layers(network)][-1]


def blocks(network: nn.Module) -> list[nn.Module]:
    """The Transformer's layers, from the first to the last: its longest list of modules."""
    lists = [list(module) for module in network.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise DataError(f"{type(network).__name__} has no list of layers; name a Transformer")
    return max(lists, key=len)


def read_folder(folder: Path, classes: int, seed: int) -> tuple[nn.Module, dict[str, str]]:
    """The network of a folder with a new head, and the folder's text files that describe it and its tokenizer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = open_network(folder, KIND, num_labels=classes, ignore_mismatched_sizes=True)
        tokenizer = open_tokenizer(folder)
        fresh_head(network)
    files = {"config.json": network.config.to_json_string(use_diff=False)}  # type: ignore[union-attr,operator]
    files["tokenizer.json"] = str(tokenizer.backend_tokenizer.to_str())
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            files[name] = (folder / name).read_text(encoding="utf-8")
    return network, files


def fresh_head(network: nn.Module) -> None:
    """A small random head: a base model's own would be for other classes."""
    for value in network.get_submodule(head_name(network)).parameters():
        if value.ndim > 1:
            nn.init.normal_(value, std=0.02)
        else:
            nn.init.zeros_(value)


def from_config(text: str) -> nn.Module:
    """A network of the shape that a ``config.json`` describes, its weights yet to be filled in."""
    settings: dict[str, Any] = json.loads(text)
    with quiet_transformers() as transformers, torch.random.fork_rng(devices=[]):
        config = transformers.AutoConfig.for_model(**settings)
        network: nn.Module = getattr(transformers, KIND).from_config(config)
    return network.eval()


def tensors(network: nn.Module) -> dict[str, Tensor]:
    """A network's own tensors by the names they are kept under; see :func:`plain_name`."""
    return {plain_name(name): value for name, value in network.state_dict().items()}


def fill(network: nn.Module, weights: Mapping[str, Array]) -> nn.Module:
    """Put arrays into a network; tensors that are not named stay."""
    own = tensors(network)
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(torch.from_numpy(np.array(value)))
    return network


def linear_layers(network: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """Names and modules of all linear layers."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            yield name, module
