"""Alignment: the function stays, a mere reordering is undone, and a merge after it means something."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse import average
from polyculture.fuse.align import align

LAYERS, SIZES = ["0", "1", "2"], (6, 9, 8, 3)
SEEDS = st.integers(0, 2**31 - 1)


def network(rng):
    found = {}
    for layer, (given_, wanted) in zip(LAYERS, pairwise(SIZES), strict=True):
        found |= {f"{layer}.weight": rng.normal(size=(wanted, given_)), f"{layer}.bias": rng.normal(size=wanted)}
    return found


def hidden(weights, x):
    found = {}
    for layer in LAYERS[:-1]:
        x = found[layer] = np.maximum(x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"], 0)
    return found


def outputs(weights, x):
    return hidden(weights, x)["1"] @ weights["2.weight"].T + weights["2.bias"]


def shuffled(weights, rng, noise=0.0):
    """The same network with its hidden units in another order, and a little noise."""
    found = {name: value + noise * rng.normal(size=value.shape) for name, value in weights.items()}
    for layer, after in pairwise(LAYERS):
        turn = rng.permutation(len(found[f"{layer}.bias"]))
        found[f"{layer}.weight"], found[f"{layer}.bias"] = found[f"{layer}.weight"][turn], found[f"{layer}.bias"][turn]
        found[f"{after}.weight"] = found[f"{after}.weight"][:, turn]
    return found


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_what_a_network_computes_stays(seed):
    rng = np.random.RandomState(seed)
    reference, expert, x = network(rng), network(rng), rng.normal(size=(7, 6))
    np.testing.assert_allclose(outputs(align(reference, expert, layers=LAYERS), x), outputs(expert, x), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_mere_reordering_is_undone(seed):
    rng = np.random.RandomState(seed)
    reference = network(rng)
    aligned = align(reference, shuffled(reference, rng), layers=LAYERS)
    for name, value in reference.items():
        np.testing.assert_array_equal(aligned[name], value)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_the_weights_come_nearer_and_never_go_farther(seed):
    rng = np.random.RandomState(seed)
    reference, expert = network(rng), network(rng)

    def likeness(weights):
        return sum((reference[name] * weights[name]).sum() for name in reference)

    assert (
        likeness(align(reference, align(reference, expert, layers=LAYERS), layers=LAYERS))
        >= likeness(align(reference, expert, layers=LAYERS)) - 1e-9
    )


def test_a_merge_after_alignment_computes_what_both_do():
    rng = np.random.RandomState(0)
    reference = network(rng)
    expert, x = shuffled(reference, rng, noise=0.02), rng.normal(size=(50, 6))

    def error(other):
        return np.abs(outputs(average(reference, [reference, other]), x) - outputs(reference, x)).mean()

    assert error(align(reference, expert, layers=LAYERS)) < 0.05 * error(expert)


def test_activations_on_shared_items_find_the_order():
    rng = np.random.RandomState(0)
    reference, x = network(rng), rng.normal(size=(200, 6))
    expert = shuffled(reference, rng, noise=0.01)
    aligned = align(reference, expert, layers=LAYERS, activations=(hidden(reference, x), hidden(expert, x)))
    for name, value in reference.items():
        np.testing.assert_allclose(aligned[name], value, atol=0.1)


def test_filters_and_what_is_tied_to_units_move_along():
    rng = np.random.RandomState(0)
    reference = {
        "a.weight": rng.normal(size=(5, 2, 3, 3)),
        "norm": rng.normal(size=5),
        "b.weight": rng.normal(size=(4, 5, 1, 1)),
    }
    turn = rng.permutation(5)
    expert = {
        "a.weight": reference["a.weight"][turn],
        "norm": reference["norm"][turn],
        "b.weight": reference["b.weight"][:, turn],
    }
    aligned = align(reference, expert, layers=["a", "b"], tied={"a": ["norm"]})
    for name, value in reference.items():
        np.testing.assert_array_equal(aligned[name], value)


def test_one_layer_has_nothing_to_reorder():
    rng = np.random.RandomState(0)
    reference, expert = network(rng), network(rng)
    np.testing.assert_array_equal(align(reference, expert, layers=["1"])["1.weight"], expert["1.weight"])


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"layers": []}, ParameterError, "no layers to align"),
        ({"layers": ["0", "9"]}, ParameterError, r"no tensor '9.weight'"),
        ({"layers": ["0", "2"]}, ShapeError, "0 gives 9 units and 2 receives 8"),
        ({"layers": LAYERS, "tied": {"0": ["norm"]}}, ParameterError, "no tensor 'norm'"),
        ({"layers": LAYERS, "activations": ({}, {})}, ParameterError, "no activations of layer '0'"),
        ({"layers": LAYERS, "activations": ({"0": np.ones((3, 2))}, {"0": np.ones((3, 2))})}, ShapeError, r"\(3, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(options, error, says):
    rng = np.random.RandomState(0)
    with pytest.raises(error, match=says):
        align(network(rng), network(rng), **options)
