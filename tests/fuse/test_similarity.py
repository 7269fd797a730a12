"""Similarity to domains: the closed form against scikit-learn, sums that add up, and what it does not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.fuse.similarity import Moments, Similarity, moments
from polyculture.targets.classes import softmax


def clouds(seed=0, each=40, apart=2.0):
    rng = np.random.RandomState(seed)
    domain = np.repeat(["a", "b", "c"], each)
    centres = apart * rng.randn(3, 4)
    return rng.randn(3 * each, 4) @ rng.randn(4, 4) + np.repeat(centres, each, axis=0), domain


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_probabilities_are_those_of_linear_discriminant_analysis(seed):
    x, domain = clouds(seed)
    found = softmax(-Similarity.of(moments(x, domain), ridge=0.0).distances(x) / 2)
    # its covariance is divided by n, the unbiased one by n less the domains
    n = len(x)
    scaled = LinearDiscriminantAnalysis(solver="lsqr", priors=np.full(3, 1 / 3)).fit(x, domain)
    log_odds = scaled.decision_function(x) * (n - 3) / n
    np.testing.assert_allclose(found, softmax(log_odds), atol=1e-6)


def test_sums_of_two_parts_are_those_of_the_whole():
    x, domain = clouds()
    one, two = moments(x[::2], domain[::2]), moments(x[1::2], domain[1::2])
    joint = {name: Moments(*(a + b for a, b in zip(one[name], two[name], strict=True))) for name in one}
    found, whole = (Similarity.of(each).distances(x) for each in (joint, moments(x, domain)))
    np.testing.assert_allclose(found, whole, rtol=1e-9)


def test_distances_do_not_depend_on_how_the_columns_are_mixed():
    x, domain = clouds()
    mixed = x @ np.random.RandomState(1).randn(4, 4) + 5.0
    found, expected = (Similarity.of(moments(z, domain), ridge=0.0).distances(z) for z in (mixed, x))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_domain_to_come_is_strange_and_a_known_one_is_not():
    x, domain = clouds(apart=8.0)
    similarity = Similarity.of(moments(x, domain))
    between = x[domain == "a"] + np.mean([x[domain == name].mean(axis=0) for name in "abc"], axis=0)
    strange = similarity.strangeness(between - x[domain == "a"].mean(axis=0))
    assert np.median(strange) > np.quantile(similarity.strangeness(x), 0.95)


def test_what_is_odd_in_every_domain_alike_is_not_strange():
    x, domain = clouds(apart=8.0)
    similarity = Similarity.of(moments(x, domain))
    span = (similarity.means - similarity.centre) @ np.linalg.inv(similarity.whitening)
    # a direction in which known domains do not differ, measured as they are spread
    away = np.linalg.svd(span @ similarity.whitening @ similarity.whitening.T)[2][-1]
    np.testing.assert_allclose(similarity.strangeness(x + 9 * away), similarity.strangeness(x), atol=1e-6)


def test_items_that_do_not_differ_are_no_error():
    found = Similarity.of(moments(np.ones((4, 2)), np.repeat(["a", "b"], 2))).distances(np.ones((1, 2)))
    np.testing.assert_allclose(found, 0.0, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "domain", "error", "says"),
    [
        (np.ones((2, 1)), ["a"], ShapeError, "a row and a name for each item"),
        (np.ones(2), ["a", "b"], ShapeError, "a row and a name for each item"),
        (np.array([[1.0], [np.nan]]), ["a", "b"], DataError, "row 2 holds values that are not numbers"),
    ],
)
def test_bad_items_are_named(x, domain, error, says):
    with pytest.raises(error, match=says):
        moments(x, np.array(domain))


def test_there_must_be_domains_and_items_in_them():
    for sums in ({}, {"a": Moments(0, np.zeros(1), np.zeros((1, 1)))}):
        with pytest.raises(ParameterError, match="has no items, or there is none"):
            Similarity.of(sums)
    with pytest.raises(ParameterError, match="ridge is -1"):
        Similarity.of(moments(np.ones((2, 1)), np.array(["a", "a"])), ridge=-1)
