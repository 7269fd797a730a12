"""Splits: in proportion, the same for the same seed, and never across duplicates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.preprocess import split


def made(n: int = 400, seed: int = 0) -> DomainData:
    rng = np.random.RandomState(seed)
    return DomainData.of(
        [f"text {i}" for i in range(n)], label=rng.choice(["+", "-"], n), domain=rng.choice(["a", "b", "c"], n)
    )


def parts(data: DomainData) -> dict[str, str]:
    assert data.split is not None
    return dict(zip(data.ids.tolist(), data.split.tolist(), strict=True))


def test_every_domain_and_class_has_its_share_of_each_part() -> None:
    data = split(made(), test=0.3, validation=0.15, seed=0)
    assert data.split is not None
    for domain in data.domains:
        for label in data.classes:
            rows = (data.domain == domain) & (data.label == label)
            count = Counter(data.split[rows].tolist())
            assert abs(count["test"] - 0.3 * rows.sum()) <= 1
            assert abs(count["validation"] - 0.15 * rows.sum()) <= 1


def test_the_seed_alone_decides_not_the_order_of_rows() -> None:
    data = made()
    shuffled = data.take(np.random.RandomState(1).permutation(len(data)))
    assert parts(split(data, seed=3)) == parts(split(shuffled, seed=3))
    assert parts(split(data, seed=3)) != parts(split(data, seed=4))


def test_another_domain_leaves_the_others_as_they_were() -> None:
    data = made()
    fewer = data.take(data.domain != "c")
    whole = parts(split(data, seed=0))
    assert parts(split(fewer, seed=0)) == {key: whole[key] for key in fewer.ids}


def test_items_without_label_are_unlabelled() -> None:
    data = split(DomainData.of(list("abcdef"), label=["+", "-", "+", "-", None, -1]), seed=0)
    assert data.rows("unlabelled").tolist() == [4, 5]


@pytest.mark.parametrize(("count", "wanted"), [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (2, 1, 1))])
def test_small_classes_are_trained_on_first_then_tested_then_validated(count: int, wanted: tuple[int, ...]) -> None:
    data = split(DomainData.of(["x"] * (count + 10), label=["+"] * count + ["-"] * 10), seed=0)
    assert data.split is not None
    found = Counter(data.split[:count].tolist())
    assert (found["train"], found["validation"], found["test"]) == wanted


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(1, 6), min_size=8, max_size=40))
def test_a_group_is_never_torn(seed: int, sizes: list[int]) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    label = np.random.RandomState(seed).permutation(["+", "-"] * len(groups))[: len(groups)]
    label[:2] = ["+", "-"]
    data = split(DomainData.of(["x"] * len(groups), label=label), seed=seed, groups=groups)
    pairs = set(zip(groups.tolist(), np.asarray(data.split).tolist(), strict=True))
    assert len(pairs) == len(sizes)


def test_a_split_that_was_given_is_kept_but_for_validation() -> None:
    given_split = ["train"] * 20 + ["test"] * 10
    data = split(made(30).with_split(given_split), validation=0.2, seed=0)
    assert data.rows("test").tolist() == list(range(20, 30))
    assert 2 <= len(data.rows("validation")) <= 8
    again = split(data, validation=0.5, seed=1)
    assert parts(again) == parts(data), "validation items that are there are enough"


def test_given_training_items_without_label_become_unlabelled() -> None:
    data = DomainData.of(list("abcd"), label=["+", "-", None, None], split=["train", "train", "train", "test"])
    assert np.asarray(split(data, validation=0, seed=0).split).tolist() == ["train", "train", "unlabelled", "test"]


def test_a_domain_that_is_only_tested_is_no_error_when_the_split_was_given() -> None:
    data = DomainData.of(list("abcde"), label=list("+-+-+"), domain=list("aaaab"), split=["train"] * 4 + ["test"])
    assert split(data, seed=0).rows("test").tolist() == [4]


def test_no_test_share_leaves_no_test_items() -> None:
    assert len(split(made(), test=0, validation=0, seed=0).rows("train")) == 400


@pytest.mark.parametrize(
    ("label", "domain", "sentence"),
    [
        (["+"] * 4, None, "only the class '\\+'; give labels of at least two classes"),
        ([None] * 4, None, "there are no labels"),
        (["+", "-", "+", "-"], list("aaab"), "the domain 'b' has a single labelled item"),
    ],
)
def test_data_that_cannot_be_split_say_why(label: list[str], domain: list[str] | None, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        split(DomainData.of(list("wxyz"), label=label, domain=domain), seed=0)


@pytest.mark.parametrize("shares", [{"test": 1}, {"test": -0.1}, {"test": 0.6, "validation": 0.4}, {"seed": -1}])
def test_shares_that_leave_nothing_to_learn_from_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        split(made(), **({"seed": 0} | shares))  # type: ignore[arg-type]


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(ShapeError, match="groups has the shape"):
        split(made(), seed=0, groups=[1, 2])
