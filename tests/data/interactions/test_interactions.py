from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.interactions import Interactions
from polyculture.errors import DataError, ParameterError

ROW = st.tuples(st.integers(0, 6), st.integers(0, 8), st.sampled_from(["a", "b", "c"]))
ROWS = st.lists(ROW, min_size=1, max_size=60)


def of(rows, **more) -> Interactions:
    user, item, domain = zip(*rows, strict=True)
    return Interactions.of(user, item, domain=domain, **more)


def test_names_are_sorted_and_one_domain_is_called_all():
    data = Interactions.of(["b", "a", "b"], [2, 10, 10], rating=[1, 2, 3], time=[3, 2, 1])
    assert data.users.tolist() == ["a", "b"]
    assert data.items.tolist() == ["10", "2"]
    assert data.domains.tolist() == ["all"]
    assert data.user.tolist() == [1, 0, 1]
    assert data.item.tolist() == [1, 0, 0]
    assert data.user.dtype == data.item.dtype == data.domain.dtype == np.int64
    assert data.rating.tolist() == [1, 2, 3]


def test_names_are_the_same_in_arrays_of_numbers_and_in_words():
    kinds = [[3, 20, 3], np.array([3, 20, 3]), np.array([3, 20, 3], np.uint8), ["3", " 20 ", "3"], [3.0, 20.0, "3"]]
    found = [Interactions.of(kind, [0, 1, 2]) for kind in kinds]
    assert {tuple(data.users.tolist()) for data in found} == {("20", "3")}
    assert {tuple(data.user.tolist()) for data in found} == {(1, 0, 1)}


@given(ROWS)
def test_every_row_names_what_it_was_given(rows):
    data = of(rows, shared_items=True)
    named = zip(data.users[data.user], data.items[data.item], data.domains[data.domain], strict=True)
    assert list(named) == [(str(user), str(item), domain) for user, item, domain in rows]


@given(ROWS)
def test_the_matrix_counts_once_and_domains_add_up(rows):
    data = of(rows)
    whole = data.matrix()
    assert whole.dtype == np.float32
    assert whole.nnz == len(set(rows))
    assert set(whole.data.tolist()) == {1.0}
    parts = sum(data.matrix(domain=name) for name in data.domains)
    assert (parts != whole).nnz == 0


@given(ROWS)
def test_items_of_several_domains_are_several_items_or_shared(rows):
    several = len({(item, domain) for _, item, domain in rows})
    names = {item for _, item, _ in rows}
    apart, shared = of(rows), of(rows, shared_items=True)
    assert len(apart.items) == several
    assert apart.qualified == (several > len(names))
    assert all("/" in name for name in apart.items) == apart.qualified
    assert (apart.item_domain >= 0).all()
    assert len(shared.items) == len(names)
    of_several = {str(item) for item in names if len({d for _, i, d in rows if i == item}) > 1}
    assert set(shared.items[shared.item_domain == -1]) == of_several


@given(ROWS, st.data())
def test_taking_rows_keeps_names_and_the_domains_of_items(rows, draw):
    data = of(rows, rating=range(len(rows)), split=["train"] * len(rows))
    mask = np.array(draw.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=bool)
    some = data.take(mask)
    assert len(some) == mask.sum()
    assert some.users is data.users
    assert some.items is data.items
    assert some.item_domain.tolist() == data.item_domain.tolist()
    assert some.rating.tolist() == np.flatnonzero(mask).tolist()
    assert data.take(np.flatnonzero(mask)).item.tolist() == some.item.tolist()
    assert some.matrix().shape == data.matrix().shape


@given(ROWS, ROWS)
def test_like_others_names_the_same_things_and_counts_what_is_unknown(first, second):
    known = of(first)
    later = of(second).like(known)
    users, items = {user for user, _, _ in first}, {(item, domain) for _, item, domain in first}
    kept = [row for row in second if row[0] in users and row[1:] in items]
    called = [f"{d}/{i}" if known.qualified else str(i) for _, i, d in kept]
    assert [known.items[i] for i in later.item] == called
    assert [known.domains[i] for i in later.domain] == [d for _, _, d in kept]
    assert len(later) + sum(policy.count for policy in later.policies) == len(second)
    assert later.matrix().shape == known.matrix().shape
    assert later.users is known.users


