"""The committee for texts: it learns the words of the target, and is a candidate like others."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from polyculture.adapt.automatic import automatic, by_self_training, without
from polyculture.adapt.committee import committee
from polyculture.adapt.linear import logistic
from polyculture.adapt.ratio_weighted import ratio_weighted
from polyculture.adapt.term_committee import by_term_committee

FIT = partial(logistic, classes=2)


def texts(n, seed, own):
    """Twenty words that lean to a class in both domains, twenty that do so in one, and twenty of neither."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    side = np.where(np.arange(20) % 2, 1, -1) * np.where(y, 1, -1)[:, None]
    shared, told = 0.1 + 0.05 * side, own * (0.15 + 0.12 * side)
    chance = np.hstack([shared, told, np.full((n, 20), 0.3)])
    counts = rng.poisson(chance).astype(float)
    return sp.csr_array(normalize(counts)), y


@pytest.fixture(scope="module")
def domains():
    return *texts(400, 0, own=0.0), *texts(600, 1, own=1.0), *texts(600, 2, own=1.0)


def accuracy(found, asked, truth):
    return (found.answer(asked).argmax(axis=1) == truth).mean()


@pytest.mark.parametrize("denoised", [False, True])
def test_it_learns_the_words_of_the_target(domains, denoised):
    x, y, z, _, asked, truth = domains
    found = by_term_committee(FIT, x, y, z, denoised=denoised)
    assert accuracy(found, asked, truth) > accuracy(without(FIT, x, y, z), asked, truth) + 0.08


def test_it_is_self_training_of_both_members(domains):
    x, y, z, _, asked, _ = domains
    found = by_term_committee(FIT, x, y, z, rounds=2, share=0.4)
    same = by_self_training(committee([FIT, ratio_weighted(FIT)]), x, y, z, rounds=2, share=0.4)
    np.testing.assert_array_equal(found.answer(asked), same.answer(asked))


def test_it_can_be_chosen_without_labels_of_the_target(domains):
    x, y, z, _, asked, _ = domains
    found = automatic(FIT, x, y, z, methods={"none": without, "committee": by_term_committee})
    assert set(found.scores) == {"none", "committee"}
    assert found.answer(asked).shape == (600, 2)
