"""Density ratios and what is weighted by them: planted covariate shift, and values written out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.adapt.selection import Trial, density_ratios, dev, importance_weighted, source_risk
from polyculture.errors import ParameterError, ShapeError


@pytest.fixture(scope="module")
def planted():
    """Source about 0, target about 1, both of variance 1: the ratio is exp(x - 1/2). The class is the sign of x - 1."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(3000, 1)), rng.normal(size=(3000, 1)) + 1
    return x, (x[:, 0] > 1).astype(int), z, (z[:, 0] > 1).astype(int)


def answers(x, border, sure=3.0):
    p = 1 / (1 + np.exp(-sure * (x[:, 0] - border)))
    return np.column_stack([1 - p, p])


def test_planted_ratios_are_found(planted):
    x, _, z, _ = planted
    found, truth = density_ratios(x, z), np.exp(x[:, 0] - 0.5)
    assert np.corrcoef(found, truth)[0, 1] > 0.97
    assert found.mean() == pytest.approx(1, abs=0.1)


def test_of_one_distribution_all_ratios_are_about_one(planted):
    x = planted[0]
    np.testing.assert_allclose(density_ratios(x[:1500], x[1500:]), 1, atol=0.25)


def test_unit_and_place_do_not_matter_sizes_are_taken_off_and_ratios_cut(planted):
    x, _, z, _ = planted
    found = density_ratios(x, z)
    np.testing.assert_allclose(density_ratios(100 * x + 7, 100 * z + 7), found, rtol=1e-2)
    assert density_ratios(x, z[:600]).mean() == pytest.approx(1, abs=0.2)
    assert density_ratios(x, z + 3, most=2.0).max() <= 2.0
    assert density_ratios(sp.csr_array(x), sp.csr_array(z)).shape == (3000,)


@pytest.mark.parametrize("scorer", [importance_weighted, dev])
@pytest.mark.parametrize("loss", ["log", "error"])
def test_the_weighted_loss_is_the_targets(planted, scorer, loss):
    x, y, z, truth = planted
    trial = Trial(x, y, z, answers(x, 0.5), answers(z, 0.5))
    there = Trial(z, truth, z, answers(z, 0.5), answers(z, 0.5))
    aim = source_risk(there, loss=loss)
    assert scorer(trial, loss=loss) == pytest.approx(aim, rel=0.15)
    assert abs(source_risk(trial, loss=loss) - aim) > abs(scorer(trial, loss=loss) - aim)


@pytest.mark.parametrize("scorer", [importance_weighted, dev])
def test_a_model_that_serves_the_target_is_preferred_where_the_source_prefers_another(planted, scorer):
    x, y, z, _ = planted
    y = np.where(x[:, 0] < 0, 1 - y, y)
    trials = [
        Trial(x, y, z, p, p_z)
        for p, p_z in (
            (answers(x, 1.0), answers(z, 1.0)),
            (answers(x, -1.0, -1.0), answers(z, -1.0, -1.0)),
        )
    ]
    assert scorer(trials[0], loss="error") > scorer(trials[1], loss="error")


def test_values_by_hand():
    x, p = np.zeros((4, 1)), np.array([[0.9, 0.1]] * 4)
    trial = Trial(x, np.array([0, 0, 1, -1]), x, p, p)
    w = np.array([1.0, 0.5, 2.0])
    losses = -np.log([0.9, 0.9, 0.1])
    assert source_risk(trial) == pytest.approx(-losses.mean())
    assert importance_weighted(trial, ratios=w) == pytest.approx(-(w * losses).sum() / w.sum())
    eta = -np.cov(w * losses, w, ddof=0)[0, 1] / w.var()
    assert dev(trial, ratios=w) == pytest.approx(-((w * losses).mean() + eta * (w.mean() - 1)))
    assert dev(trial, ratios=np.ones(3)) == pytest.approx(-losses.mean())
    assert importance_weighted(trial, ratios=np.zeros(3)) == -np.inf


def test_the_control_variate_takes_noise_off():
    rng = np.random.default_rng(0)
    x, p, y = np.zeros((60, 1)), np.array([[0.8, 0.2]] * 60), np.zeros(60, dtype=int)
    found = np.array(
        [
            [f(Trial(x, y, x, p, p), ratios=w) for f in (dev, lambda t, ratios: -(ratios * t.losses()).mean())]
            for w in rng.lognormal(-0.5, 1, size=(40, 60))
        ]
    )
    assert found[:, 0].std() < 0.2 * found[:, 1].std()


def test_bad_input_is_one_sentence(planted):
    x, y, z, _ = planted
    with pytest.raises(ParameterError, match="folds is 1"):
        density_ratios(x, z, folds=1)
    with pytest.raises(ShapeError, match="at least 5 row"):
        density_ratios(x[:4], z)
    with pytest.raises(ParameterError, match="loss is 'square'; use 'log' or 'error'"):
        source_risk(Trial(x, y, z, answers(x, 0), answers(z, 0)), loss="square")
