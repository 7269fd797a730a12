"""Which tensors of a Transformer change: all, those of upper layers, the head, or thin matrices beside the layers."""

from __future__ import annotations

import torch
from torch import nn

from polyculture.features.encoders.lora import inject
from polyculture.features.text_backbone.network import blocks, head_name, linear_layers

TUNES = ("full", "upper", "head", "lora")


def let_change(network: nn.Module, tune: str, *, rank: int, seed: int, fresh: bool) -> nn.Module:
    """Give a network what `tune` adds to it, and let only that change which may.

    Parameters
    ----------
    network : torch.nn.Module
    tune : {"full", "upper", "head", "lora"}
    rank, seed : int
        Of LoRA's thin matrices.
    fresh : bool
        Whether it starts from the base model; if not, LoRA's lower matrices are kept, so that all that start from the
        same weights can be merged.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.text_backbone.tuning import let_change
    >>> layers = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    >>> network = torch.nn.ModuleDict({"layers": layers, "head": torch.nn.Linear(2, 2)})
    >>> found = let_change(network, "upper", rank=1, seed=0, fresh=True)
    >>> [name for name, value in found.named_parameters() if value.requires_grad]
    ['layers.1.weight', 'layers.1.bias', 'head.weight', 'head.bias']
    """
    if tune == "lora":
        return _thin(network, rank, seed, fresh=fresh)
    depth = len(blocks(network))
    return freeze(network, {"full": 0, "upper": depth // 2, "head": depth}[tune])


def _thin(network: nn.Module, rank: int, seed: int, *, fresh: bool) -> nn.Module:
    head = head_name(network)
    inside = {id(module) for block in blocks(network) for module in block.modules()}
    layers = [name for name, module in linear_layers(network) if id(module) in inside]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject(network, layers, rank)
    for name, value in network.named_parameters():
        adapter = "lora_B" in name or (fresh and "lora_A" in name)
        value.requires_grad_(adapter or name.startswith(f"{head}."))
    return network


def freeze(network: nn.Module, count: int) -> nn.Module:
    """Keep every parameter up to the end of the layer of this number, the tokens' vectors among them; 0 keeps none."""
    if count:
        last = {id(value) for value in blocks(network)[count - 1].parameters()}
        parameters = list(network.parameters())
        end = max(place for place, value in enumerate(parameters) if id(value) in last)
        for value in parameters[: end + 1]:
            value.requires_grad_(False)
    return network
