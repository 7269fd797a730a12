"""Gram matrices of what every linear layer of a Transformer receives, summed batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array
from polyculture.device import back, moved


@torch.no_grad()
def gram_sums_of(
    network: nn.Module, layers: Mapping[str, nn.Linear], parts: Iterable[tuple[Tensor, Tensor]]
) -> dict[str, Array]:
    r"""Sums of :math:`\tilde x \tilde x^\top` over tokens that are no padding, :math:`\tilde x = [x, 1]`.

    Parameters
    ----------
    network : callable
        Given ids and mask.
    layers : mapping of name to linear layer
    parts : iterable of (ids, mask)

    Returns
    -------
    dict of name to array of shape (in + 1, in + 1), the last entry the number of rows
    """
    # without texts the sums are zeros, which have no say in a merge
    sums = {name: np.zeros((layer.in_features + 1,) * 2) for name, layer in layers.items()}
    seen: dict[str, Tensor] = {}
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs, name=name: seen.__setitem__(name, inputs[0]))
        for name, layer in layers.items()
    ]
    try:
        for part in parts:
            ids, mask = moved(*part)
            seen.clear()
            network(ids, mask)
            # layers side by side receive the same tensor, whose sum is found once
            shared: dict[int, Array] = {}
            for name, received in seen.items():
                if id(received) not in shared:
                    shared[id(received)] = _gram(received, mask)
                sums[name] = sums[name] + shared[id(received)]
    finally:
        for hook in hooks:
            hook.remove()
    return sums


def _gram(received: Tensor, mask: Tensor) -> Array:
    rows = received[mask.bool()] if received.ndim == 3 else received
    # each batch in float32, their sum in float64
    extended = torch.nn.functional.pad(rows.float(), (0, 1), value=1.0)
    with torch.autocast(rows.device.type, enabled=False):
        return np.asarray(back(extended.T @ extended).double().numpy())
