"""True reasons are told from random and from turned ones, whatever they are of."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.errors import DataError
from polyculture.explain import faithful
from polyculture.explain.faithfulness import SIGNS

WORTH = np.random.default_rng(0).dirichlet(np.ones(20), size=30)


def additive(rows: np.ndarray, kept: list[np.ndarray]) -> np.ndarray:
    return np.array([WORTH[i] @ mask for i, mask in zip(rows, kept, strict=True)])


def test_true_reasons_are_better_than_random_ones_by_all_four() -> None:
    found = faithful(additive, list(WORTH))

    assert found["items"] == 30
    for name in SIGNS:
        assert found[name]["margin"]["low"] > 0


def test_turned_reasons_are_worse_than_random_ones_by_all_four() -> None:
    found = faithful(additive, [-w for w in WORTH])

    for name in SIGNS:
        assert found[name]["margin"]["high"] < 0


def test_random_reasons_are_as_good_as_random_ones() -> None:
    rng = np.random.default_rng(3)
    found = faithful(additive, [rng.permutation(20) for _ in WORTH])

    for name in SIGNS:
        assert abs(found[name]["margin"]["estimate"]) < 0.05


def test_the_scores_of_two_parts_by_hand() -> None:
    worth = np.array([0.8, 0.1])
    found = faithful(lambda rows, kept: np.array([m @ worth for m in kept]), [worth], draws=200)

    # from 0.9 by 0.1 to 0, and from 0 by 0.8 to 0.9
    assert found["deletion"]["reasons"] == pytest.approx(0.25 * 0.9 + 0.5 * 0.1 + 0.25 * 0.0)
    assert found["insertion"]["reasons"] == pytest.approx(0.25 * 0.0 + 0.5 * 0.8 + 0.25 * 0.9)
    # one part of two is all of the shares of 10 to 70 %
    assert found["comprehensiveness"]["reasons"] == pytest.approx(0.8)
    assert found["sufficiency"]["reasons"] == pytest.approx(0.1)
    assert found["deletion"]["random"] == pytest.approx(0.225 + 0.5 * 0.45, abs=0.03)


def test_items_with_one_part_are_left_out() -> None:
    found = faithful(additive, [WORTH[0], WORTH[1][:1], WORTH[2]])

    assert found["items"] == 2
    with pytest.raises(DataError, match="no item has two parts"):
        faithful(additive, [np.ones(1), np.ones(0)])


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert faithful(additive, list(WORTH), seed=5) == faithful(additive, list(WORTH), seed=5)
