"""A committee: the mean of its members, who see items in their own ways and teach one another."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from polyculture.adapt.committee import committee, seen_through
from polyculture.adapt.linear import logistic
from polyculture.adapt.self_training import self_train
from polyculture.errors import ParameterError

FIT = partial(logistic, classes=2)


def column(k):
    return seen_through(lambda X: X[:, k : k + 1], FIT)


def test_it_answers_with_the_mean_of_models_fitted_apart():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), np.arange(50) % 2
    found = committee([column(0), column(1)])(x, y)(x)
    apart = [FIT(x[:, k : k + 1], y)(x[:, k : k + 1]) for k in (0, 1)]
    np.testing.assert_allclose(found, np.mean(apart, axis=0))
    np.testing.assert_allclose(committee([FIT])(x, y)(x), FIT(x, y)(x))


def test_a_member_is_taught_what_only_another_saw():
    """In the source only the first column speaks; the second says more of the target."""
    rng = np.random.default_rng(0)
    y, truth = np.arange(200) % 2, np.arange(400) % 2
    x = np.column_stack([np.where(y, 1.0, -1.0) + rng.normal(size=200), rng.normal(size=200)])
    z = np.column_stack([np.where(truth, 1.0, -1.0), np.where(truth, 2.0, -2.0)]) + rng.normal(size=(400, 2))
    alone, together = (
        (self_train(committee(members), x, y, z, proportions="source")(z).argmax(axis=1) == truth).mean()
        for members in ([column(0)], [column(0), column(1)])
    )
    assert together > alone + 0.05


def test_no_member_is_one_sentence():
    with pytest.raises(ParameterError, match="There is no member; pass at least one"):
        committee([])
