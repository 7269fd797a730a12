"""How varied the methods of each community are, year by year."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Mask
from polyculture.surveying.apart import negentropy
from polyculture.surveying.counts import Counts
from polyculture.surveying.estimated import Draws, Estimated, estimated
from polyculture.surveying.shares import divided, none_named

MEASURES = ("hill_0", "hill_1", "hill_2", "hhi", "gini")


def diversity(counts: Counts, kept: Mask, *, conditional: bool) -> Floats:
    """Measures of the diversity of each community and year.

    Parameters
    ----------
    counts : Counts
    kept : boolean array of shape (C, Y)
        Cells to measure; the others are NaN.
    conditional : bool
        Whether papers that name no method are left out, or make a category of their own.

    Returns
    -------
    float64 array of shape (..., C, Y, 5): Hill numbers of order 0, 1 and 2, Herfindahl and Hirschman's index, and the
    Gini coefficient

    Examples
    --------
    >>> one, four = np.ones((1, 1)), np.ones((1, 1, 4))
    >>> counts = Counts(("NLP",), (2020,), ("a", "b", "c", "d"), 8 * one, 4 * one, four, four)
    >>> diversity(counts, one > 0, conditional=True).round(6)
    array([[[4.  , 4.  , 4.  , 0.25, 0.  ]]])
    """
    given = counts.parts[..., kept, :]
    if not conditional:
        given = np.concatenate([given, none_named(counts.papers, counts.naming)[..., kept, None]], axis=-1)
    # ranked first: numbers of half the length are sorted in half the time, and the other measures do not mind
    ranked = np.sort(given, axis=-1).astype(np.float64)
    shares = divided(ranked, ranked.sum(axis=-1, keepdims=True))
    square = np.einsum("...i,...i->...", shares, shares)
    richness = np.where(np.isnan(square), np.nan, (ranked > 0).sum(axis=-1))
    size = ranked.shape[-1]
    gini = np.maximum(shares @ (2 * np.arange(1, size + 1) - size - 1.0), 0) / size
    found = np.full((*np.shape(counts.papers), len(MEASURES)), np.nan)
    found[..., kept, :] = np.stack([richness, 2 ** -negentropy(shares), 1 / square, square, gini], axis=-1)
    return found


def within(draws: Draws, kept: Mask, *, conditional: bool, confidence: float = 0.95, jobs: int = 1) -> Estimated:
    """Diversity of each community and year, with intervals and against communities shuffled within the year.

    Parameters
    ----------
    draws : Draws
    kept : boolean array of shape (C, Y)
    conditional : bool
    confidence : float
    jobs : int

    Returns
    -------
    Estimated, its arrays of shape (C, Y, 5) in the order of `MEASURES`. Where papers name one thing only, resampling
    them cannot tell how sure that is: the ends are NaN.
    """
    most = len(draws.observed.names) + (not conditional)
    found = estimated(
        lambda counts: diversity(counts, kept, conditional=conditional),
        draws,
        confidence=confidence,
        bounds=(np.array([1.0, 1, 1, 0, 0]), np.array([most, most, most, 1, 1])),
        jobs=jobs,
    )
    # what was seen is there: richness cannot be less
    found.low[..., 0] = np.where(np.isnan(found.low[..., 0]), np.nan, found.estimate[..., 0])
    alone = (found.estimate[..., :1] == 1) & np.ones(len(MEASURES), dtype=bool)
    found.low[alone], found.high[alone] = np.nan, np.nan
    return found
