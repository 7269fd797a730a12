"""Which share of a community's papers names a method, year by year, and the curve that it follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Mask
from polyculture.measure.inference.interval import check_level
from polyculture.surveying.counts import Counts
from polyculture.surveying.curves import FEWEST, Curves, fit_logistic
from polyculture.surveying.years import ends, finite, state, within

PARTS = (0.1, 0.5)
SHARES = (0.01, 0.05, 0.1)
FALLEN = 0.75
"""Part of its peak below which a share has fallen, so that the years after the peak belong to no adoption."""
CURVE = {
    "community": pl.String,
    "name": pl.String,
    "quantity": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "state": pl.String,
    "papers": pl.Int64,
    "until": pl.Int64,
}


def shares(counts: Counts) -> Floats:
    """Share of all papers of a cell that name each method, (..., C, Y, M); NaN where there are no papers.

    A share of the papers that were written, and not of those that name some method: its expectation does not depend on
    how many papers a year has, so that years need not be brought to equal coverage.
    """
    papers = np.asarray(counts.papers, dtype=np.float64)[..., None]
    undefined = np.full(np.broadcast_shapes(papers.shape, np.shape(counts.holds)), np.nan)
    return np.asarray(np.divide(counts.holds, papers, out=undefined, where=papers > 0))


def adoption(observed: Counts, draws: Counts, *, level: float = 0.95) -> pl.DataFrame:
    r"""Share of papers that name each method, by community and year.

    Where none or all of the papers name it every resample agrees, and resampling cannot tell how far chance reaches;
    there the end is the exact one of Clopper and Pearson, :math:`1 - (\alpha/2)^{1/n}` for none of n. There is no null:
    a share is a description, and communities are compared by `transfer` and by the measures of difference.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis and as many papers in each cell.
    level : float, default 0.95

    Returns
    -------
    DataFrame with community, year, name, papers (all of the cell), naming (those that name it), share, low, high; one
    row for each cell that has papers and each name.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> cell = lambda *values: np.array(values).reshape(1, 1, -1)
    >>> one = Counts(("NLP",), (2020,), ("cnn", "rnn"), cell(40)[..., 0], cell(10)[..., 0], cell(10, 0), cell(10, 0))
    >>> drawn = Counts(*list(vars(one).values())[:3], *(np.stack([part] * 9) for part in list(vars(one).values())[3:]))
    >>> adoption(one, drawn).select("name", "share", pl.col("high").round(3)).rows()
    [('cnn', 0.25, 0.25), ('rnn', 0.0, 0.088)]
    """
    check_level(level)
    share = shares(observed)
    papers = np.broadcast_to(np.asarray(observed.papers)[..., None], share.shape)
    some = papers > 0
    # a resample has as many papers, so that the ends of shares are those of numbers
    low, high = (end / np.maximum(papers, 1) for end in ends(draws.holds, level))
    reach = 1 - ((1 - level) / 2) ** (1 / np.maximum(papers, 1))
    low = np.where(share == 1, 1 - reach, np.fmin(low, share))
    high = np.where(share == 0, reach, np.fmax(high, share))
    community, year, name = np.nonzero(some)
    return pl.DataFrame(
        {
            "community": np.array(observed.communities)[community],
            "year": np.array(observed.years)[year],
            "name": np.array(observed.names)[name],
            "papers": papers[some].astype(np.int64),
            "naming": np.asarray(observed.holds)[some].astype(np.int64),
            "share": share[some],
            "low": low[some],
            "high": high[some],
        }
    )


def adoption_curves(
    observed: Counts,
    draws: Counts,
    *,
    at: tuple[float, ...] = SHARES,
    least: int = 30,
    fits: int = 400,
    level: float = 0.95,
) -> pl.DataFrame:
    """Logistic adoption curves of each method in each community, and the years in which they pass given heights.

    Fitted are pairs with at least `least` papers and 4 years; years count by their papers. A method that was left again
    (its share, averaged over three years, ends below three quarters of its peak) is fitted up to the peak. A year
    outside those that are known is not reported, only that it lies there: a ceiling that is still far is a guess. There
    is no null: with communities shuffled all would follow one curve, which is what `transfer` tests.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis.
    at : tuple of float
        Shares of all papers whose year is asked for, beside that of 10 % and of 50 % of the ceiling.
    least : int, default 30
    fits : int, default 400
        Draws that are fitted, of those there are: ends of intervals need no more.
    level : float, default 0.95

    Returns
    -------
    DataFrame with community, name, quantity ("ceiling", "rate", "10 % of the ceiling", "50 % of the ceiling",
    "1 % of papers", ...), estimate, low, high (none where they lie outside the years), state ("reached", "not reached
    by 2025", "before 2010"), papers, and until, the last year that was fitted.

    References
    ----------
    Griliches 1957, Econometrica 25; Rogers 2003, Diffusion of Innovations.

    Examples
    --------
    >>> years = tuple(range(2010, 2022))
    >>> holds = np.round(400 / (1 + np.exp(-(np.array(years) - 2015.0)))).reshape(1, 12, 1)
    >>> papers = np.full((1, 12), 1000)
    >>> one = Counts(("CV",), years, ("cnn",), papers, holds[..., 0], holds, holds)
    >>> drawn = Counts(("CV",), years, ("cnn",), papers[None], holds[None, ..., 0], holds[None], holds[None])
    >>> found = adoption_curves(one, drawn, at=(0.5,))
    >>> found.select("quantity", pl.col("estimate").round(1), "state").rows()[2:]
    [('10 % of the ceiling', 2012.8, 'reached'), ('50 % of the ceiling', 2015.0, 'reached'),
     ('50 % of papers', None, 'not reached by 2021')]
    """
    share, drawn = shares(observed), _first(draws, fits)
    used = _adopted_years(observed, share)
    total = np.asarray(observed.holds).sum(axis=-2)
    found: list[dict[str, Any]] = []
    for c, m in np.argwhere((total >= least) & (used.sum(axis=1) >= FEWEST)).tolist():
        keep = used[c, :, m]
        years, weights = np.array(observed.years)[keep], np.asarray(observed.papers)[c, keep]
        curve = fit_logistic(share[c, keep, m], weights, years)
        spread = fit_logistic(drawn[:, c, keep, m], weights, years, steps=12, still=1e-6)
        head = {"community": observed.communities[c], "name": observed.names[m]}
        tail = {"papers": int(total[c, m]), "until": int(years[-1])}
        found += [head | row | tail for row in _quantities(curve, spread, observed.years, at, level)]
    return pl.DataFrame(found, schema=CURVE)


def _first(draws: Counts, fits: int) -> Floats:
    some = (draws.papers[:fits], draws.naming[:fits], draws.holds[:fits], draws.parts[:fits])
    return shares(Counts(draws.communities, draws.years, draws.names, *some))


def _adopted_years(observed: Counts, share: Floats) -> Mask:
    """Years of each community and method in which the method may still be rising, (C, Y, M)."""
    papers, holds = (np.asarray(values, dtype=np.float64) for values in (observed.papers[..., None], observed.holds))
    sums = [np.stack([_three(part, y) for y in range(part.shape[1])], axis=1) for part in (holds, papers)]
    smooth = np.divide(sums[0], sums[1], out=np.zeros(holds.shape), where=sums[1] > 0)
    peak = smooth.argmax(axis=1)
    left = smooth[:, -1] < FALLEN * smooth.max(axis=1)
    before = np.arange(holds.shape[1])[:, None] <= np.where(left, peak, holds.shape[1])[:, None, :]
    return np.asarray(before & ~np.isnan(share))


def _three(part: Floats, y: int) -> Floats:
    return np.asarray(part[:, max(y - 1, 0) : y + 2].sum(axis=1))


def _quantities(
    curve: Curves, spread: Curves, years: tuple[int, ...], at: tuple[float, ...], level: float
) -> Iterator[dict[str, Any]]:
    for name in ("ceiling", "rate"):
        low, high = ends(getattr(spread, name), level)
        yield _row(name, float(getattr(curve, name)), float(low), float(high), "")
    for what, year in {f"{100 * part:g} % of the ceiling": part for part in PARTS}.items():
        yield _dated(what, curve.year_of_part(year), spread.year_of_part(year), years, level)
    for what, share in {f"{100 * share:g} % of papers": share for share in at}.items():
        yield _dated(what, curve.year_of_share(share), spread.year_of_share(share), years, level)


def _dated(what: str, year: Floats, drawn: Floats, years: tuple[int, ...], level: float) -> dict[str, Any]:
    found = float(within(year, years))
    low, high = ends(within(drawn, years), level)
    return _row(what, found, float(low), float(high), state(found, years))


def _row(what: str, estimate: float, low: float, high: float, told: str) -> dict[str, Any]:
    return {"quantity": what, "estimate": finite(estimate), "low": finite(low), "high": finite(high), "state": told}
