"""Prototypes, SimpleShot, BD-CSPN and LaplacianShot by their papers' formulas, written out item by item."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.optimise.few_labels.bd_cspn import bd_cspn
from polyculture.optimise.few_labels.laplacian_shot import laplacian_shot, nearest, smoothed
from polyculture.optimise.few_labels.prototypes import prototypes
from polyculture.optimise.few_labels.simple_shot import simple_shot


def sets(seed=0, n=9, m=14, d=4, classes=3):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(size=(n, d)) + y[:, None], y, rng.dirichlet(np.ones(classes), n), rng.normal(size=(m, d))


def softmax(scores):
    found = np.exp(scores - scores.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


def even(m, classes=3):
    return np.full((m, classes), 1 / classes)


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def test_prototypes_are_softmax_over_squared_distances():
    x, y, p, q = sets()
    means = [x[y == k].mean(axis=0) for k in range(3)]
    spread = np.mean(((x - x.mean(axis=0)) ** 2).sum(axis=1))
    scores = np.array([[-2.0 * ((item - mean) ** 2).sum() / spread for mean in means] for item in q])
    np.testing.assert_allclose(prototypes(x, y, p, sharpness=2.0).answers(q, even(14)), softmax(scores))


def test_the_models_own_answers_are_added_to_by_so_much_trust():
    x, y, p, q = sets()
    own = np.random.default_rng(1).dirichlet(np.ones(3), 14)
    alone, both = (prototypes(x, y, p, trust=t).answers(q, own) for t in (0.0, 1.0))
    np.testing.assert_allclose(both, (alone * own) / (alone * own).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("given_centre", [None, np.array([0.5, 0.0, -1.0, 2.0])])
def test_simple_shot_centres_then_brings_to_length_one(given_centre):
    x, y, p, q = sets()
    middle = x.mean(axis=0) if given_centre is None else given_centre
    z = [(item - middle) / np.linalg.norm(item - middle) for item in x]
    means = [np.mean([z[i] for i in np.flatnonzero(y == k)], axis=0) for k in range(3)]
    later = [(item - middle) / np.linalg.norm(item - middle) for item in q]
    scores = np.array([[-3.0 * ((item - mean) ** 2).sum() for mean in means] for item in later])
    found = simple_shot(x, y, p, sharpness=3.0, centre=given_centre).answers(q, even(14))
    np.testing.assert_allclose(found, softmax(scores))
    with pytest.raises(ShapeError, match="3 columns"):
        simple_shot(x, y, p, centre=np.zeros(3))


def written_out(x, y, q, own, *, sharpness, weight):
    """BD-CSPN, item by item: move the query, guess, and average with weights."""
    moved = q + x.mean(axis=0) - q.mean(axis=0)
    means = [x[y == k].mean(axis=0) for k in range(3)]
    cosines = np.array([[cosine(item, mean) for mean in means] for item in moved])
    guess = (sharpness * cosines + own).argmax(axis=1)
    new = []
    for k in range(3):
        items = [*x[y == k], *moved[guess == k]]
        weights = np.exp([weight * cosine(item, means[k]) for item in items])
        new.append(np.average(items, axis=0, weights=weights))
    return moved, new


@pytest.mark.parametrize("trust", [0.0, 1.0])
def test_bd_cspn_moves_prototypes_by_weighted_pseudo_labelled_items(trust):
    x, y, p, q = sets(2)
    own = np.random.default_rng(1).dirichlet(np.ones(3), 14)
    moved, new = written_out(x, y, q, trust * np.log(own), sharpness=5.0, weight=10.0)
    scores = np.array([[5.0 * cosine(item, mean) for mean in new] for item in moved]) + trust * np.log(own)
    np.testing.assert_allclose(bd_cspn(x, y, p, sharpness=5.0, trust=trust).answers(q, own), softmax(scores))


def test_bd_cspn_finds_clouds_that_one_odd_label_misses():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 40)
    q = np.where(truth[:, None] == 1, [3.0, 0.0], [-3.0, 0.0]) + 0.3 * rng.normal(size=(80, 2))
    support, y, p = np.array([[-1.0, 3.0], [1.0, -3.0]]), np.array([0, 1]), even(2, 2)
    inductive = prototypes(support, y, p).answers(q, even(80, 2)).argmax(axis=1)
    together = bd_cspn(support, y, p).answers(q, even(80, 2)).argmax(axis=1)
    assert (together == truth).mean() >= (inductive == truth).mean()
    near = bd_cspn(support, y, p).answers(q, even(80, 2)).max(axis=1).mean()
    assert near > prototypes(support, y, p).answers(q, even(80, 2)).max(axis=1).mean()


@pytest.mark.parametrize("rectify", [False, True])
def test_laplacian_shot_is_the_bound_update_written_out(rectify):
    x, y, p, q = sets(3)
    z, later = (
        (part - x.mean(axis=0)) / np.linalg.norm(part - x.mean(axis=0), axis=1, keepdims=True) for part in (x, q)
    )
    means = [z[y == k].mean(axis=0) for k in range(3)]
    if rectify:
        later, means = written_out(z, y, later, np.zeros((14, 3)), sharpness=2.0, weight=10.0)
    unary = np.array([[2.0 * ((item - mean) ** 2).sum() for mean in means] for item in later])
    apart = np.array([[((a - b) ** 2).sum() for b in later] for a in later]) + np.diag(np.full(14, np.inf))
    edges = np.zeros((14, 14))
    for i, row in enumerate(apart):
        edges[i, np.argsort(row)[:2]] = 1
    found = softmax(-unary)
    for _ in range(200):
        found = softmax(-unary + 0.7 * edges @ found)
    head = laplacian_shot(x, y, p, sharpness=2.0, neighbours=2, rectify=rectify)
    np.testing.assert_allclose(head.answers(q, even(14)), found, atol=1e-5)


def test_neighbours_win_over_one_item_that_is_unsure():
    scores = np.array([[4.0, 0.0], [4.0, 0.0], [0.0, 0.2]])
    edges = sp.csr_array(np.array([[0, 1, 0], [1, 0, 0], [1, 1, 0]], dtype=float))
    assert smoothed(scores, edges, 0.0).argmax(axis=1).tolist() == [0, 0, 1]
    assert smoothed(scores, edges, 1.0).argmax(axis=1).tolist() == [0, 0, 0]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), smoothness=st.floats(0.0, 2.0))
def test_the_bound_never_rises(seed, smoothness):
    rng = np.random.default_rng(seed)
    scores, w = rng.normal(size=(8, 3)), rng.random((8, 8))
    # the proof asks for a symmetric matrix without negative directions
    w = w @ w.T / 8

    def bound(found):
        told = np.log(np.maximum(found, 1e-300))
        return (found * (told - scores)).sum() - smoothness / 2 * (found * (w @ found)).sum()

    values = [bound(smoothed(scores, sp.csr_array(w), smoothness, rounds=rounds)) for rounds in range(6)]
    assert (np.diff(values) <= 1e-9).all()


def test_neighbours_are_others_and_not_more_than_there_are():
    z = np.random.default_rng(0).normal(size=(4, 2))
    assert nearest(z, 9).toarray().sum(axis=1).tolist() == [3, 3, 3, 3]
    assert nearest(z, 2).toarray().diagonal().sum() == 0
    assert nearest(z[:1], 3).nnz == 0
    with pytest.raises(ParameterError, match="neighbours"):
        laplacian_shot(np.eye(2), np.array([0, 1]), even(2, 2), neighbours=0)
