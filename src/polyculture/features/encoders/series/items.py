"""What an encoder of series is given, checked before any work is done, and brought to the length that it works on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError

SHORTEST = 16
"""Steps that a series is brought to at least: networks halve it several times."""


def as_series(X: Sequence[Any] | Array, *, channels: int | None = None) -> Floats:
    """Items as one array of series, float32 of shape (n, steps, channels).

    Parameters
    ----------
    X : array of numbers of shape (n, steps, channels), or n arrays of shape (steps, channels)
    channels : int or None
        As many as there were when a model was fitted.

    Raises
    ------
    DataError
        If they are anything else, or hold numbers that are not finite.
    ShapeError
        If there are more or fewer channels than there were.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.series.items import as_series
    >>> as_series([np.zeros((5, 2))]).shape
    (1, 5, 2)
    """
    if not len(X):
        return np.zeros((0, 1, channels or 1), dtype=np.float32)
    try:
        series = np.asarray(X)
    except ValueError as error:
        raise DataError("series differ in length; cut or fill them to one length") from error
    if series.ndim != 3 or series.dtype.kind not in "fiu" or 0 in series.shape:
        raise DataError(
            f"expected series, numbers of shape (n, steps, channels), got {series.dtype} of shape {series.shape}"
        )
    if channels is not None and series.shape[2] != channels:
        raise ShapeError(f"series have {series.shape[2]} channels, and had {channels} when the model was fitted")
    series = series.astype(np.float32, copy=False)
    if not np.isfinite(series).all():
        row = int(np.argmin(np.isfinite(series).all(axis=(1, 2))))
        raise DataError(f"item {row} holds a number that is not finite; fill it in, or leave the item out")
    return series


def brought(series: Floats, steps: int) -> Tensor:
    """Series as float32 of shape (n, channels, at most `steps`): longer ones averaged, very short ones held at the end.

    Parameters
    ----------
    series : array of shape (n, steps, channels)
    steps : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.series.items import brought
    >>> brought(np.arange(64.0).reshape(1, 64, 1), 16)[0, 0, :3].tolist()
    [1.5, 5.5, 9.5]
    """
    batch = torch.from_numpy(np.ascontiguousarray(series.transpose(0, 2, 1), dtype=np.float32))
    if batch.shape[2] > max(steps, SHORTEST):
        return nn.functional.adaptive_avg_pool1d(batch, max(steps, SHORTEST))
    if batch.shape[2] < SHORTEST and len(batch):
        return nn.functional.pad(batch, (0, SHORTEST - batch.shape[2]), mode="replicate")
    return batch
