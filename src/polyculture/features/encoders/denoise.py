"""Pre-training without labels: spoil a text, and learn to write the original."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.device import moved
from polyculture.features.encoders.network import cut, present
from polyculture.features.encoders.tokens import END, MASK, PAD, START
from polyculture.training import Epoch, Objective, train

NOTHING = -100
"""Target of a place that holds no token; cross-entropy leaves it out."""


def corrupt(
    ids: Tensor, lengths: Tensor, *, mask: float = 0.3, drop: float = 0.1, shuffle: float = 2.0
) -> tuple[Tensor, Tensor]:
    """Texts with tokens masked, dropped and moved; at least one token of each is left.

    Parameters
    ----------
    ids : int64 tensor of shape (n, width)
    lengths : int64 tensor of shape (n,), all at least 1
    mask, drop : float in [0, 1]
        Chance of a token to become the mask, and to vanish.
    shuffle : float >= 0
        Tokens are sorted by their place plus a number drawn from [0, shuffle]; up to 1 nothing moves.

    Returns
    -------
    Spoilt ids and their lengths; drawn from torch's global random numbers.

    Examples
    --------
    >>> import torch
    >>> corrupt(torch.tensor([[7, 8, 0]]), torch.tensor([2]), mask=1.0, drop=0.0)[0].tolist()
    [[2, 2]]
    """
    width = ids.shape[1]
    there = present(lengths, width)
    kept = there & (torch.rand(ids.shape, device=ids.device) >= drop)
    kept[:, 0] |= ~kept.any(1)
    spoilt = ids.masked_fill(torch.rand(ids.shape, device=ids.device) < mask, MASK)
    place = torch.arange(width, device=ids.device) + shuffle * torch.rand(ids.shape, device=ids.device)
    order = torch.argsort(place.masked_fill(~kept, torch.inf), dim=1, stable=True)
    left = kept.sum(1)
    moved = spoilt.gather(1, order).masked_fill(~present(left, width), PAD)
    return moved[:, : int(left.max())], left


class Reader(nn.Module, ABC):
    """What a :class:`Denoiser` reads with: a body that has a state for every token."""

    positions: nn.Parameter

    @abstractmethod
    def states(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """(n, width, dim) to (n, width, dim)."""


class Denoiser(nn.Module):
    r"""An encoder that reads a spoilt text, a decoder that writes the original (Lewis et al. 2020, arXiv:1910.13461).

    .. math:: \log p(x \mid \tilde x) = \sum_t \log \mathrm{softmax}(E \, h(x_{<t}, \mathrm{enc}(\tilde x)))_{x_t}

    with h the decoder: causal self-attention over what is written so far, then cross-attention to what the encoder
    read. Embedding E is shared by encoder, decoder and output.

    Parameters
    ----------
    embedding : torch.nn.Embedding
        Of the tokens; learnt further in place.
    encoder : Reader
        Learnt further in place.
    heads, layers : int
        Of the decoder.
    """

    def __init__(self, embedding: nn.Embedding, encoder: Reader, *, heads: int = 4, layers: int = 1) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        dim = embedding.embedding_dim
        # One place more than the encoder has: the end is written too.
        self.positions = nn.Parameter(0.02 * torch.randn(len(encoder.positions) + 1, dim))
        layer = nn.TransformerDecoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, layers, nn.LayerNorm(dim))

    def read(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's states (n, width, dim), and which of them are padding (n, width)."""
        return self.encoder.states(self.embedding(ids), lengths), ~present(lengths, ids.shape[1])

    def write(self, written: Tensor, memory: Tensor, padding: Tensor) -> Tensor:
        """The decoder's states after each written token, shape (n, width, dim)."""
        width = written.shape[1]
        future = torch.ones(width, width, dtype=torch.bool, device=written.device).triu(1)
        states: Tensor = self.decoder(
            self.embedding(written) + self.positions[:width], memory, tgt_mask=future, memory_key_padding_mask=padding
        )
        return states

    @torch.no_grad()
    def copy_out(self, ids: Tensor, lengths: Tensor, max_tokens: int | None = None) -> Tensor:
        """What the decoder writes, always taking the likeliest token; padded after its end, without start and end.

        Parameters
        ----------
        ids, lengths : tensors
            Texts to read, as from :meth:`Tokens.encode`.
        max_tokens : int or None
            Tokens to write at most; None for as many as there are positions.
        """
        self.eval()
        memory, padding = self.read(ids, lengths)
        written = torch.full((len(ids), 1), START, device=ids.device)
        ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
        for _ in range(min(max_tokens or len(self.positions), len(self.positions))):
            # Nothing below the end is ever written: padding, unknown, mask and start are no words.
            token = END + (self.write(written, memory, padding)[:, -1] @ self.embedding.weight[END:].T).argmax(1)
            ended |= token == END
            written = torch.cat([written, token.masked_fill(ended, PAD)[:, None]], dim=1)
            if ended.all():
                break
        return written[:, 1:]


def reconstruction(ids: Tensor, lengths: Tensor, **noise: float) -> Objective:
    """Cross-entropy of each original token given the spoilt text and the tokens before it (teacher forcing).

    The softmax runs over the pieces that occur in the batch: a tenth of the vocabulary, and so a tenth of the time.

    Parameters
    ----------
    ids, lengths : tensors
        Texts, as from :meth:`Tokens.encode`.
    **noise : float
        Given to :func:`corrupt`.
    """

    def objective(network: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        network = cast("Denoiser", network)
        clean, count = moved(*cut(ids[rows], lengths[rows]))
        written = nn.functional.pad(clean, (1, 0), value=START)
        truth = nn.functional.pad(clean, (0, 1), value=PAD).scatter(1, count[:, None], END)
        there = present(count + 1, truth.shape[1])
        states = network.write(written, *network.read(*corrupt(clean, count, **noise)))[there]
        pieces, right = truth[there].unique(return_inverse=True)  # type: ignore[no-untyped-call]
        logits = states @ network.embedding.weight[pieces].T
        return nn.functional.cross_entropy(logits, right), int((logits.argmax(1) == right).sum()), len(right)

    return objective


def pretrain(
    denoiser: Denoiser,
    ids: Tensor,
    lengths: Tensor,
    *,
    epochs: int,
    learning_rate: float = 1e-3,
    optimizer: str = "adamw",
    batch_size: int = 128,
    seed: int = 0,
    **noise: float,
) -> list[Epoch]:
    """Teach a denoiser, and with it the embedding and the encoder that it was built around, to restore spoilt texts.

    Parameters
    ----------
    denoiser : Denoiser
        Trained in place.
    ids, lengths : tensors
        Texts, as from :meth:`Tokens.encode`.
    epochs, learning_rate, optimizer, batch_size, seed
        As in :func:`polyculture.training.train`.
    **noise : float
        Given to :func:`corrupt`.

    Returns
    -------
    list of Epoch
        Mean loss and share of right tokens (among the pieces of the batch) in each pass.
    """
    return train(
        denoiser,
        reconstruction(ids, lengths, **noise),
        np.arange(len(ids)),
        optimizer=optimizer,
        learning_rate=learning_rate,
        batch_size=batch_size,
        epochs=epochs,
        lengths=lengths.numpy(),
        clip=1.0,
        seed=seed,
        name="denoising",
    )
