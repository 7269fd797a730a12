"""Two parties who share no rows exchange files of weights and of Gram sums, and fuse as if they had shared them."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from polyculture.fuse import gram_sums, regmean
from polyculture.fuse.files import fuse_files


class Party:
    """Rows that never leave it, and what it gives away: a fitted layer, and sums."""

    def __init__(self, seed, folder, n=60):
        rng = np.random.RandomState(seed)
        self.x = rng.normal(size=(n, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=5)
        self.y = self.x @ rng.normal(size=(5, 2)) + rng.normal(size=(n, 2))
        self.folder = folder / str(seed)
        self.folder.mkdir()

    def fit(self):
        extended = np.hstack([self.x, np.ones((len(self.x), 1))])
        solved = np.linalg.lstsq(extended, self.y, rcond=None)[0].T
        return {"head.weight": np.ascontiguousarray(solved[:, :-1]), "head.bias": np.ascontiguousarray(solved[:, -1])}

    def give(self):
        save_file(self.fit(), self.folder / "model.safetensors")
        save_file(gram_sums({"head": self.x}), self.folder / "grams.safetensors")
        return self.folder / "model.safetensors", self.folder / "grams.safetensors"


@pytest.fixture
def parties(tmp_path):
    return [Party(seed, tmp_path) for seed in (1, 2)]


def fused(parties, tmp_path, ridge):
    base = {"head.weight": np.zeros((2, 5)), "head.bias": np.zeros(2)}
    save_file(base, tmp_path / "base.safetensors")
    models, grams = zip(*(party.give() for party in parties), strict=True)
    fuse_files(
        models,
        tmp_path / "out.safetensors",
        base=tmp_path / "base.safetensors",
        method="regmean",
        grams=grams,
        ridge=ridge,
    )
    return base, load_file(tmp_path / "out.safetensors")


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_the_merge_of_files_is_the_merge_by_one_who_sees_all(parties, tmp_path, ridge):
    base, apart = fused(parties, tmp_path, ridge)
    joint = regmean(base, [p.fit() for p in parties], grams=[gram_sums({"head": p.x}) for p in parties], ridge=ridge)
    for name, value in joint.items():
        np.testing.assert_allclose(apart[name], value, atol=1e-6)


def test_the_merge_of_least_squares_is_least_squares_on_all_rows(parties, tmp_path):
    _, apart = fused(parties, tmp_path, 0.0)
    x, y = (np.vstack([getattr(p, name) for p in parties]) for name in ("x", "y"))
    pooled = np.linalg.lstsq(np.hstack([x, np.ones((len(x), 1))]), y, rcond=None)[0].T
    np.testing.assert_allclose(apart["head.weight"], pooled[:, :-1], atol=1e-6)
    np.testing.assert_allclose(apart["head.bias"], pooled[:, -1], atol=1e-6)


def test_sums_that_are_gathered_in_parts_give_the_same(parties, tmp_path):
    _, whole = fused(parties, tmp_path, 0.1)
    for party in parties:
        halves = [gram_sums({"head": part})["head"] for part in (party.x[:17], party.x[17:])]
        party.give = lambda party=party, halves=halves: (
            party.folder / "model.safetensors",
            (save_file({"head": sum(halves)}, party.folder / "sum.safetensors"), party.folder / "sum.safetensors")[1],
        )
    _, parts = fused(parties, tmp_path, 0.1)
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, atol=1e-6)
