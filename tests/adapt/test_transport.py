"""Optimal transport: plans that keep all mass and keep classes apart; a clear word where the package is not there."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from polyculture.adapt.transport import transport
from polyculture.errors import MissingExtraError, ParameterError


@pytest.fixture
def planted():
    """Two classes that are turned and moved in the target."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 2)) * 0.5 + np.where(y[:, None], [4.0, 0.0], [0.0, 0.0])
    turn = np.array([[0.5, 0.87], [-0.87, 0.5]])
    return x, y, x[::-1] @ turn + [6.0, -3.0], y[::-1]


def test_without_the_package_the_error_says_what_to_install(monkeypatch, planted):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(MissingExtraError, match=r"optimal transport needs .* 'polyculture\[transport\]'"):
        transport(*planted[:3])


@pytest.mark.parametrize("wrong", [{"entropy": 0}, {"group": -1}, {"rounds": 0}])
def test_parameters_out_of_range_are_an_error(planted, wrong):
    with pytest.raises(ParameterError, match=r"pass 0.1, 0.1 and 10"):
        transport(*planted[:3], **wrong)


def test_each_class_is_moved_to_its_like(planted):
    pytest.importorskip("ot")
    x, y, z, truth = planted
    moved = transport(x, y, z, entropy=0.05)
    nearest = np.linalg.norm(moved[:, None] - z[None], axis=2).argmin(axis=1)
    assert (truth[nearest] == y).mean() > 0.95
    apart = np.linalg.norm(x[:, None] - z[None], axis=2).argmin(axis=1)
    assert (truth[apart] == y).mean() < 0.95


def test_without_classes_it_is_the_barycentre_of_the_entropic_plan(planted):
    solver = pytest.importorskip("ot")
    x, y, z, _ = planted
    cost = solver.dist(x, z)
    plan = solver.sinkhorn(np.full(60, 1 / 60), np.full(60, 1 / 60), cost / np.median(cost), 0.1, stopThr=1e-12)
    np.testing.assert_allclose(transport(x, y, z, group=0), plan @ z * 60, atol=1e-3)


def test_the_class_term_parts_what_is_mixed():
    pytest.importorskip("ot")
    rng = np.random.default_rng(1)
    y = np.arange(40) % 2
    x, z = rng.normal(size=(40, 2)) + y[:, None], rng.normal(size=(40, 2)) + y[:, None]

    def between(moved):
        return np.linalg.norm(moved[y == 0].mean(axis=0) - moved[y == 1].mean(axis=0))

    assert between(transport(x, y, z, entropy=0.5, group=2.0)) > between(transport(x, y, z, entropy=0.5, group=0))


def test_small_entropies_do_not_vanish_and_items_without_class_are_moved_too(planted):
    pytest.importorskip("ot")
    x, y, z, _ = planted
    moved = transport(x.astype(np.float32), np.where(np.arange(60) < 50, y, -1), z.astype(np.float32), entropy=0.001)
    assert moved.dtype == np.float32
    assert np.linalg.norm(moved[:, None] - z[None], axis=2).min(axis=1).max() < 1.0