@given(ROWS, ROWS)
def test_where_no_domain_is_named_an_item_is_of_the_one_that_it_has_there(first, second):
    known = of(first)
    names = known.items.tolist()
    later = Interactions.of(
        [user for user, _, _ in second], [f"{d}/{i}" if known.qualified else i for _, i, d in second]
    )
    found = later.like(known)
    users = {user for user, _, _ in first}
    kept = [row for row, i in zip(second, later.item, strict=True) if row[0] in users and later.items[i] in names]
    assert len(found) == len(kept)
    assert (known.item_domain[found.item] == found.domain).all()


def test_texts_follow_their_items_into_each_domain():
    texts = {"7": "seven", "8": "eight"}
    data = Interactions.of([1, 1, 1], [7, 7, 8], domain=["a", "b", "a"], item_text=texts)
    assert data.item_text == {"a/7": "seven", "b/7": "seven", "a/8": "eight"}
    assert Interactions.of([1], [7], item_text=texts).item_text == texts
    assert Interactions.of([1], [7], item_text={7: "seven"}).item_text == {"7": "seven"}


def test_an_item_with_a_text_and_no_row_is_known_where_there_is_one_domain():
    texts = {"b": "black tea", "a": "green tea", "d": "white tea", "e": " "}
    data = Interactions.of(["x", "y"], ["b", "c"], item_text=texts)
    assert data.items.tolist() == ["a", "b", "c", "d"]
    assert data.items[data.item].tolist() == ["b", "c"]
    assert data.item_domain.tolist() == [-1, 0, 0, -1]
    two = Interactions.of(["x", "y"], ["b", "c"], domain=["p", "q"], item_text=texts)
    assert two.items.tolist() == ["b", "c"]


def test_splits_have_synonyms_and_rows_without_are_training_rows():
    data = Interactions.of([1, 2, 3], [1, 2, 3], split=["train", "Valid", "test"])
    assert data.split.tolist() == ["train", "validation", "test"]
    assert data.within("validation", "test").tolist() == [False, True, True]
    none = Interactions.of([1, 2], [1, 2])
    assert none.within("train").all()
    assert not none.within("test").any()
    assert data.counts()["all"] == {"users": 3, "items": 3, "interactions": 3, "train": 1, "validation": 1, "test": 1}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"user": ["a", None]}, "row 2 has no user"),
        ({"item": ["", "b"]}, "row 1 has no item"),
        ({"item": [float("nan"), 1.0]}, "row 1 has no item"),
        ({"domain": ["a", "  "]}, "row 2 has no domain"),
        ({"rating": [1, "good"]}, "row 2 has the rating 'good'"),
        ({"rating": [float("nan"), 1]}, "row 1 has the rating nan"),
        ({"time": [1, float("inf")]}, "row 2 has the time inf"),
        ({"time": [1, None]}, "row 2 has the time None"),
        ({"split": ["train", "later"]}, "row 2 has the split 'later'"),
        ({"rating": [1]}, "differ in length"),
        ({"item": ["x"]}, "differ in length"),
    ],
)
def test_a_bad_column_is_named(columns, says):
    given_ = {"user": ["a", "b"], "item": ["x", "y"]} | columns
    with pytest.raises(DataError, match=says):
        Interactions.of(given_.pop("user"), given_.pop("item"), source="shop", **given_)


def test_a_domain_that_is_not_there_is_named():
    with pytest.raises(ParameterError, match="has no domain 'z'; use one of a, b"):
        of([(1, 1, "a"), (1, 2, "b")]).matrix(domain="z")


def test_the_bare_class_checks_what_it_is_given():
    good = Interactions.of([1, 2], [1, 2])
    columns = {name: getattr(good, name) for name in ("users", "items", "domains", "user", "item", "domain")}
    for change, says in [
        ({"users": good.users[::-1]}, "users are not sorted"),
        ({"item": np.array([0, 2])}, "one item lies outside"),
        ({"user": np.array([0])}, "differ in length"),
        ({"split": np.array(["later", "test"], dtype=object)}, "the split 'later'"),
    ]:
        with pytest.raises(DataError, match=says):
            Interactions(**columns | change)


def test_names_that_clash_with_their_domain_before_them_are_refused():
    with pytest.raises(DataError, match="shop: items of two domains have one name"):
        Interactions.of([1, 1, 1, 1], ["c", "b/c", "x", "x"], domain=["a/b", "a", "a", "a/b"], source="shop")


def test_nothing_is_nothing():
    data = Interactions.of([], [])
    assert len(data) == 0
    assert data.matrix().shape == (0, 0)
