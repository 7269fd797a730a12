"""What every merge of changes keeps, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse import average
from polyculture.fuse.changes import Changes, check_setting, singular
from polyculture.fuse.dare import dare
from polyculture.fuse.fisher import fisher
from polyculture.fuse.iso_c import iso_c
from polyculture.fuse.ties import ties
from polyculture.fuse.tsv_m import tsv_m
from polyculture.fuse.wudi import wudi

SEEDS = st.integers(0, 2**31 - 1)
SHAPES = {"1.weight": (5, 4), "1.bias": (5,), "wide.weight": (2, 9), "scale": (), "filter": (2, 3, 2)}


def network(rng, dtype=np.float64):
    return {name: np.asarray(rng.normal(size=shape)).astype(dtype) for name, shape in SHAPES.items()}


def family(seed, count=3):
    rng = np.random.RandomState(seed)
    return network(rng), [network(rng) for _ in range(count)]


def run_fisher(base, experts):
    return fisher(base, experts, fishers=[{name: e[name] ** 2 for name in base} for e in experts])


MERGES = [ties, dare, wudi, tsv_m, iso_c, run_fisher]
OF_CHANGES = [merge for merge in MERGES if merge is not run_fisher]


def equal(a, b, atol=1e-9):
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], atol=atol, err_msg=name)


@pytest.mark.parametrize("merge", [merge for merge in MERGES if merge is not dare])
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, turn=st.permutations(range(3)))
def test_order_of_experts_does_not_matter(merge, seed, turn):
    base, experts = family(seed)
    equal(merge(base, [experts[i] for i in turn]), merge(base, experts), atol=1e-7)


@pytest.mark.parametrize("merge", OF_CHANGES)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, factor=st.floats(0.01, 100))
def test_larger_changes_give_a_larger_change_of_the_same_direction(merge, seed, factor):
    base, experts = family(seed)
    merged = merge(base, experts)
    scaled = merge(base, [{n: base[n] + factor * (e[n] - base[n]) for n in base} for e in experts])
    equal(scaled, {n: base[n] + factor * (merged[n] - base[n]) for n in base}, atol=1e-6 * factor)


@pytest.mark.parametrize("merge", OF_CHANGES)
def test_where_the_base_model_is_does_not_matter(merge):
    base, experts = family(1)
    shift = network(np.random.RandomState(9))
    moved = merge({n: base[n] + shift[n] for n in base}, [{n: e[n] + shift[n] for n in base} for e in experts])
    merged = merge(base, experts)
    equal(moved, {n: merged[n] + shift[n] for n in base}, atol=1e-7)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_names_order_and_dtype_are_the_base_models(merge, dtype):
    rng = np.random.RandomState(0)
    base, experts = network(rng, dtype), [network(rng) for _ in range(2)]
    merged = merge(base, experts)
    assert list(merged) == list(base)
    assert {value.dtype for value in merged.values()} == {np.dtype(dtype)}


@pytest.mark.parametrize("merge", MERGES)
def test_what_goes_in_is_left_alone(merge):
    base, experts = family(0)
    kept = [{name: value.copy() for name, value in part.items()} for part in (base, *experts)]
    for value in merge(base, experts).values():
        value[...] = 0
    for part, before in zip((base, *experts), kept, strict=True):
        equal(part, before, atol=0)


@pytest.mark.parametrize("merge", MERGES)
def test_experts_that_did_not_move_give_the_base_model(merge):
    base, _ = family(0)
    equal(merge(base, [base, base, base]), base)


@pytest.mark.parametrize("merge", [tsv_m, iso_c, wudi])
def test_tensors_that_are_no_matrix_are_averaged(merge):
    base, experts = family(2)
    merged, mean = merge(base, experts), average(base, experts)
    for name, shape in SHAPES.items():
        same = np.abs(merged[name] - mean[name]).max() < 1e-9
        assert same == (len(shape) != 2), name


@pytest.mark.parametrize("merge", MERGES)
def test_empty_tensors_stay_empty(merge):
    empty = {"w": np.zeros((0, 3)), "b": np.zeros(0)}
    assert {name: value.shape for name, value in merge(empty, [empty, empty]).items()} == {"w": (0, 3), "b": (0,)}


@pytest.mark.parametrize("merge", MERGES)
def test_an_expert_that_does_not_fit_is_refused(merge):
    base, experts = family(0)
    with pytest.raises(ParameterError, match="no expert to fuse"):
        merge(base, [])
    with pytest.raises(ShapeError, match=r"expert 2: scale is \(4,\)"):
        merge(base, [experts[0], experts[1] | {"scale": np.ones(4)}])
    with pytest.raises(ShapeError, match=r"expert 1: 1.bias holds values that are not numbers"):
        merge(base, [experts[0] | {"1.bias": np.full(5, np.nan)}])


@pytest.mark.parametrize(
    ("merge", "wrong", "says"),
    [
        (ties, {"density": 0}, r"density is 0; give a number in \(0, 1\]"),
        (ties, {"density": 1.1}, "density is 1.1"),
        (ties, {"density": True}, "density is True"),
        (ties, {"scale": float("nan")}, r"scale is nan; give a number in \(-inf, inf\)"),
        (dare, {"drop": 1}, r"drop is 1; give a number in \[0, 1\)"),
        (dare, {"drop": "half"}, "drop is 'half'"),
        (dare, {"seed": -1}, "seed is -1"),
        (dare, {"scale": float("inf")}, "scale is inf"),
        (wudi, {"ridge": -0.1}, r"ridge is -0.1; give a number in \[0, inf\)"),
        (tsv_m, {"scale": float("inf")}, "scale is inf"),
        (iso_c, {"scale": float("-inf")}, "scale is -inf"),
    ],
)
def test_a_setting_out_of_range_is_refused(merge, wrong, says):
    base, experts = family(0)
    with pytest.raises(ParameterError, match=says):
        merge(base, experts, **wrong)


def test_changes_can_be_gone_through_more_than_once():
    changes = Changes("w", np.ones(2), [{"w": np.array([2.0, 3.0])}, {"w": np.array([0.0, 3.0])}])
    assert [change.tolist() for change in changes] == [change.tolist() for change in changes] == [[1, 2], [-1, 2]]
    assert changes.sum().tolist() == [0, 4]
    assert changes.mean().tolist() == [0, 2]


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, rank=st.integers(0, 3))
def test_singular_directions_are_as_many_as_the_rank_and_rebuild_the_matrix(seed, rank):
    rng = np.random.RandomState(seed)
    matrix = rng.normal(size=(5, rank)) @ rng.normal(size=(rank, 4))
    left, values, right = singular(matrix)
    assert left.shape == (5, rank)
    np.testing.assert_allclose((left * values) @ right, matrix, atol=1e-9)


def test_the_bounds_themselves_are_allowed_unless_said_otherwise():
    check_setting("share", 0, 0, 1)
    check_setting("share", 1, 0, 1)
    with pytest.raises(ParameterError, match="share is 1; "):
        check_setting("share", 1, 0, 1, below=True)
