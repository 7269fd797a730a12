from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.features.modality_network import FUSIONS, Gated, LowRank, build_modalities, some_left

COLUMNS = [[(0, 2), (5, 6)], [(2, 5)]]


def network(fusion, **changes):
    torch.manual_seed(0)
    return build_modalities(COLUMNS, (4,), 2, fusion=fusion, **changes).eval()


@given(st.integers(1, 5), st.floats(0, 0.99), st.integers(0, 100))
@settings(deadline=None, max_examples=50)
def test_something_is_left_and_nothing_is_added(count, share, seed):
    torch.manual_seed(seed)
    there = torch.randint(0, 2, (40, count)).float()
    left = some_left(there, share)
    assert ((left == 0) | (left == there)).all()
    assert ((left.sum(1) > 0) == (there.sum(1) > 0)).all()


def test_as_many_are_dropped_as_was_asked():
    torch.manual_seed(0)
    dropped = 1 - some_left(torch.ones(20_000, 2), 0.3).mean(0)
    # both would go in 9 of 100 items, and one of them stays
    np.testing.assert_allclose(dropped, 0.3 - 0.09 / 2, atol=0.01)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_columns_of_a_modality_need_not_lie_together(fusion):
    one = network(fusion)
    x = torch.randn(7, 6)
    torch.manual_seed(0)
    other = build_modalities([[(0, 3)], [(3, 6)]], (4,), 2, fusion=fusion).eval()
    torch.testing.assert_close(one(x), other(x[:, [0, 1, 5, 2, 3, 4]]))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_what_is_dropped_is_what_is_lacking(fusion):
    built = network(fusion, modality_dropout=0.9)
    x = torch.randn(400, 6)
    torch.manual_seed(1)
    left = some_left(torch.ones(400, 2), 0.9)
    lacking = x.clone()
    lacking[:, [0, 1, 5]] *= left[:, [0]]
    lacking[:, [2, 3, 4]] *= left[:, [1]]
    expected = built(lacking)
    torch.manual_seed(1)
    torch.testing.assert_close(built.train()(x), expected)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_an_item_without_anything_gets_an_answer(fusion):
    assert torch.isfinite(network(fusion)(torch.zeros(3, 6))).all()


def test_low_rank_is_the_whole_tensor_of_products():
    torch.manual_seed(0)
    fused = LowRank([2, 3], 4, 2)
    blocks, there = [torch.randn(5, 2), torch.randn(5, 3)], torch.ones(5, 2)
    tensor = torch.zeros(4, 4, 5)
    for rank in range(2):
        sides = []
        for factor in fused.factors:
            weight, bias = (part.view(2, 4, -1)[rank] for part in (factor.weight, factor.bias))
            sides.append(torch.cat([weight, bias], dim=1))
        tensor += torch.einsum("oi,oj->oij", *sides) / 2
    extended = [torch.cat([block, torch.ones(5, 2)], dim=1) for block in blocks]
    torch.testing.assert_close(fused(blocks, there), torch.einsum("oij,ni,nj->no", tensor, *extended).relu())


def test_at_first_a_lacking_modality_leaves_the_product_as_it_is():
    fused = LowRank([2, 3], 4, 1)
    blocks, there = [torch.randn(5, 2), torch.zeros(5, 3)], torch.tensor([[1.0, 0.0]]).repeat(5, 1)
    alone = fused.factors[0](torch.cat([blocks[0], torch.ones(5, 1)], dim=1)).relu()
    torch.testing.assert_close(fused(blocks, there), alone)


def test_gates_of_two_modalities_are_the_papers_sigmoid():
    torch.manual_seed(0)
    fused = Gated([2, 3], 4)
    blocks = [torch.randn(5, 2), torch.randn(5, 3)]
    asked = fused.gate(torch.cat([*blocks, torch.ones(5, 2)], dim=1)).view(5, 2, 4)
    z = (asked[:, 0] - asked[:, 1]).sigmoid()
    expected = z * fused.read[0](blocks[0]).tanh() + (1 - z) * fused.read[1](blocks[1]).tanh()
    torch.testing.assert_close(fused(blocks, torch.ones(5, 2)), expected)


def test_a_lacking_modality_has_no_say_in_the_gates():
    fused = Gated([2, 3], 4)
    blocks = [torch.randn(5, 2), torch.zeros(5, 3)]
    there = torch.tensor([[1.0, 0.0]]).repeat(5, 1)
    torch.testing.assert_close(fused(blocks, there), fused.read[0](blocks[0]).tanh())


@pytest.mark.parametrize("fusion", ["concatenation", "low_rank", "gated"])
def test_of_no_items_there_are_no_answers(fusion):
    network = build_modalities([[(0, 2)], [(2, 5)]], (4,), 3, fusion=fusion).eval()
    assert network(torch.ones(0, 5)).shape == (0, 3)
