"""Fisher merging: certain numbers count more, and the exact diagonal is what gradients say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse import average
from polyculture.fuse.fisher import fisher, linear_fisher


def family(seed=0, count=3):
    rng = np.random.RandomState(seed)
    base, *experts = ({"w": rng.normal(size=(2, 3)), "b": rng.normal(size=2)} for _ in range(count + 1))
    return base, experts, [{name: rng.random_sample(e[name].shape) for name in e} for e in experts]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), scale=st.floats(1e-9, 1e9))
def test_is_the_weighed_mean_at_any_scale(seed, scale):
    base, experts, fishers = family(seed)
    pairs = list(zip(experts, fishers, strict=True))
    expected = sum(f["w"] * e["w"] for e, f in pairs) / sum(f["w"] for _, f in pairs)
    scaled = [{name: scale * value for name, value in f.items()} for f in fishers]
    np.testing.assert_allclose(fisher(base, experts, fishers=scaled, floor=0.0)["w"], expected, atol=1e-9)
    one, two = (fisher(base, experts, fishers=f, floor=0.1)["w"] for f in (fishers, scaled))
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_equal_diagonals_average_and_so_does_a_tensor_without():
    base, experts, _ = family()
    mean = average(base, experts, weights=[1, 2, 3])
    flat = [{"w": np.full((2, 3), 0.7)} for _ in experts]
    merged = fisher(base, experts, fishers=flat, weights=[1, 2, 3])
    for name in base:
        np.testing.assert_allclose(merged[name], mean[name])


@pytest.mark.parametrize("floor", [0.0, 1e-6])
def test_numbers_on_which_nothing_hangs_are_averaged(floor):
    base, experts, _ = family()
    nothing = [{"w": np.zeros((2, 3))} for _ in experts]
    np.testing.assert_allclose(fisher(base, experts, fishers=nothing, floor=floor)["w"], average(base, experts)["w"])


def test_one_expert_gives_itself():
    base, experts, fishers = family()
    np.testing.assert_allclose(fisher(base, experts[:1], fishers=fishers[:1])["w"], experts[0]["w"])


def test_the_diagonal_of_a_linear_layer_is_the_mean_square_of_its_gradients():
    rng = np.random.RandomState(0)
    inputs, weight, bias = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    logits = inputs @ weight.T + bias
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = {"weight": np.zeros((3, 4)), "bias": np.zeros(3)}
    for x, chances in zip(inputs, p, strict=True):
        for answer, chance in enumerate(chances):
            gradient = np.eye(3)[answer] - chances
            expected["weight"] += chance * np.outer(gradient, x) ** 2 / len(inputs)
            expected["bias"] += chance * gradient**2 / len(inputs)
    found = linear_fisher(inputs, p)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value)


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda f: f[:1], ParameterError, "3 experts and 1 diagonals"),
        (lambda f: [f[0], f[1], {"w": np.ones(3)}], ShapeError, r"diagonal 3: w is \(3,\)"),
        (
            lambda f: [f[0], {"w": np.full((2, 3), -1.0)}, f[2]],
            ParameterError,
            "diagonal 2: w holds values that are neg",
        ),
        (lambda f: [f[0], {"w": np.full((2, 3), np.nan)}, f[2]], ParameterError, "diagonal 2: w holds values"),
        (lambda f: [f[0], {"v": np.ones(3)}, f[2]], ParameterError, "the diagonal 'v' belongs to no tensor"),
    ],
)
def test_bad_diagonals_are_named(damage, error, says):
    base, experts, fishers = family()
    with pytest.raises(error, match=says):
        fisher(base, experts, fishers=damage(fishers))


def test_bad_items_and_settings():
    base, experts, fishers = family()
    with pytest.raises(ShapeError, match="2 inputs and 3 answers"):
        linear_fisher(np.ones((2, 1)), np.ones((3, 1)))
    with pytest.raises(ParameterError, match="floor is -1"):
        fisher(base, experts, fishers=fishers, floor=-1)
    with pytest.raises(ParameterError, match="give 3 non-negative numbers"):
        fisher(base, experts, fishers=fishers, weights=[1, 1])
