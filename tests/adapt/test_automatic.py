"""Choosing how to adapt: the method that undoes the planted shift, and none where adapting would harm."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.adapt.automatic import METHODS, automatic, by_coral, trials, without
from polyculture.adapt.linear import logistic
from polyculture.adapt.selection import source_risk
from polyculture.errors import ParameterError, ShapeError

FIT = partial(logistic, classes=2)


def two_classes(n, seed, share=0.5, spread=1.0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) >= share * n).astype(int)
    return rng.normal(size=(n, 3)) * spread + np.where(y[:, None], [2.0, 2.0, 0.0], [-2.0, -2.0, 0.0]), y


def accuracy(found, z, truth):
    return (found.answer(z).argmax(axis=1) == truth).mean()


def moved_target():
    """The target is the source, turned and moved: CORAL undoes it."""
    z, truth = two_classes(300, 1)
    return z @ np.diag([3.0, 0.3, 1.0]) + [9.0, 0.0, 0.0], truth


def test_a_moved_target_is_met_by_alignment():
    x, y = two_classes(200, 0)
    z, truth = moved_target()
    found = automatic(FIT, x, y, z)
    assert found.name == "coral"
    assert (FIT(x, y)(z).argmax(axis=1) == truth).mean() < 0.7
    assert accuracy(found, z, truth) > 0.95


def test_where_proportions_differ_alignment_harms_and_is_not_chosen():
    x, y = two_classes(200, 0)
    z, truth = two_classes(300, 1, share=0.95)
    harmed = by_coral(FIT, x, y, z, ridge=1e-3)
    methods = {"none": without, "coral": partial(by_coral, ridge=1e-3)}
    found = automatic(FIT, x, y, z, methods=methods)
    assert (harmed.answer(z).argmax(axis=1) == truth).mean() < 0.9
    assert found.name == "none"
    assert accuracy(found, z, truth) > 0.97


def test_a_method_that_answers_noise_or_one_class_is_not_chosen():
    x, y = two_classes(200, 0)

    def one_class(fit, source, y, target):
        return without(lambda *_: lambda X: np.tile([0.99, 0.01], (X.shape[0], 1)), source, y, target)

    def noise(fit, source, y, target):
        rng = np.random.default_rng(0)
        return without(lambda *_: lambda X: rng.dirichlet([1, 1], X.shape[0]), source, y, target)

    found = automatic(FIT, x, y, x, methods={"one class": one_class, "noise": noise, "none": without})
    assert found.name == "none"
    assert found.scores["one class"] == pytest.approx(0.5)


def test_in_doubt_the_first_is_kept():
    x, y = two_classes(100, 0, spread=0.1)
    assert automatic(FIT, x, y, x).name == "none"
    z, _ = moved_target()
    assert automatic(FIT, x, y, z, margin=1.0).name == "none"


def test_held_out_labels_teach_no_candidate():
    x, y = two_classes(80, 0)
    seen = []

    def spy(fit, source, y, target):
        seen.append(y.copy())
        return without(fit, source, y, target)

    found = trials(FIT, x, y, x, {"spy": spy}, held_out=0.25)["spy"]
    assert (seen[0] < 0).sum() == len(found.y) == 20
    assert np.bincount(found.y).tolist() == [10, 10]
    np.testing.assert_array_equal(found.y, y[seen[0] < 0])


def test_the_way_back_never_sees_the_sources_labels():
    x, y = two_classes(80, 0)
    seen = []

    def spy(fit, source, y, target):
        seen.append((source, y))
        return without(fit, source, y, target)

    z, _ = two_classes(50, 1)
    trial = trials(FIT, x, y, z, {"spy": spy})["spy"]
    trial.back(trial.target_answers.argmax(axis=1))
    np.testing.assert_array_equal(seen[1][0], z)
    np.testing.assert_array_equal(seen[1][1], trial.target_answers.argmax(axis=1))


def test_sparse_rows_unlabelled_rows_and_other_criteria():
    x, y = two_classes(120, 0)
    y = np.where(np.arange(120) % 5, y, -1)
    found = automatic(FIT, sp.csr_array(x), y, sp.csr_array(x + 0.1), scorer=source_risk)
    assert set(found.scores) == set(METHODS)
    assert found.answer(sp.csr_array(x[:3])).shape == (3, 2)


def test_the_same_seed_chooses_the_same():
    x, y = two_classes(120, 0, spread=3.0)
    assert automatic(FIT, x, y, x + 1).scores == automatic(FIT, x, y, x + 1).scores


def test_where_nothing_can_be_held_out_the_first_is_taken():
    x, y = two_classes(40, 0)
    one = np.where(np.isin(np.arange(40), [0, 39]), y, -1)
    z, truth = two_classes(60, 1)
    found = automatic(FIT, x, one, z)
    assert (found.name, found.scores) == ("none", {})
    assert accuracy(found, z, truth) > 0.8


def test_bad_input_is_one_sentence():
    x, y = two_classes(20, 0)
    with pytest.raises(ParameterError, match="There are 0 methods"):
        automatic(FIT, x, y, x, methods={})
    with pytest.raises(ParameterError, match="held_out is 1"):
        automatic(FIT, x, y, x, held_out=1)
    with pytest.raises(ShapeError, match="encode both in the same way"):
        automatic(FIT, x, y, x[:, :2])
