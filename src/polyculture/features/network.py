"""The backbone's network, and its weights as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from polyculture.arrays import Array

Weights = Mapping[str, Array]
"""Names of tensors to arrays: what fusion works on."""


def build(width: int, hidden: Sequence[int], classes: int, dropout: Sequence[float]) -> nn.Sequential:
    """Dropout on the input, then linear layers with ReLU and dropout, then a linear head.

    Parameters
    ----------
    width : int
        Columns of the input.
    hidden : sequence of int
        Width of each hidden layer; empty for a linear model.
    classes : int
    dropout : pair of float in [0, 1)
        On the input and after each hidden layer.

    Examples
    --------
    >>> from polyculture.features.backbone import build
    >>> [type(layer).__name__ for layer in build(4, (8,), 2, (0.0, 0.5))]
    ['Dropout', 'Linear', 'ReLU', 'Dropout', 'Linear']
    """
    layers: list[nn.Module] = [nn.Dropout(dropout[0])]
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout[1])]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, classes))


def weights_of(network: nn.Module) -> dict[str, Array]:
    """A copy of a network's tensors as arrays.

    Examples
    --------
    >>> from polyculture.features.backbone import build, weights_of
    >>> {name: value.shape for name, value in weights_of(build(4, (), 2, (0, 0))).items()}
    {'1.weight': (2, 4), '1.bias': (2,)}
    """
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Module, weights: Weights) -> nn.Module:
    """Put arrays into a network of the same shape, and give the network back.

    Examples
    --------
    >>> from polyculture.features.backbone import build, load_weights, weights_of
    >>> one, two = build(4, (), 2, (0, 0)), build(4, (), 2, (0, 0))
    >>> bool((load_weights(one, weights_of(two))[1].weight == two[1].weight).all())
    True
    """
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return network.eval()
