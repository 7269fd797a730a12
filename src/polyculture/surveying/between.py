"""How different communities are, year by year: together, and pair by pair."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Mask
from polyculture.surveying.apart import jensen_shannon_pairs, negentropy, overlap_pairs, pairs_of, shared_pairs
from polyculture.surveying.counts import Counts
from polyculture.surveying.estimated import Draws, Estimated, estimated
from polyculture.surveying.shares import divided, mean_over, year_shares

PAIRWISE = ("jensen_shannon", "morisita_horn", "turnover", "nestedness")
TOGETHER = ("alpha", "beta", "gamma", "homogenization")
MEASURES = (*TOGETHER, *PAIRWISE)
TAILS = np.array([-1, 1, 0, -1, 1, -1, 1, 0])
"""Which side of shuffled communities means that they differ."""


def divergence(counts: Counts, kept: Mask, *, conditional: bool) -> Floats:
    """Measures of the difference between communities in each year: of all of them, then of each pair.

    Parameters
    ----------
    counts : Counts
    kept : boolean array of shape (C, Y)
        Cells to measure.
    conditional : bool
        Whether papers that name no method are left out, or make a category of their own.

    Returns
    -------
    float64 array of shape (..., Y, 4 + 4 (1 + pairs))
        α, β, γ (effective numbers, communities weighing the same) and homogenization of all; then of each measure of
        pairs (Jensen-Shannon divergence in bits, Morisita and Horn's overlap, turnover, nestedness) its mean and its
        value for each pair. NaN where fewer than two communities are kept.

    Notes
    -----
    Turnover and nestedness add up to the dissimilarity of Bray and Curtis of the shares of papers that name each
    method: what one community uses in place of what the other does, and what it uses less of with nothing in its place.

    References
    ----------
    Baselga 2013, Methods in Ecology and Evolution 4; Jost 2007, Ecology 88.
    """
    size, years = kept.shape
    first, second = pairs_of(size)
    found = np.full((*np.shape(counts.papers)[:-2], years, len(TOGETHER) + len(PAIRWISE) * (1 + len(first))), np.nan)
    wide = found[..., len(TOGETHER) :].reshape(*found.shape[:-1], len(PAIRWISE), 1 + len(first))
    for year in np.flatnonzero(kept.sum(axis=0) > 1).tolist():
        there = np.flatnonzero(kept[:, year])
        given, named = year_shares(counts, there, year, conditional=conditional)
        own = negentropy(given)
        found[..., year, : len(TOGETHER)] = _together(given, own)
        places = 1 + np.flatnonzero(kept[first, year] & kept[second, year])
        pairs = np.stack([jensen_shannon_pairs(given, own), overlap_pairs(given), *_replaced(named)], axis=-2)
        wide[..., year, :, places] = np.moveaxis(pairs, -1, 0)
        wide[..., year, :, 0] = mean_over(pairs, -1)
    found[..., len(TOGETHER) :] = wide.reshape(*wide.shape[:-2], -1)
    return found


def between(draws: Draws, kept: Mask, *, conditional: bool, confidence: float = 0.95, jobs: int = 1) -> Estimated:
    """Difference between communities in each year, with intervals and against shuffled communities.

    Parameters
    ----------
    draws : Draws
    kept : boolean array of shape (C, Y)
    conditional : bool
    confidence : float
    jobs : int

    Returns
    -------
    Estimated, its arrays of shape (Y, 4 + 4 (1 + pairs)) as `divergence` gives them
    """
    pairs = len(pairs_of(kept.shape[0])[0])
    wide = np.repeat(np.arange(len(MEASURES)), [1] * len(TOGETHER) + [1 + pairs] * len(PAIRWISE))
    lowest, highest = np.array([1.0, 1, 1, 0, 0, 0, 0, 0]), np.array([np.inf, np.inf, np.inf, 1, 1, 1, 1, 1])
    return estimated(
        lambda counts: divergence(counts, kept, conditional=conditional),
        draws,
        tail=TAILS[wide],
        confidence=confidence,
        bounds=(lowest[wide], highest[wide]),
        jobs=jobs,
    )


def _together(given: Floats, own: Floats) -> Floats:
    """α, β, γ and homogenization of the communities that are there; NaN with fewer than two."""
    there = ~np.isnan(own)
    present = there.sum(axis=-1).astype(np.float64)
    pooled = np.where(there[..., None], given, 0).sum(axis=-2)
    gamma = 2 ** -negentropy(divided(pooled, present[..., None]))
    alpha = 2 ** -mean_over(own, -1)
    beta = gamma / alpha
    found = np.stack([alpha, beta, gamma, 1 - divided(beta - 1, present - 1)], axis=-1)
    return np.where((present > 1)[..., None], found, np.nan)


def _replaced(named: Floats) -> tuple[Floats, Floats]:
    """Turnover and nestedness of each pair, of shares (..., C, M) of papers that name each method."""
    first, second = pairs_of(named.shape[-2])
    total = named.sum(axis=-1)
    shared = shared_pairs(named)
    only, other = total[..., first] - shared, total[..., second] - shared
    fewer = np.minimum(only, other)
    turnover = divided(fewer, shared + fewer)
    return turnover, divided(only + other, 2 * shared + only + other) - turnover
