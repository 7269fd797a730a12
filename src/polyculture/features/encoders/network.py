"""Token ids to vectors to logits: what the networks of all trained encoders share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyculture.features.encoders.tokens import PAD

FORGET = 0.2
"""Share of tokens that are left out of a text in training: no single word may be relied upon."""

SPREAD = 0.1
"""Standard deviation of random token vectors; torch's own 1 drowns what a few thousand texts can teach."""


def present(lengths: Tensor, width: int) -> Tensor:
    """Which of `width` places hold a token, shape (n, width).

    Examples
    --------
    >>> import torch
    >>> present(torch.tensor([1, 2]), 2).tolist()
    [[True, False], [True, True]]
    """
    return torch.arange(width, device=lengths.device) < lengths[:, None]


def pooled(states: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Largest (``"max"``) or mean (``"mean"``) state over the places that hold a token: (n, width, d) to (n, d)."""
    there = present(lengths, states.shape[1])[:, :, None]
    if how == "max":
        return states.masked_fill(~there, -torch.inf).amax(1)
    return states.masked_fill(~there, 0.0).sum(1) / lengths[:, None]


def cut(ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """A batch without the columns that only hold padding."""
    return ids[:, : int(lengths.max())], lengths


class Network(nn.Module):
    """Token ids → embedding → body → vector → linear head.

    Parameters
    ----------
    body : torch.nn.Module
        ``(embedded (n, width, dim), lengths (n,)) -> (n, hidden)``.
    pieces, dim, hidden, classes : int
        Sizes of the vocabulary, the embedding, the vector and the output.
    dropout : float in [0, 1)
        After the embedding, where whole tokens are dropped besides, and before the head.
    """

    def __init__(self, body: nn.Module, *, pieces: int, dim: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(pieces, dim, padding_idx=PAD)
        self.embedding.weight.data.mul_(SPREAD)
        self.forget = nn.Dropout1d(FORGET)
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)

    def vectors(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Penultimate vectors, shape (n, hidden)."""
        return self.body(self.dropout(self.forget(self.embedding(ids))), lengths)  # type: ignore[no-any-return]

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Logits, shape (n, classes)."""
        return self.head(self.dropout(self.vectors(ids, lengths)))  # type: ignore[no-any-return]
