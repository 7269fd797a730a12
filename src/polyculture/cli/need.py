"""What fitting items needs, asked of the items."""

from __future__ import annotations

import numpy as np

from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.memory import check, fit, limit


def check_memory(data: DomainData, encoders: str | None, backbone: str | None) -> None:
    """Refuse items whose model may need more than the limit, where there is one.

    Raises
    ------
    MemoryLimitError
        Saying what it needs.
    ParameterError
        If nothing is known of what it needs.
    """
    if limit() is None:
        return
    if backbone is not None:
        raise ParameterError("--memory: what fine-tuning a --backbone needs is not known; leave one of them out")
    characters = sum(map(len, data.items.get("text", ())))
    arrays = [np.asarray(values) for name, values in data.items.items() if name != "text"]
    pixels = sum(array.size for array in arrays if array.dtype == np.uint8)
    numbers = sum(array.size for array in arrays if array.dtype != np.uint8)
    pretrained = "text" in data.items if encoders is None else "pretrained" in encoders
    check(fit(len(data), characters, numbers, pixels, pretrained=pretrained))
