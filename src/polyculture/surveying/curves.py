"""Logistic curves fitted to many series of shares at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError

RATES = (0.1, 5.0)
"""Slowest and steepest curve: what is steeper jumps from one year to the next, and cannot be told apart."""
BEYOND = 10
"""Years before the first and after the last in which the middle of a curve is looked for."""
FEWEST = 4
STILL = 1e-12
STIFF = 1e9


class Curves(NamedTuple):
    """Logistic curves, all of one shape.

    Parameters
    ----------
    ceiling : float64 array
        L, at most 1; 0 where nothing was ever adopted.
    rate : float64 array
        k, by year.
    middle : float64 array
        Year t0 of half the ceiling, which may lie outside the years that were fitted.
    loss : float64 array
        Weighted sum of squared differences.
    """

    ceiling: Floats
    rate: Floats
    middle: Floats
    loss: Floats

    def year_of_part(self, part: float) -> Floats:
        """Year in which a part of the ceiling is reached; NaN where there is no curve."""
        year = self.middle + np.log(part / (1 - part)) / self.rate
        return np.where(self.ceiling > 0, year, np.nan)

    def year_of_share(self, share: float) -> Floats:
        """Year in which a share is reached; inf where the ceiling is no higher."""
        reaches = self.ceiling > share
        odds = np.where(reaches, self.ceiling / share - 1, 1.0)
        return np.where(reaches, self.middle - np.log(odds) / self.rate, np.inf)


def fit_logistic(shares: Array, weights: Array, years: Array, *, steps: int = 100, still: float = STILL) -> Curves:
    r"""Fit logistic curves by weighted least squares.

    .. math:: \min_{L, k, t_0} \sum_y w_y \left( x_y - \frac{L}{1 + e^{-k (y - t_0)}} \right)^2, \qquad 0 \le L \le 1

    Given k and t0 the best L is a ratio of sums, so only two parameters are searched for: on a grid, which is a product
    of matrices for all series together, and from its best point on by Levenberg and Marquardt's steps. The rate lies
    between 0.1 and 5 a year.

    Parameters
    ----------
    shares : array of shape (..., Y), Y >= 4
        In [0, 1].
    weights : array of shape (Y,)
        Such as papers; 0 leaves a year out.
    years : array of shape (Y,)
    steps : int, default 100
        After the grid. A dozen bring all but the curves that have hardly begun to rise to their end.
    still : float, default 1e-12
        Part of the loss that a step must take off for a series to be followed further. With 1e-6 curves end within a
        hundredth of their standard errors, which is enough for resamples.

    Returns
    -------
    Curves of shape (...)

    Raises
    ------
    ShapeError
        If fewer than 4 years have a weight, or numbers of years differ.

    References
    ----------
    Golub and Pereyra 1973, SIAM Journal on Numerical Analysis 10 (one parameter fewer); Kaufman 1975, BIT 15.

    Examples
    --------
    >>> years = np.arange(2010, 2024)
    >>> found = fit_logistic(0.4 / (1 + np.exp(-0.8 * (years - 2016.5))), np.ones(14), years)
    >>> [round(float(value), 3) for value in (*found[:3], found.year_of_part(0.1))]
    [0.4, 0.8, 2016.5, 2013.753]
    """
    x, w, when = (np.asarray(values, dtype=np.float64) for values in (shares, weights, years))
    if x.shape[-1:] != w.shape or w.shape != when.shape:
        raise ShapeError(
            f"shares has shape {x.shape}, weights {w.shape} and years {when.shape}; give one of each a year."
        )
    used = w > 0
    if used.sum() < FEWEST:
        raise ShapeError(f"{used.sum()} years have a weight; a curve needs at least {FEWEST}.")
    y, w = x[..., used].reshape(-1, int(used.sum())), w[used] / w.max()
    centre = when[used].mean()
    at = when[used] - centre
    ceiling, place, loss = _refined(y, w, at, _on_grid(y, w, at), steps, still)
    shape = x.shape[:-1]
    found = (ceiling, np.exp(place[0]), place[1] + centre, loss)
    return Curves(*(values.reshape(shape) for values in found))


def _bounds(at: Floats) -> Floats:
    """Least and greatest log rate and middle, (ends, parameters)."""
    return np.array([np.log(RATES), (at.min() - BEYOND, at.max() + BEYOND)]).T


def _on_grid(y: Floats, w: Floats, at: Floats) -> Floats:
    """Log rate and middle of the best of a few curves for each series, (2, series)."""
    rates = np.linspace(np.log(0.15), np.log(3.5), 7)
    middles = np.arange(at.min() - 2, at.max() + 6, 1.0)
    rate, middle = (grid.ravel() for grid in np.meshgrid(rates, middles, indexing="ij"))
    curve = _curve(np.exp(rate)[:, None] * (at - middle[:, None]))
    power = (curve**2 @ w).astype(np.float32)
    likeness = y.astype(np.float32) @ (curve * w).T.astype(np.float32)
    ceiling = np.clip(likeness / power, 0, 1)
    best = np.argmax(ceiling * (2 * likeness - ceiling * power), axis=1)
    return np.stack([rate[best], middle[best]])


def _curve(z: Floats) -> Floats:
    # A rate of 5 over 35 years stays far from overflow.
    return np.asarray(1 / (1 + np.exp(-z)))


def _refined(
    y: Floats, w: Floats, at: Floats, place: Floats, steps: int, still: float
) -> tuple[Floats, Floats, Floats]:
    """Ceiling, log rate and middle, and loss of each series, which is left alone once it stands still."""
    low, high = _bounds(at)[:, :, None]
    found = np.empty((4, len(y)))
    left, damping, now = np.arange(len(y)), np.full(len(y), 1e-2), _parts(y, w, at, place)
    for _ in range(steps):
        tried = np.clip(place + _step(y, w, at, place, now, damping), low, high)
        then = _parts(y, w, at, tried)
        better = then[2] < now[2]
        gain = np.where(better, now[2] - then[2], 0)
        place = np.where(better, tried, place)
        damping = np.clip(damping * np.where(better, 0.2, 5), 1 / STIFF, STIFF)
        now = (
            np.where(better, then[0], now[0]),
            np.where(better[:, None], then[1], now[1]),
            np.minimum(then[2], now[2]),
        )
        moving = (gain > still * now[2]) | (~better & (damping < STIFF))
        if not moving.all():
            found[:, left[~moving]] = np.stack([now[0], *place, now[2]])[:, ~moving]
            left, y, place, damping = left[moving], y[moving], place[:, moving], damping[moving]
            now = (now[0][moving], now[1][moving], now[2][moving])
        if not len(left):
            break
    found[:, left] = np.stack([now[0], *place, now[2]])
    return found[0], found[1:3], found[3]


def _parts(y: Floats, w: Floats, at: Floats, place: Floats) -> tuple[Floats, Floats, Floats]:
    """Best ceiling, curve of height 1, and loss."""
    curve = _curve(np.exp(place[0])[:, None] * (at - place[1][:, None]))
    ceiling = np.clip(((y * curve) @ w) / (curve**2 @ w), 0, 1)
    return ceiling, curve, (y - ceiling[:, None] * curve) ** 2 @ w


def _step(
    y: Floats, w: Floats, at: Floats, place: Floats, now: tuple[Floats, Floats, Floats], damping: Floats
) -> Floats:
    ceiling, curve, _ = now
    slope = ceiling[:, None] * curve * (1 - curve)
    rate = np.exp(place[0])[:, None]
    by_rate, by_middle = slope * rate * (at - place[1][:, None]), -slope * rate
    # A free ceiling follows the other two; one at its bound does not.
    free = ((ceiling < 1) / (curve**2 @ w))[:, None]
    by_rate = by_rate - curve * ((by_rate * curve) @ w)[:, None] * free
    by_middle = by_middle - curve * ((by_middle * curve) @ w)[:, None] * free
    rest = y - ceiling[:, None] * curve
    a, b, c = (by_rate**2 @ w) * (1 + damping), (by_rate * by_middle) @ w, (by_middle**2 @ w) * (1 + damping)
    first, second = (by_rate * rest) @ w, (by_middle * rest) @ w
    determinant = np.maximum(a * c - b * b, np.finfo(float).tiny)
    return np.stack([(c * first - b * second) / determinant, (a * second - b * first) / determinant])
