"""RegMean++: each layer is fitted to what the merged ones before it pass on."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.errors import ParameterError
from polyculture.fuse import average, gram_sums, regmean
from polyculture.fuse.regmean_plus_plus import regmean_plus_plus


@pytest.fixture
def family():
    rng = np.random.RandomState(0)

    def network(start=None, size=1.0):
        shapes = {"0.weight": (6, 4), "0.bias": (6,), "1.weight": (3, 6), "1.bias": (3,), "norm": (2,)}
        return {n: (start[n] if start else 0) + size * rng.normal(size=shape) for n, shape in shapes.items()}

    base = network()
    experts = [network(base, 0.4) for _ in range(3)]
    return base, experts, [rng.normal(size=(80, 4)) + 2 * rng.normal(size=4) for _ in experts]


def inputs(x, weights):
    return {"0": x, "1": np.maximum(x @ weights["0.weight"].T + weights["0.bias"], 0)}


def outputs(x, weights):
    return inputs(x, weights)["1"] @ weights["1.weight"].T + weights["1.bias"]


def test_the_first_layer_is_regmeans_and_the_last_knows_of_it(family):
    base, experts, data = family
    merged = regmean_plus_plus(
        base, experts, gather=lambda i, weights: gram_sums(inputs(data[i], weights)), layers=["0", "1"]
    )
    apart = regmean(base, experts, grams=[gram_sums(inputs(x, e)) for x, e in zip(data, experts, strict=True)])
    np.testing.assert_allclose(merged["0.weight"], apart["0.weight"], atol=1e-9)
    np.testing.assert_allclose(merged["norm"], average(base, experts)["norm"])
    # by hand: the last layer on what the merged first one gives
    passed = [gram_sums({"1": inputs(x, merged)["1"]}) for x in data]
    last = regmean(
        *({n: w[n] for n in ("1.weight", "1.bias")} for w in (base,)),
        experts=[{n: e[n] for n in ("1.weight", "1.bias")} for e in experts],
        grams=passed,
    )
    np.testing.assert_allclose(merged["1.weight"], last["1.weight"], atol=1e-9)
    assert np.abs(merged["1.weight"] - apart["1.weight"]).max() > 1e-3


def test_without_a_ridge_it_fits_the_last_layers_outputs_best(family):
    base, experts, data = family
    merged = regmean_plus_plus(
        base, experts, gather=lambda i, w: gram_sums(inputs(data[i], w)), layers=["0", "1"], ridge=0.0
    )
    apart = regmean(
        base, experts, grams=[gram_sums(inputs(x, e)) for x, e in zip(data, experts, strict=True)], ridge=0.0
    )

    def error(last):
        """Of the last layer, against each expert's own on the same inputs."""
        pairs = zip(data, experts, strict=True)
        found = merged | {n: last[n] for n in ("1.weight", "1.bias")}
        return sum(
            ((outputs(x, found) - outputs(x, found | {n: e[n] for n in ("1.weight", "1.bias")})) ** 2).sum()
            for x, e in pairs
        )

    assert error(merged) < error(apart)
    assert error(merged) < error(average(base, experts))


def test_identical_experts_give_themselves(family):
    base, experts, data = family
    merged = regmean_plus_plus(
        base, [experts[0]] * 3, gather=lambda i, w: gram_sums(inputs(data[i], w)), layers=["0", "1"], ridge=0.0
    )
    for name in base:
        np.testing.assert_allclose(merged[name], experts[0][name], atol=1e-6)


def test_what_is_missing_is_named(family):
    base, experts, _ = family
    with pytest.raises(ParameterError, match=r"no tensor 'norm.weight'"):
        regmean_plus_plus(base, experts, gather=lambda i, w: {}, layers=["norm"])
    with pytest.raises(ParameterError, match="expert 1 gathered no Gram matrix of layer '0'"):
        regmean_plus_plus(base, experts, gather=lambda i, w: {}, layers=["0"])
