"""Who took which method up when, how far behind the first, and from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Ints, Mask
from polyculture.errors import ParameterError
from polyculture.measure.inference.interval import check_level
from polyculture.surveying.behind import behind
from polyculture.surveying.counts import Counts
from polyculture.surveying.lags import Lags, Reached, gaps, known_cells, lags, years_reached
from polyculture.surveying.network import transfer_network
from polyculture.surveying.years import ends, finite, state

SHARES = (0.01, 0.05, 0.1)
FEWEST = 20
"""Papers that a community needs in a year for the year to count."""
FRAMES = ("gaps", "reached", "leaders", "behind", "network")
SECOND = {"second": pl.String, "second_probability": pl.Float64, "dated": pl.Float64}


@dataclass(frozen=True, eq=False)
class Transfer:
    """How methods travel between communities.

    Parameters
    ----------
    gaps : DataFrame
        community, first, last: years without enough papers between others. Who takes a method up in such years does
        so at a time that is not known: it is then not called the first, and none that is later than the beginning of
        the gap is; its lag counts as longer than that to the year before.
    names : tuple of str
        Methods that were looked at: all with enough papers, chosen before anything is known about their travels.
    left_out : int
        Methods of the vocabulary with too few papers.
    reached : DataFrame
        community, name, at (the share), year, low, high, state, lag (behind the first), lag_low, lag_high, lag_state.
        An end that lies before the first year or after the last is none. Where the year lies in a gap, year is none,
        and low and high hold the gap.
    leaders : DataFrame
        name, at, leader, probability, second, second_probability, dated: shares of draws in which each is first, and in
        which anybody can be called the first.
    behind : DataFrame
        community, at, methods, censored, leads; median lag over methods with low, high, its median in the null, and p;
        soon, the share of methods taken up within three years of the first, with low, high, null.
    network : DataFrame
        See `transfer_network`, for each share.
    """

    names: tuple[str, ...]
    left_out: int
    gaps: pl.DataFrame
    reached: pl.DataFrame
    leaders: pl.DataFrame
    behind: pl.DataFrame
    network: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        frames = {name: getattr(self, name).to_dicts() for name in FRAMES}
        return {"methods": list(self.names), "left_out": self.left_out, **frames}


def transfer(
    observed: Counts,
    draws: Counts,
    null: Counts | None = None,
    *,
    at: tuple[float, ...] = SHARES,
    least: int = 100,
    least_papers: int = FEWEST,
    level: float = 0.95,
    seed: int = 0,
) -> Transfer:
    """Year in which each community reaches a share of each method, lags to the first, leaders, and their network.

    Medians over methods are Kaplan and Meier's, since some communities have not taken a method up yet. Their intervals
    draw papers and methods anew, for another vocabulary would hold other methods; all others draw papers alone. In the
    null, labels of communities are shuffled within years: all then take methods up at the same time, and what is left
    of lags comes from small numbers. Years in which a community has too few papers are not bridged; see `Transfer`.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis.
    null : Counts, optional
        With communities shuffled, with one leading axis.
    at : tuple of float, default (0.01, 0.05, 0.1)
        Shares of all papers of a community and year.
    least : int, default 100
        Papers that a method needs, in all communities and years.
    least_papers : int, default 20
        Papers that a community needs in a year for the year to count.
    level, seed : float, int

    Returns
    -------
    Transfer

    Raises
    ------
    ParameterError
        If a share is not between 0 and 1, or the level is not.

    References
    ----------
    Kaplan and Meier 1958, Journal of the American Statistical Association 53.

    Examples
    --------
    >>> years, lag = np.arange(2010, 2022), np.array([[0], [2]])
    >>> holds = np.round(400 / (1 + np.exp(-(years - 2014.0 - lag))))[..., None]
    >>> papers = np.full((2, 12), 1000)
    >>> one = Counts(("CV", "NLP"), tuple(years.tolist()), ("cnn",), papers, holds[..., 0], holds, holds)
    >>> drawn = Counts(*list(vars(one).values())[:3], *(part[None] for part in list(vars(one).values())[3:]))
    >>> transfer(one, drawn, at=(0.2,)).reached.select("community", pl.col("year", "lag").round(1)).rows()
    [('CV', 2014.0, 0.0), ('NLP', 2016.0, 2.0)]
    """
    check_level(level)
    if not all(0 < share < 1 for share in at):
        raise ParameterError(f"at is {at}; pass shares between 0 and 1, such as 0.05.")
    total = np.asarray(observed.holds).sum(axis=(0, 1))
    methods, known = np.flatnonzero(total >= least), known_cells(observed, least_papers)
    names = tuple(observed.names[m] for m in methods)
    parts = [_at_share(observed, draws, null, share, known, methods, level, seed) for share in at]
    frames = [pl.concat([part[position] for part in parts]) for position in range(4)] if parts else [pl.DataFrame()] * 4
    return Transfer(names, len(total) - len(methods), _gaps(observed, known), *frames)


def _gaps(observed: Counts, known: Mask) -> pl.DataFrame:
    rows = [(observed.communities[c], first, last) for c, first, last in gaps(known, observed.years)]
    schema = {"community": pl.String, "first": pl.Int64, "last": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _at_share(
    observed: Counts, draws: Counts, null: Counts | None, at: float, known: Mask, methods: Ints, level: float, seed: int
) -> list[pl.DataFrame]:
    years, communities = observed.years, observed.communities
    names = tuple(observed.names[m] for m in methods)
    times, drawn = (years_reached(counts, at, known, methods) for counts in (observed, draws))
    chances = None if null is None else years_reached(null, at, known, methods)
    found, spread = (lags(each.latest, known, years, each.earliest) for each in (times, drawn))
    chance = None if chances is None else lags(chances.latest, known, years, chances.earliest)
    frames = [
        _reached(times, drawn, found, spread, observed, names, level),
        _leaders(spread, communities, names),
        behind(found, spread, chance, communities, level, seed),
        transfer_network(found, spread, communities, names, level=level),
    ]
    return [frame.with_columns(at=pl.lit(at, pl.Float64)) for frame in frames]


def _reached(
    times: Reached, drawn: Reached, found: Lags, spread: Lags, counts: Counts, names: tuple[str, ...], level: float
) -> pl.DataFrame:
    low, high = ends(drawn.earliest, level)[0], ends(drawn.latest, level)[1]
    lag, (lag_low, lag_high) = found.open_ended, ends(spread.open_ended, level)
    c, m = (part.ravel() for part in np.indices(times.latest.shape))
    columns = {
        "year": times.year, "low": low, "high": high, "lag": lag, "lag_low": lag_low, "lag_high": lag_high
    }  # fmt: skip
    frame = pl.DataFrame({"community": np.array(counts.communities)[c], "name": np.array(names)[m]})
    values = {name: [finite(x) for x in part.ravel().tolist()] for name, part in columns.items()}
    both = (part.ravel().tolist() for part in (times.earliest, times.latest))
    words = [_state(first, last, counts.years) for first, last in zip(*both, strict=True)]
    parts = (*found, np.isnan(times.year))
    lag_words = [_lag_state(*x) for x in zip(*(part.ravel().tolist() for part in parts), strict=True)]
    return frame.with_columns(
        *(pl.Series(name, part, dtype=pl.Float64) for name, part in values.items()),
        pl.Series("state", words, dtype=pl.String),
        pl.Series("lag_state", lag_words, dtype=pl.String),
    )


def _state(earliest: float, latest: float, years: tuple[int, ...]) -> str:
    """What is known of a year, in words."""
    if np.isnan(latest) or earliest == latest:
        return state(latest, years)
    return f"between {earliest:.0f} and {latest:.0f}: the years between have too few papers"


def _lag_state(lag: float, known: bool, leads: bool, never: bool, in_gap: bool) -> str:
    """What is known of a lag, in words."""
    if np.isnan(lag):
        return "not known"
    after = f"more than {lag:.1f} years"
    return (
        "first"
        if leads
        else "follows"
        if known
        else f"not yet, {after}"
        if never
        else f"{after}: its own year is not known"
        if in_gap
        else f"{after}: the first is not known"
    )


def _leaders(spread: Lags, communities: tuple[str, ...], names: tuple[str, ...]) -> pl.DataFrame:
    probability = spread.leads.mean(axis=0)
    order = np.argsort(-probability, axis=0, kind="stable")[:2]
    rows = []
    for m, name in enumerate(names):
        best = [(communities[c], float(probability[c, m])) for c in order[:, m] if probability[c, m] > 0]
        (one, p), (two, q) = ([*best, (None, 0.0), (None, 0.0)])[:2]
        rows.append({"name": name, "leader": one, "probability": p, "second": two, "second_probability": q})
        rows[-1]["dated"] = float(probability[:, m].sum())
    schema = {"name": pl.String, "leader": pl.String, "probability": pl.Float64}
    return pl.DataFrame(rows, schema=schema | SECOND)
