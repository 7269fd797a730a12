"""Records, estimators and tables come back as they were, and nothing comes back that was not asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from polyculture.errors import StoreError
from polyculture.store.encode import decode, encode
from polyculture.store.records import digest, from_state, to_state


@dataclass(frozen=True)
class Leaf:
    value: Any


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    names: dict[str, Any] = field(default_factory=dict)


class Model:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    def state(self) -> dict[str, float]:
        return {"weight": self.weight}

    @classmethod
    def from_state(cls, state: dict[str, float]) -> Model:
        return cls(**state)


KINDS = (Leaf, Tree, Model)


def there_and_back(value: Any) -> Any:
    tree, tensors = encode({"value": to_state(value, KINDS)})
    return from_state(decode(tree, tensors)["value"], KINDS)


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    plain | plain.map(Leaf),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.just("$record"), inner)
        | st.builds(Tree, st.lists(inner.map(Leaf)).map(tuple), st.dictionaries(st.text(), inner))
    ),
    max_leaves=12,
)


@given(values)
def test_nested_records_come_back(value):
    assert there_and_back(value) == value


@given(values)
def test_equal_values_have_equal_digests(value):
    assert digest(value, KINDS) == digest(there_and_back(value), KINDS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (1, 1.0),
        ("1", 1),
        ([1], (1,)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (Leaf([1]), Tree((), {"value": [1]})),
        (np.zeros(2), np.zeros(2, dtype=np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(0), np.zeros((0, 1))),
        ({"a": np.zeros(1), "b": np.ones(1)}, {"a": np.ones(1), "b": np.zeros(1)}),
        (sp.csr_array(np.eye(2)), sp.csr_array(np.ones((2, 2)))),
        (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})),
    ],
)
def test_other_values_have_other_digests(one, other):
    assert digest(one, KINDS) != digest(other, KINDS)


def test_arrays_that_lie_otherwise_in_memory_are_the_same():
    array = np.arange(12.0).reshape(3, 4)
    assert digest(array) == digest(np.asfortranarray(array)) == digest(np.arange(24.0).reshape(3, 8)[:, ::2] / 2)


def test_estimators_come_back_by_their_state():
    assert there_and_back([Model(0.5)])[0].weight == 0.5


def test_tables_come_back():
    table = pl.DataFrame({"a": [1, None], "b": ["x", "ü"], "c": [0.1, float("nan")], "d": [True, None]})
    assert there_and_back({"t": table})["t"].equals(table)


@pytest.mark.parametrize("stranger", [Leaf(1), pytest.param(type("Pair", (tuple,), {})((1, 2)), id="a named tuple")])
def test_records_of_other_classes_are_refused(stranger):
    with pytest.raises(StoreError, match="is no record that is kept here"):
        to_state([stranger], (Model,))


def test_no_class_is_made_that_was_not_asked_for():
    state = to_state([Leaf(1)], KINDS)
    with pytest.raises(KeyError):
        from_state(state, (Model,))
