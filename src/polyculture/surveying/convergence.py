"""Whether communities have come closer over the years: trends with their tests, and who moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.surveying.apart import jensen_shannon_pairs, negentropy, pairs_of
from polyculture.surveying.counts import Counts
from polyculture.surveying.estimated import Draws, Estimated, estimated
from polyculture.surveying.panel import Panel
from polyculture.surveying.shares import divided, naming_shares, papers_asked, year_shares

TRENDS = 3
"""Of the measures, the first ones: changes a year."""
ROUNDING = 1e-12
MEASURES = ("jensen_shannon", "beta", "sigma", "beta_convergence")
UNITS = ("bits a year", "communities a year", "share of papers a year", "of the first differences, over all years")


def movement(counts: Counts, *, conditional: bool) -> Floats:
    r"""How fast communities come closer, by four measures: negative if they do.

    .. math::
        \hat b = \frac{\sum_t (t - \bar t) D_t}{\sum_t (t - \bar t)^2}, \qquad
        \sigma_t^2 = \frac{1}{M} \sum_m \Bigl[
        \mathrm{var}_c(s_{cmt}) - \frac{1}{C} \sum_c \frac{s_{cmt} (1 - s_{cmt})}{n_{ct} - 1} \Bigr], \qquad
        \beta = \frac{\sum_{cm} x_{cm} \, (y_{cm} - x_{cm})}{\sum_{cm} x_{cm}^2}

    The trend over years of the mean pairwise Jensen-Shannon divergence, of β diversity, and of the spread σ of shares
    over communities; and β, the part of the difference from other communities in the first year that was gone in the
    last, with x and y what a community's share of a method differs by from the mean of all in either year. What chance
    adds to squares of shares is taken off, in σ as above and in β above and below the line: otherwise what chance added
    in the first year would look like a difference that went away.

    Parameters
    ----------
    counts : Counts
        Of a panel.
    conditional : bool

    Returns
    -------
    float64 array of shape (..., 5 + C): the measures in the order of `MEASURES`, then the sum of squares that β is
    divided by, then the trend of Jensen-Shannon divergence without each community. β is NaN where the squares are not
    above 0, and the trends without one of two communities are.

    References
    ----------
    Barro and Sala-i-Martin 1992, Journal of Political Economy 100 (σ and β); Quah 1993, Scandinavian Journal of
    Economics 95 (β alone does not show convergence).
    """
    apart, without = _apart(counts, conditional=conditional)
    trends = list(np.moveaxis(apart, -1, 0))
    shares = naming_shares(counts, conditional=conditional).astype(np.float64)
    noise = divided(shares * (1 - shares), papers_asked(counts, conditional=conditional)[..., None] - 1.0)
    spread = (shares.var(axis=-3, ddof=1) - noise.mean(axis=-3)).mean(axis=-1)
    trends.append(np.sqrt(np.maximum(spread, 0)))
    years = np.array(counts.years)
    rates, others = slope(np.stack(trends, axis=-2), years), slope(np.swapaxes(without, -1, -2), years)
    return np.concatenate([rates, _caught_up(shares, noise), others], axis=-1)


def left_out(counts: Counts, *, conditional: bool) -> Floats:
    """`movement` without each community in turn, (C, measures); none of two communities."""
    size = len(counts.communities)
    if size < 3:
        return np.empty((0, len(MEASURES)))
    whole = slice(None)
    parts = [Panel(np.delete(np.arange(size), place), whole).of(counts) for place in range(size)]
    return np.stack([movement(part, conditional=conditional)[: len(MEASURES)] for part in parts])


def _apart(counts: Counts, *, conditional: bool) -> tuple[Floats, Floats]:
    """Mean Jensen-Shannon divergence of pairs, and β diversity, by year: (..., Y, 2); and without each: (..., Y, C)."""
    everyone = np.arange(len(counts.communities))
    others = _pairs_without(len(everyone))
    found, without = [], []
    for year in range(len(counts.years)):
        given, _ = year_shares(counts, everyone, year, conditional=conditional)
        own = negentropy(given)
        pairs = jensen_shannon_pairs(given, own)
        beta = 2 ** (own.mean(axis=-1) - negentropy(given.mean(axis=-2)))
        found.append(np.stack([pairs.mean(axis=-1), beta], axis=-1))
        without.append(pairs @ others)
    return np.stack(found, axis=-2), np.stack(without, axis=-2)


def _pairs_without(size: int) -> Floats:
    """What each pair counts for in the mean of the pairs that lack a community, (pairs, C)."""
    first, second = pairs_of(size)
    lacks = (first[:, None] != np.arange(size)) & (second[:, None] != np.arange(size))
    return divided(lacks.astype(np.float64), lacks.sum(axis=0)[None])


def slope(values: Array, years: Array) -> Floats:
    """Least-squares change a year of values (..., Y)."""
    t = years - years.mean()
    return np.asarray(values @ t / (t @ t))


def converging(draws: Draws, panel: Panel, *, conditional: bool, confidence: float = 0.95, jobs: int = 1) -> Estimated:
    """`movement` with intervals and against shuffled communities.

    Parameters
    ----------
    draws : Draws
    panel : Panel
    conditional : bool
    confidence : float
    jobs : int

    Returns
    -------
    Estimated, its arrays of shape (5 + C,) as those of `movement`

    Notes
    -----
    Papers drawn anew differ by chance twice, in the sample and in drawing from it, and chance is taken off once: the
    squares f that β is divided by come out f*/f times as large in resamples. The sum above the line spreads by the root
    of that more, so β by the root of it less, and its interval is widened by as much.
    """
    inside = panel.draws(draws)
    found = estimated(
        lambda counts: movement(counts, conditional=conditional),
        inside,
        tail=np.append([0, 0, 0, 0, 1], np.zeros(len(panel.communities), dtype=np.int64)),
        confidence=confidence,
        jobs=jobs,
    )
    squares = movement(inside.population, conditional=conditional)[len(MEASURES)]
    return _wider(found, np.sqrt(np.maximum(divided(squares, found.estimate[len(MEASURES)]), 1)))


def _wider(found: Estimated, times: Floats) -> Estimated:
    """β with an interval that reaches so many times as far; the others as they are."""
    scale = np.where(np.arange(len(found.estimate)) == len(MEASURES) - 1, times, 1)
    below, above = (found.corrected + scale * (end - found.corrected) for end in (found.below, found.above))
    even = {
        name: found.at_coverage + scale * (getattr(found, name) - found.at_coverage)
        for name in ("at_coverage_low", "at_coverage_high")
    }
    low, high = np.minimum(below, found.estimate), np.maximum(above, found.estimate)
    return replace(found, below=below, above=above, low=low, high=high, **even)


def varies(found: Estimated) -> bool:
    """Whether communities differ in anything: where all papers name the same thing, trends are 0 and show nothing."""
    spread = found.chance[:, :TRENDS].std(axis=0)
    return bool((np.abs(found.estimate[:TRENDS]) > ROUNDING).any() or (spread > ROUNDING).any())


def adjusted(found: list[Estimated], which: slice = slice(TRENDS)) -> list[Floats]:
    r"""p-values of trends that were looked at together: how often chance gives any of them as extreme a value.

    .. math:: p_i = \frac{1 + \#\{k : \max_j |z_{kj}| \ge |z_i|\}}{K + 1}

    with z in standard deviations of the shuffled values of each trend, and k the shuffles. A trend that chance does not
    move at all has none.

    Parameters
    ----------
    found : list of Estimated
        As `converging` gives them; the first three numbers of each are trends.
    which : slice
        Numbers to give p-values of; by default the trends themselves. Those without a community are compared with the
        same largest values.

    Returns
    -------
    list of float64 arrays of shape (3,), or of as many as are asked for

    References
    ----------
    Westfall and Young 1993, Resampling-Based Multiple Testing.
    """
    trends = slice(TRENDS)
    largest = np.nan_to_num(
        np.abs(np.concatenate([_standard(each.chance - each.null, each)[:, trends] for each in found], axis=1))
    ).max(axis=1)
    asked = [np.abs(_standard(each.calibrated, each)[which]) for each in found]
    return [
        np.where(np.isnan(z), np.nan, (1 + (largest[:, None] >= z - 1e-9).sum(axis=0)) / (len(largest) + 1))
        for z in asked
    ]


def _standard(values: Floats, of: Estimated) -> Floats:
    """Values in standard deviations of the shuffled ones; NaN where these are all the same."""
    spread = np.sqrt(((of.chance - of.null) ** 2).mean(axis=0))
    return divided(values, np.where(spread > ROUNDING, spread, 0.0))


def verdict(measure: str, low: float, high: float, p: float, confidence: float) -> str:
    """What a trend shows: resampled papers and shuffled communities must agree.

    β-convergence alone does not show that communities come closer: first differences may go while others come.

    Examples
    --------
    >>> [verdict("jensen_shannon", -0.2, -0.1, p, 0.95) for p in (0.01, 0.3)]
    ['converging', 'cannot tell']
    """
    closer, apart = ("catching up", "pulling away") if measure == MEASURES[-1] else ("converging", "diverging")
    if not p <= 1 - confidence:
        return "cannot tell"
    return closer if high < 0 else apart if low > 0 else "cannot tell"


def _caught_up(shares: Floats, noise: Floats) -> Floats:
    """β and the sum of squares below its line, (..., 2)."""
    first, last = (shares[..., year, :] - shares[..., year, :].mean(axis=-2, keepdims=True) for year in (0, -1))
    size = shares.shape[-3]
    added = (size - 1) / size * noise[..., 0, :].sum(axis=(-2, -1))
    below = (first**2).sum(axis=(-2, -1)) - added
    above = (first * (last - first)).sum(axis=(-2, -1)) + added
    return np.stack([divided(above, below), below], axis=-1)
