"""Networks over the vectors of several modalities, some of which an item may lack."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

Spans = Sequence[Sequence[int]]
"""First column, and the one after the last, of each stretch of columns."""


class Concatenation(nn.Module):
    r"""One dense layer over all blocks side by side and which of them are there: :math:`h = \mathrm{ReLU}(W [x; p])`.

    Parameters
    ----------
    widths : sequence of int
        Columns of each modality.
    out : int
        Width of what is given.
    """

    def __init__(self, widths: Sequence[int], out: int, _rank: int = 1) -> None:
        super().__init__()
        self.dense = nn.Linear(sum(widths) + len(widths), out)

    def forward(self, blocks: Sequence[Tensor], there: Tensor) -> Tensor:
        """Blocks (n, width) and which are there (n, modalities) to (n, out)."""
        return self.dense(torch.cat([*blocks, there], dim=1)).relu()  # type: ignore[no-any-return]


class LowRank(nn.Module):
    r"""The tensor of all products of modalities' columns, under weights of low rank (Liu et al. 2018).

    .. math:: h = \mathrm{ReLU}\Big(\frac 1R \sum_{r=1}^{R} \prod_m (W_m^{(r)} [x_m; p_m] + b_m^{(r)})\Big)

    Biases start at 1, so that a modality that is lacking leaves the product of the others as it is.

    Parameters
    ----------
    widths : sequence of int
    out, rank : int

    References
    ----------
    Liu et al. 2018, arXiv:1806.00064.
    """

    def __init__(self, widths: Sequence[int], out: int, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.factors = nn.ModuleList(nn.Linear(width + 1, rank * out) for width in widths)
        for factor in self.factors:
            nn.init.ones_(factor.bias)  # type: ignore[arg-type]

    def forward(self, blocks: Sequence[Tensor], there: Tensor) -> Tensor:
        """Blocks (n, width) and which are there (n, modalities) to (n, out)."""
        parts = [
            factor(torch.cat([block, there[:, [m]]], dim=1))
            for m, (factor, block) in enumerate(zip(self.factors, blocks, strict=True))
        ]
        product = torch.stack(parts).prod(dim=0)
        fused: Tensor = product.view(len(there), self.rank, product.shape[1] // self.rank).mean(dim=1).relu()
        return fused


class Gated(nn.Module):
    r"""Each unit listens to the modalities that are there by attention (Arevalo et al. 2017).

    .. math:: h = \sum_m z_m \odot \tanh(W_m x_m), \qquad z_m = \operatorname{softmax}_m (U_m [x; p])

    The softmax, one for each unit, is over the modalities that are there; of two modalities it is the paper's sigmoid.

    Parameters
    ----------
    widths : sequence of int
    out : int

    References
    ----------
    Arevalo et al. 2017, arXiv:1702.01992.
    """

    def __init__(self, widths: Sequence[int], out: int, _rank: int = 1) -> None:
        super().__init__()
        self.read = nn.ModuleList(nn.Linear(width, out) for width in widths)
        self.gate = nn.Linear(sum(widths) + len(widths), len(widths) * out)

    def forward(self, blocks: Sequence[Tensor], there: Tensor) -> Tensor:
        """Blocks (n, width) and which are there (n, modalities) to (n, out)."""
        said = torch.stack([read(block).tanh() for read, block in zip(self.read, blocks, strict=True)], dim=1)
        asked = self.gate(torch.cat([*blocks, there], dim=1)).view_as(said)
        # of an item that lacks everything all have the same say
        shares = asked.masked_fill(there[:, :, None] == 0, -1e9).softmax(dim=1)
        heard: Tensor = (shares * said).sum(dim=1)
        return heard


FUSIONS: dict[str, type[Concatenation | LowRank | Gated]] = {
    "concatenation": Concatenation,
    "low_rank": LowRank,
    "gated": Gated,
}


class ModalityFusion(nn.Module):
    """Vectors to one layer that hears all modalities; a block of zeros is one that the item lacks.

    Parameters
    ----------
    columns : sequence of spans
        Where the columns of each modality are.
    out : int
        Width of the layer.
    fusion : {"concatenation", "low_rank", "gated"}
    rank : int
    dropout, modality_dropout : float in [0, 1)
        On columns, and on whole modalities as in :func:`some_left`, while it trains.
    """

    def __init__(
        self, columns: Sequence[Spans], out: int, *, fusion: str, rank: int, dropout: float, modality_dropout: float
    ) -> None:
        super().__init__()
        self.columns = [[slice(a, b) for a, b in spans] for spans in columns]
        self.modality_dropout = modality_dropout
        self.input = nn.Dropout(dropout)
        self.fused = FUSIONS[fusion]([sum(b - a for a, b in spans) for spans in columns], out, rank)

    def forward(self, x: Tensor) -> Tensor:
        """Vectors (n, d) to (n, out)."""
        blocks = [torch.cat([x[:, span] for span in spans], dim=1) for spans in self.columns]
        there = torch.stack([(block != 0).any(dim=1) for block in blocks], dim=1).to(x.dtype)
        if self.training and self.modality_dropout:
            there = some_left(there, self.modality_dropout)
        seen = [self.input(block) * there[:, [m]] for m, block in enumerate(blocks)]
        return self.fused(seen, there)  # type: ignore[no-any-return]


def build_modalities(
    columns: Sequence[Spans],
    hidden: Sequence[int],
    outputs: int,
    *,
    fusion: str = "concatenation",
    rank: int = 4,
    dropout: Sequence[float] = (0.0, 0.0),
    modality_dropout: float = 0.0,
) -> nn.Sequential:
    """Modalities to one layer by a fusion, then dense layers and a linear head.

    Parameters
    ----------
    columns : sequence of spans
        Where the columns of each modality are.
    hidden : sequence of int, at least one
        Width of the fused layer and of those above it.
    outputs : int
    fusion, rank, modality_dropout
        As in :class:`ModalityFusion`.
    dropout : pair of float in [0, 1)
        On the input and after each hidden layer.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.modality_network import build_modalities
    >>> build_modalities([[(0, 2)], [(2, 5)]], (4,), 3, fusion="gated")(torch.ones(6, 5)).shape
    torch.Size([6, 3])
    """
    first = ModalityFusion(
        columns, hidden[0], fusion=fusion, rank=rank, dropout=dropout[0], modality_dropout=modality_dropout
    )
    layers: list[nn.Module] = [first, nn.Dropout(dropout[1])]
    for before, after in pairwise(hidden):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout[1])]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], outputs))


def some_left(there: Tensor, share: float) -> Tensor:
    """Which modalities of each item are left when each is dropped with probability `share`, but never all of them.

    Where all would be dropped, one that is drawn among those that are there stays.

    Parameters
    ----------
    there : tensor of 0 and 1, shape (n, modalities)
    share : float in [0, 1)

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.modality_network import some_left
    >>> some_left(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), 0.99)
    tensor([[1., 0.],
            [0., 0.]])
    """
    drawn = torch.rand_like(there).masked_fill(there == 0, -1.0)
    stays = (drawn >= share) | (drawn == drawn.max(dim=1, keepdim=True).values)
    return there * stays
