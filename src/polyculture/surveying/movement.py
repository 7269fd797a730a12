"""Whether two series of communities move together, where years follow each other and communities differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ShapeError
from polyculture.surveying.years import ends

LENGTH = 4
FEWEST = 8


class Movement(NamedTuple):
    """A rank correlation over communities and years.

    Parameters
    ----------
    estimate, low, high : float
        Spearman's correlation and its interval; NaN where there are too few cells.
    p : float
        Of one as far from 0 where one series is shifted in time.
    cells : int
        Communities and years that have both.
    """

    estimate: float
    low: float
    high: float
    p: float
    cells: int


def movement(
    first: Array,
    second: Array,
    *,
    changes: bool = True,
    length: int = LENGTH,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Movement:
    r"""Rank correlation of two series over communities and years.

    .. math:: \rho = \text{corr}(\text{rank}(\Delta x_{cy}), \text{rank}(\Delta z_{cy}))

    Series that both rise correlate for that alone, and so do communities that differ in both: by default it is changes
    from one year to the next, less the community's mean change, that are compared. Neighbouring years depend on each
    other; so the interval draws blocks of years of a community with replacement, and the null shifts one series of each
    community around in time by a random number of years.

    Parameters
    ----------
    first, second : arrays of shape (C, Y)
        NaN where there is nothing.
    changes : bool, default True
        False compares the values as they are, less the community's mean.
    length : int, default 4
        Years of a block.
    samples, level, seed : int, float, int

    Returns
    -------
    Movement; NaN with fewer than 8 cells

    Raises
    ------
    ShapeError
        If the arrays differ in shape.

    References
    ----------
    Künsch 1989, Annals of Statistics 17 (blocks); Spearman 1904, American Journal of Psychology 15.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(6, 15)).cumsum(axis=1)
    >>> found = movement(x, 3 * x)
    >>> round(found.estimate, 6), found.low > 0, found.p < 0.01
    (1.0, True, True)
    """
    x, z = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if x.shape != z.shape or x.ndim != 2:
        raise ShapeError(f"first has shape {x.shape} and second {z.shape}; pass two of (communities, years).")
    if changes:
        x, z = np.diff(x, axis=1), np.diff(z, axis=1)
    both = ~np.isnan(x) & ~np.isnan(z)
    if both.sum() < FEWEST:
        return Movement(np.nan, np.nan, np.nan, np.nan, int(both.sum()))
    x, z = np.asarray(_centred(x, both)), np.asarray(_centred(z, both))
    estimate = float(_spearman(x[both][None], z[both][None])[0])
    rng = np.random.default_rng(seed)
    low, high = ends(_resampled(x, z, both, length, samples, rng), level)
    null = _spearman(np.broadcast_to(x[both], (samples, both.sum())), _shifted(z, both, samples, rng))
    p = (1 + (np.abs(null) >= abs(estimate) - 1e-12).sum()) / (samples + 1)
    return Movement(estimate, float(low), float(high), float(p), int(both.sum()))


def _centred(values: Floats, both: Mask) -> Floats:
    known = np.where(both, values, 0.0)
    mean = known.sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return np.where(both, values - mean[:, None], np.nan)


def _spearman(x: Floats, z: Floats) -> Floats:
    """Rank correlations of rows; NaN where one does not vary."""
    ranks = [rankdata(values, axis=-1) for values in (x, z)]
    a, b = (rank - rank.mean(axis=-1, keepdims=True) for rank in ranks)
    size = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return np.asarray(np.divide((a * b).sum(axis=-1), size, out=np.full(len(a), np.nan), where=size > 0))


def _resampled(x: Floats, z: Floats, both: Mask, length: int, samples: int, rng: np.random.Generator) -> Floats:
    """Correlations over blocks of consecutive cells of a community, as many cells as there are."""
    cells = np.argwhere(both)
    place = np.arange(len(cells))
    # Around the end of a community's cells a block goes on at their beginning (a circular block bootstrap).
    starts = np.searchsorted(cells[:, 0], cells[:, 0])
    sizes = np.bincount(cells[:, 0])[cells[:, 0]]
    blocks = -(-len(cells) // length)
    drawn = rng.integers(len(cells), size=(samples, blocks, 1))
    taken = starts[drawn] + (place[drawn] - starts[drawn] + np.arange(length)) % sizes[drawn]
    which = taken.reshape(samples, -1)[:, : len(cells)]
    return _spearman(x[both][which], z[both][which])


def _shifted(z: Floats, both: Mask, samples: int, rng: np.random.Generator) -> Floats:
    parts = []
    for own, known in zip(z, both, strict=True):
        series = own[known]
        if len(series):
            shift = rng.integers(len(series), size=(samples, 1))
            parts.append(series[(np.arange(len(series)) + shift) % len(series)])
    return np.concatenate(parts, axis=1)
