"""Self-training: the surest of each class, no class crowded out, and help where the target's own groups say more."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.adapt.linear import logistic
from polyculture.adapt.self_training import pseudo_labels, self_train, smoothed
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.graph import given as edges_of

FIT = partial(logistic, classes=2)


@pytest.fixture(scope="module")
def planted():
    """One column speaks in the source; in the target a second one does, and the first says less."""
    rng = np.random.default_rng(0)
    y, truth = np.arange(200) % 2, np.arange(400) % 2
    x = rng.normal(size=(200, 2)) * [0.5, 0.05] + np.where(y[:, None], [1.0, 0.0], [-1.0, 0.0])
    z = rng.normal(size=(400, 2)) * [1.0, 0.5] + np.where(truth[:, None], [0.7, 2.0], [-0.7, -2.0])
    return x, y, z, truth


def accuracy(model, z, truth):
    return (model(z).argmax(axis=1) == truth).mean()


@pytest.mark.parametrize("proportions", [None, "source"])
def test_it_learns_what_only_the_target_shows(planted, proportions):
    x, y, z, truth = planted
    before, some, more = (
        accuracy(self_train(FIT, x, y, z, rounds=rounds, proportions=proportions), z, truth) for rounds in (0, 5, 15)
    )
    assert before < 0.8
    assert some > before + 0.05
    assert more > some
    assert more > 0.9


def test_it_makes_worse_what_is_wrong_for_a_rule(planted):
    """Where the target labels like items otherwise nothing in it can say so: the limit that the docstring states."""
    x, y, z, truth = planted
    assert accuracy(self_train(FIT, x, y, z), z, 1 - truth) < accuracy(self_train(FIT, x, y, z, rounds=0), z, 1 - truth)


@pytest.mark.parametrize(("soft", "gain"), [(False, 0.2), (True, 0.05)])
def test_a_graph_corrects_answers_before_they_teach(planted, soft, gain):
    x, y, _, _ = planted
    rng = np.random.default_rng(1)
    truth = np.arange(300) % 2
    z = np.column_stack([rng.normal(size=300) * 1.5 + np.where(truth, 0.5, -0.5), np.where(truth, 0.1, -0.1)])
    same = np.equal.outer(truth, truth) & (rng.random((300, 300)) < 0.05)
    found = {
        name: accuracy(
            self_train(partial(FIT, strength=100.0), x, y, z, edges=edges, rounds=3, share=1.0, soft=soft), z, truth
        )
        for name, edges in (("without", None), ("with", edges_of(same.astype(float), symmetric=True)))
    }
    assert found["with"] > found["without"] + gain


def test_the_target_alone_leaves_behind_what_only_holds_in_the_source():
    """A third column is the class in the source and noise in the target."""
    rng = np.random.default_rng(0)
    y, truth = np.arange(200) % 2, np.arange(400) % 2
    sides = [np.where(t[:, None], 1.0, -1.0) + rng.normal(size=(len(t), 3)) for t in (y, truth)]
    sides[0][:, 2], sides[1][:, 2] = np.where(y, 1.5, -1.5), rng.normal(size=400)
    both, alone = (accuracy(self_train(FIT, sides[0], y, sides[1], finish=f), sides[1], truth) for f in (None, 0.9))
    assert alone > both


def test_sparse_rows_give_the_same_and_later_rows_are_answered(planted):
    x, y, z, _ = planted
    dense, sparse = self_train(FIT, x, y, z), self_train(FIT, sp.csr_array(x), y, sp.csr_array(z))
    np.testing.assert_allclose(sparse(sp.csr_array(z[:5])), dense(z[:5]), atol=1e-3)


def test_each_class_has_its_part_however_sure_it_is():
    p = np.array([[0.99, 0.01]] * 6 + [[0.45, 0.55]] * 4)
    np.testing.assert_array_equal(np.bincount(pseudo_labels(p, share=0.5) + 1), [5, 3, 2])
    found = pseudo_labels(p, share=0.6, proportions=[0.5, 0.5])
    np.testing.assert_array_equal(found, [0, 0, 0, -1, -1, -1, 1, 1, 1, -1])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9999), share=st.floats(0.05, 1), classes=st.integers(2, 5))
def test_the_surest_are_taken_and_never_more_than_asked_for(seed, share, classes):
    p = np.random.default_rng(seed).dirichlet(np.ones(classes), 40)
    found, likeliest = pseudo_labels(p, share=share), p.argmax(axis=1)
    assert (found >= 0).sum() <= share * 40 + classes / 2
    for k in range(classes):
        taken, left = p[found == k, k], p[(likeliest == k) & (found < 0), k]
        assert not len(taken) or not len(left) or taken.min() >= left.max()


def test_all_of_them_are_the_likeliest_classes():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    np.testing.assert_array_equal(pseudo_labels(p, share=1), p.argmax(axis=1))


def test_smoothed_answers_are_distributions_and_lone_items_keep_theirs():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 3)
    found = smoothed(p, edges_of(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[2], p[2], atol=1e-6)
    assert np.abs(found[0] - found[1]).max() < np.abs(p[0] - p[1]).max()


def test_bad_input_is_one_sentence(planted):
    x, y, z, _ = planted
    with pytest.raises(ParameterError, match="share is 0; pass a number above 0"):
        pseudo_labels(np.eye(2), share=0)
    with pytest.raises(ShapeError, match="one number for each of the 2 classes"):
        pseudo_labels(np.eye(2), proportions=[1.0])
    with pytest.raises(ParameterError, match="rounds is -1"):
        self_train(FIT, x, y, z, rounds=-1)
    with pytest.raises(ParameterError, match="proportions 'target'"):
        self_train(FIT, x, y, z, proportions="target")
    with pytest.raises(ShapeError, match="one whole number a row, 200"):
        self_train(FIT, x, y[:3], z)
