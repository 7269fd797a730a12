"""Prototypes are what they are said to be: nearest, and together closest to all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from explained import numbers

from polyculture import CrossDomainClassifier
from polyculture.errors import ParameterError, ShapeError
from polyculture.explain import Known, nearest, prototypes
from polyculture.explain.prototypes import _distances, seen


def test_a_known_item_is_its_own_nearest(of_numbers: CrossDomainClassifier) -> None:
    x, y, _ = numbers()
    known = Known.of(of_numbers, x, y)
    found = nearest(seen(of_numbers, of_numbers.encode(x[:4])), known, most=2)

    assert [row[0]["item"] for row in found] == [0, 1, 2, 3]
    assert found[0][0]["similarity"] == pytest.approx(1.0)


def test_each_class_is_heard(of_numbers: CrossDomainClassifier) -> None:
    x, y, _ = numbers()
    found = nearest(seen(of_numbers, of_numbers.encode(x[:1])), Known.of(of_numbers, x, y), most=3)[0]

    assert sorted(f["code"] for f in found) == [0, 0, 0, 1, 1, 1]
    assert all(y[f["item"]] == f["code"] for f in found)


def test_items_without_a_label_are_no_prototypes(of_numbers: CrossDomainClassifier) -> None:
    x, y, _ = numbers()
    labels = [None, *y[1:].tolist()]
    found = nearest(seen(of_numbers, of_numbers.encode(x[:1])), Known.of(of_numbers, x, labels), most=500)[0]

    assert 0 not in [f["item"] for f in found]


def test_the_greedy_choice_is_the_best_next_one() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(c, 0.2, size=(6, 2)) for c in (0.0, 3.0, 9.0)])
    kernel = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(axis=-1))

    def worth(chosen: list[int]) -> float:
        return float(2 * kernel[:, chosen].mean(axis=0).mean() - kernel[np.ix_(chosen, chosen)].mean())

    found = prototypes(x, 3, gamma=0.5)
    for size in range(1, 4):
        best = max(range(len(x)), key=lambda i: worth([*found[: size - 1], i]) if i not in found[: size - 1] else -9)
        assert worth(found[:size]) == pytest.approx(worth([*found[: size - 1], best]))
    assert {i // 6 for i in found} == {0, 1, 2}
    # greedy is near the best of all
    assert worth(found) > 0.95 * max(worth(list(c)) for c in combinations(range(len(x)), 3))


def test_many_items_have_the_same_distances_as_few() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))

    assert _distances(x) == pytest.approx(((x[:, None] - x) ** 2).sum(axis=-1), abs=1e-9)
    assert len(set(prototypes(np.repeat(x, 10, axis=0), 4))) == 4


def test_bad_numbers_and_labels_are_refused(of_numbers: CrossDomainClassifier) -> None:
    x, y, _ = numbers()
    with pytest.raises(ParameterError, match="between 1 and all"):
        prototypes(x, 0)
    with pytest.raises(ShapeError, match="240 known items and 3 labels"):
        Known.of(of_numbers, x, y[:3])
    with pytest.raises(ParameterError, match="no known item has one of the classes 0, 1"):
        Known.of(of_numbers, x, ["no"] * 240)
    with pytest.raises(ParameterError, match="at least 1"):
        nearest(x, Known(x, y, 2), most=0)
