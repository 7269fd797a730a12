"""Logistic curves against scipy's, one at a time."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy.optimize import curve_fit

from polyculture.errors import ShapeError
from polyculture.surveying.curves import fit_logistic

YEARS = np.arange(2010, 2026)


def logistic(t: np.ndarray, ceiling: float, rate: float, middle: float) -> np.ndarray:
    return ceiling / (1 + np.exp(-rate * (t - middle)))


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = np.stack([rng.uniform(0.05, 0.6, count), rng.uniform(0.4, 1.5, count), rng.uniform(2013, 2020, count)])
    weights = rng.integers(200, 900, len(YEARS))
    shares = [rng.binomial(weights, logistic(YEARS, *parts)) / weights for parts in true.T]
    return true, weights.astype(float), np.array(shares)


def best_of_scipy(shares: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    bounds = ([0, 0.1, 2000], [1, 5, 2035])
    fits = []
    for start in (2012.0, 2016.0, 2021.0):
        found, _ = curve_fit(
            logistic, YEARS, shares, p0=(shares.max(), 0.8, start), sigma=weights**-0.5, bounds=bounds, xtol=1e-12
        )
        fits.append((np.sum(weights * (shares - logistic(YEARS, *found)) ** 2), found))
    return min(fits, key=lambda fit: fit[0])


def test_fits_are_those_of_scipy() -> None:
    _, weights, shares = drawn(30)
    found = fit_logistic(shares, weights, YEARS)
    for i, row in enumerate(shares):
        loss, parts = best_of_scipy(row, weights)
        assert found.loss[i] * weights.max() <= loss * (1 + 1e-6)
        npt.assert_allclose((found.ceiling[i], found.rate[i], found.middle[i]), parts, rtol=2e-3)


def test_a_dozen_steps_are_enough_for_curves_that_have_risen() -> None:
    _, weights, shares = drawn(200, seed=1)
    long, short = (fit_logistic(shares, weights, YEARS, steps=steps) for steps in (100, 12))
    npt.assert_allclose(short.middle, long.middle, atol=0.02, rtol=0)


def test_leading_axes_and_years_without_weight() -> None:
    _, weights, shares = drawn(12)
    weights[3] = 0
    whole = fit_logistic(shares.reshape(3, 4, -1), weights, YEARS)
    one = fit_logistic(np.delete(shares[5], 3), np.delete(weights, 3), np.delete(YEARS, 3))
    assert whole.middle.shape == (3, 4)
    npt.assert_allclose(whole.middle[1, 1], one.middle, rtol=1e-9)


def test_years_of_parts_and_of_shares() -> None:
    found = fit_logistic(logistic(YEARS, 0.4, 0.7, 2016), np.ones(16), YEARS)
    npt.assert_allclose(found.year_of_part(0.1), 2016 - np.log(9) / 0.7, atol=1e-4)
    npt.assert_allclose(found.year_of_share(0.3), 2016 + np.log(3) / 0.7, atol=1e-4)
    assert found.year_of_share(0.41) == np.inf


def test_what_was_never_adopted_has_no_curve() -> None:
    found = fit_logistic(np.zeros(16), np.ones(16), YEARS)
    assert found.ceiling == 0
    assert np.isnan(found.year_of_part(0.5))
    assert found.year_of_share(0.01) == np.inf


def test_wrong_shapes() -> None:
    with pytest.raises(ShapeError, match="3 years have a weight"):
        fit_logistic(np.ones(4), np.array([1, 1, 1, 0]), np.arange(4))
    with pytest.raises(ShapeError, match="one of each a year"):
        fit_logistic(np.ones(4), np.ones(5), np.arange(4))


def test_following_series_less_closely_moves_curves_by_less_than_they_are_sure() -> None:
    _, weights, shares = drawn(200, 3)
    close, loose = (fit_logistic(shares, weights, YEARS, still=still) for still in (1e-12, 1e-6))
    spread = np.std(close.middle)
    assert np.abs(close.middle - loose.middle).max() < 0.02 * spread
    assert (loose.loss >= close.loss - 1e-12).all()
