"""Fitted networks as plain arrays and back: what all trained encoders keep."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import Any

import numpy as np
import torch
from torch import nn

from polyculture.arrays import Array
from polyculture.features.encoders.base import State
from polyculture.training import Epoch


def kept_params(params: State) -> State:
    """Parameters with tuples as lists, which is what files know.

    Examples
    --------
    >>> from polyculture.features.encoders.kept import kept_params
    >>> kept_params({"widths": (1, 2)})
    {'widths': [1, 2]}
    """
    return {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}


def given_params(params: State) -> dict[str, Any]:
    """Parameters as they were given: lists are tuples again.

    Examples
    --------
    >>> from polyculture.features.encoders.kept import given_params
    >>> given_params({"widths": [1, 2]})
    {'widths': (1, 2)}
    """
    return {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}


def kept_weights(network: nn.Module) -> dict[str, Array]:
    """Copies of a network's weights by name."""
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}


def put_weights(network: nn.Module, weights: State) -> None:
    """Weights into a network, which is then ready to answer."""
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    network.eval()


def kept_history(history: list[Epoch]) -> Array:
    """One row an epoch."""
    return np.array([astuple(epoch) for epoch in history], dtype=np.float64).reshape(-1, len(fields(Epoch)))


def history_of(rows: Array) -> list[Epoch]:
    """The epochs of :func:`kept_history`.

    Examples
    --------
    >>> from polyculture.features.encoders.kept import history_of, kept_history
    >>> from polyculture.training import Epoch
    >>> history_of(kept_history([Epoch(1, 0.5, 0.75, 0.6, 0.7)]))[0].accuracy
    0.75
    """
    return [Epoch(int(row[0]), *(float(value) for value in row[1:])) for row in rows]
