"""Recurrent cells of encoders that read both ways."""

from __future__ import annotations

from torch import nn

from polyculture.errors import ParameterError

CELLS: dict[str, type[nn.GRU | nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


def both_ways(cell: str, width: int, units: int, layers: int) -> nn.GRU | nn.LSTM:
    """A recurrent network from (n, steps, width) to (n, steps, 2 units): from the first step and from the last.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.encoders.cells import both_ways
    >>> both_ways("gru", 3, 4, 1)(torch.zeros(2, 5, 3))[0].shape
    torch.Size([2, 5, 8])
    """
    found: nn.GRU | nn.LSTM = CELLS[cell](width, units, layers, batch_first=True, bidirectional=True)
    return found


def check_cells(cell: str, layers: int, units: int) -> None:
    """A cell must be known, and there must be some of it.

    Raises
    ------
    ParameterError
        If not.
    """
    if cell not in CELLS:
        raise ParameterError(f"there is no cell named {cell!r}; use one of {', '.join(CELLS)}")
    if layers < 1 or units < 1:
        raise ParameterError(f"layers and units are {layers} and {units}, expected at least 1")
