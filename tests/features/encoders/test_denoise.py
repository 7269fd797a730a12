from __future__ import annotations

import pytest
import torch
from torch import nn

from polyculture.features.encoders.denoise import Denoiser, corrupt, pretrain
from polyculture.features.encoders.network import present
from polyculture.features.encoders.tokens import MASK, PAD
from polyculture.features.encoders.transformer import Attention

PIECES, WIDTH = 13, 5
NO_NOISE = {"mask": 0.0, "drop": 0.0, "shuffle": 0.0}


def sequences(n, seed):
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(2, WIDTH + 1, (n,), generator=random)
    ids = torch.randint(5, PIECES, (n, WIDTH), generator=random)
    return ids.masked_fill(~present(lengths, WIDTH), PAD), lengths


class Blind(Denoiser):
    def read(self, ids, lengths):
        memory, padding = super().read(ids, lengths)
        return torch.zeros_like(memory), padding


def copied(kind, epochs):
    """Share of tokens of unseen sequences that are written in their place."""
    torch.manual_seed(0)
    denoiser = kind(
        nn.Embedding(PIECES, 32, padding_idx=PAD), Attention(32, 32, heads=4, layers=1, max_tokens=WIDTH, dropout=0.0)
    )
    pretrain(denoiser, *sequences(1500, 0), epochs=epochs, learning_rate=8e-3, batch_size=64, **NO_NOISE)
    ids, lengths = sequences(200, 1)
    found = denoiser.copy_out(ids, lengths)
    found = nn.functional.pad(found, (0, WIDTH + 1 - found.shape[1]))
    return float((found[:, :WIDTH] == ids)[present(lengths, WIDTH)].float().mean())


def test_copies_unseen_sequences():
    assert copied(Denoiser, 14) > 0.9


def test_cannot_copy_what_it_does_not_read():
    assert copied(Blind, 14) < 0.3


def test_pretraining_moves_what_it_was_built_around():
    torch.manual_seed(0)
    embedding = nn.Embedding(PIECES, 8, padding_idx=PAD)
    encoder = Attention(8, 8, heads=2, layers=1, max_tokens=WIDTH, dropout=0.0)
    before = [embedding.weight.clone(), encoder.positions.clone()]
    history = pretrain(Denoiser(embedding, encoder, heads=2), *sequences(100, 0), epochs=3, batch_size=16)
    assert not torch.equal(before[0], embedding.weight)
    assert not torch.equal(before[1], encoder.positions)
    assert history[-1].loss < history[0].loss
    assert not embedding.weight[PAD].any() or torch.equal(before[0][PAD], embedding.weight[PAD])


def test_later_tokens_do_not_reach_earlier_ones():
    torch.manual_seed(0)
    denoiser = Denoiser(
        nn.Embedding(PIECES, 8), Attention(8, 8, heads=2, layers=1, max_tokens=WIDTH, dropout=0.0), heads=2
    ).eval()
    memory, padding = denoiser.read(*sequences(1, 0))
    first, second = (denoiser.write(torch.tensor([[3, 6, last]]), memory, padding) for last in (7, 8))
    torch.testing.assert_close(first[:, :2], second[:, :2])
    assert not torch.allclose(first[:, 2], second[:, 2])


def test_no_noise_changes_nothing():
    ids, lengths = sequences(20, 2)
    same, left = corrupt(ids, lengths, **NO_NOISE)
    assert torch.equal(left, lengths)
    assert torch.equal(same, ids[:, : same.shape[1]])


@pytest.mark.parametrize("noise", [{"mask": 1.0, "drop": 0.0}, {"mask": 0.0, "drop": 1.0}, {"mask": 0.3, "drop": 0.3}])
def test_noise_keeps_texts_whole(noise):
    torch.manual_seed(0)
    ids, lengths = sequences(200, 3)
    spoilt, left = corrupt(ids, lengths, **noise)
    there = present(left, spoilt.shape[1])
    assert (left >= 1).all()
    assert (left <= lengths).all()
    assert (spoilt[there] != PAD).all()
    assert (spoilt[~there] == PAD).all()
    if noise["mask"] == 1.0:
        assert (spoilt[there] == MASK).all()
    if noise["drop"] == 1.0:
        assert (left == 1).all()


def test_shuffling_keeps_the_tokens():
    torch.manual_seed(0)
    ids, lengths = sequences(200, 4)
    moved, left = corrupt(ids, lengths, mask=0.0, drop=0.0, shuffle=4.0)
    assert torch.equal(left, lengths)
    assert torch.equal(moved.sort(1).values, ids.sort(1).values[:, -moved.shape[1] :])
    assert not torch.equal(moved, ids)
