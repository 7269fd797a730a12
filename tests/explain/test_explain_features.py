"""Columns, groups and patches have the effects that are claimed."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from explained import numbers

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError, ParameterError
from polyculture.explain import Asked, feature_reasons, patches, training_mean

SLOPES, MEAN = np.array([2.0, -1.0, 0.0, 0.5]), np.array([1.0, 2.0, 3.0, 0.0])


def logistic(X, domain: np.ndarray) -> np.ndarray:
    z = np.asarray(X @ SLOPES)
    p = 1 / (1 + np.exp(-z))
    return np.stack([1 - p, p], axis=1)


def test_of_a_linear_model_each_column_gets_its_slope_times_its_distance_from_the_mean() -> None:
    x = np.random.default_rng(0).normal(size=(6, 4))
    found = feature_reasons(logistic, x, np.arange(6), mean=MEAN, predicted=np.ones(6, dtype=int))

    for row, reasons in zip(x, found, strict=True):
        assert reasons.weights == pytest.approx(SLOPES * (row - MEAN), abs=1e-6)


def test_a_group_has_the_sum_of_its_columns() -> None:
    groups = {"both": np.array([0, 1]), "rest": np.array([2, 3])}
    x = np.array([[0.5, 0.5, 0.5, 0.5]])
    found = feature_reasons(logistic, x, np.arange(1), mean=MEAN, groups=groups, predicted=np.array([1]))[0]

    assert found.names == ["both", "rest"]
    assert found.weights == pytest.approx([SLOPES[:2] @ (x[0] - MEAN)[:2], SLOPES[2:] @ (x[0] - MEAN)[2:]])


def test_of_sparse_items_only_what_is_there_is_looked_at() -> None:
    x = sp.csr_array(np.array([[0.0, 1.0, 0.0, 2.0]]))
    found = feature_reasons(logistic, x, np.arange(1), mean=np.zeros(4), predicted=np.array([1]))[0]

    assert found.names == ["1", "3"]
    assert found.weights == pytest.approx([-1.0, 1.0])


@pytest.mark.parametrize(("height", "width", "size", "channels"), [(4, 4, 2, 1), (5, 7, 3, 3), (3, 2, 9, 2)])
def test_patches_share_the_pixels_out_without_rest(height: int, width: int, size: int, channels: int) -> None:
    found = patches(height, width, size, channels)
    together = np.concatenate(list(found.values()))

    assert sorted(together.tolist()) == list(range(height * width * channels))
    assert max(map(len, found.values())) <= size * size * channels


def test_a_patch_is_square_in_the_image() -> None:
    image = np.zeros((4, 6, 2))
    image[2:4, 2:4] = 1
    found = patches(4, 6, 2, 2)

    assert sorted(found["rows 2-3, columns 2-3"].tolist()) == np.flatnonzero(image.ravel()).tolist()


def test_a_patch_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        patches(4, 4, 0)


def test_the_mean_is_that_of_training_items(of_numbers: CrossDomainClassifier) -> None:
    x, _, _ = numbers()

    assert training_mean(of_numbers) == pytest.approx(x.mean(axis=0), abs=0.15)


def test_texts_have_no_mean(of_texts: CrossDomainClassifier) -> None:
    with pytest.raises(DataError, match="ask for words"):
        training_mean(of_texts)


def test_each_domain_has_the_reasons_of_its_expert(of_numbers: CrossDomainClassifier) -> None:
    item = np.array([[3.2, 4.5, 3.0, 3.0, 3.0]])
    reasons = {}
    for domain in ("a", "b"):
        asked = Asked.of(of_numbers, item, domain=[domain])
        reasons[domain] = feature_reasons(
            asked.predict, asked.items, np.arange(1), mean=training_mean(of_numbers), predicted=np.array([1])
        )[0]

    # the second column speaks for the class in one domain and against it in the other
    assert reasons["a"].weights[1] > 1
    assert reasons["b"].weights[1] < -1
    assert np.abs(reasons["a"].weights[2:]).max() < reasons["a"].weights[1]
