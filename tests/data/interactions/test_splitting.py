"""What is held out is some of each user's interactions in each domain, and never the last one that is left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.interactions import Interactions, hold_out
from polyculture.errors import DataError, ParameterError

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.sampled_from("ab")), min_size=12, max_size=80)


def of(rows: list[tuple[int, int, str]], **more: object) -> Interactions:
    user, item, domain = zip(*rows, strict=True)
    return Interactions.of(user, item, domain=domain, time=np.arange(len(rows)) % 7, **more)


def groups(data: Interactions) -> list[np.ndarray]:
    keys = data.user * len(data.domains) + data.domain
    return [np.flatnonzero(keys == key) for key in np.unique(keys)]


@given(ROWS, st.sampled_from(["last", "random"]), st.integers(0, 9))
def test_one_interaction_of_each_user_in_each_domain(rows, how, seed):
    data = of(rows)
    found = hold_out(data, how, seed=seed)
    for group in groups(data):
        held_out = group[found.within("test")[group]]
        assert len(held_out) == (len(group) > 1)
        if how == "last" and len(held_out):
            assert data.time[held_out[0]] == data.time[group].max()


@given(ROWS, st.floats(0.1, 0.9))
def test_a_share_of_each_users_interactions(rows, share):
    data = of(rows)
    sizes = [int(len(group) * share) for group in groups(data)]
    if not sum(sizes):
        with pytest.raises(DataError, match="no user has enough"):
            hold_out(data, "share", share=share)
        return
    found = hold_out(data, "share", share=share)
    assert [int(found.within("test")[group].sum()) for group in groups(data)] == sizes


def test_the_same_seed_holds_out_the_same_and_another_does_not():
    data = of([(u, i, "a") for u in range(20) for i in range(20)])
    first, again, other = (hold_out(data, "random", seed=seed).split.tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_what_was_held_out_before_stays():
    data = of([(0, i, "a") for i in range(5)], split=["train", "train", "train", "train", "test"])
    found = hold_out(data, split="validation")
    assert found.split.tolist() == ["train", "train", "train", "validation", "test"]
    assert data.split.tolist() == ["train"] * 4 + ["test"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"how": "first"}, "how is 'first'"),
        ({"how": "share", "share": 1.0}, "share is 1.0"),
        ({"split": "train"}, "split is 'train'"),
    ],
)
def test_words_and_numbers_out_of_range_are_refused(options, says):
    with pytest.raises(ParameterError, match=says):
        hold_out(of([(0, 1, "a"), (0, 2, "a")]), **options)


def test_without_times_there_is_no_last():
    with pytest.raises(DataError, match="has no times"):
        hold_out(Interactions.of([1, 1], [1, 2]))


def test_users_with_one_interaction_cannot_be_tested():
    with pytest.raises(DataError, match="no user has enough"):
        hold_out(Interactions.of([1, 2], [1, 2]), "random")
