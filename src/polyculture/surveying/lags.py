"""Years in which communities take methods up, and how far they are behind the first."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.surveying.adoption import shares
from polyculture.surveying.counts import Counts
from polyculture.surveying.years import first_reached


class Reached(NamedTuple):
    """Years in which each community reaches a share of each method.

    Parameters
    ----------
    earliest, latest : float64 arrays of shape (..., C, M)
        The same year, unless it lies in a gap between years with papers; infinite as in `first_reached`, NaN for
        communities with fewer than two known years.
    """

    earliest: Floats
    latest: Floats

    @property
    def year(self) -> Floats:
        """The year; NaN where it is not known."""
        return np.where(self.earliest == self.latest, self.latest, np.nan)


class Gap(NamedTuple):
    """Years without enough papers between others that have enough, (first, last) of each run, and their community."""

    community: int
    first: int
    last: int


class Lags(NamedTuple):
    """How far each community is behind the first, for each method.

    Parameters
    ----------
    lag : float64 array of shape (..., C, M)
        Years; 0 for the first. Where `known` is false the lag is at least this; NaN where nothing can be said.
    known : bool array of shape (..., C, M)
        Whether the lag is as long as that, and not longer.
    leads : bool array of shape (..., C, M)
        Whether the community is the first; for no community if one had the method before its first year, or may have
        reached it earlier in a gap.
    never : bool array of shape (..., C, M)
        Whether the community has not taken the method up while another has.
    """

    lag: Floats
    known: Mask
    leads: Mask
    never: Mask

    @property
    def open_ended(self) -> Floats:
        """Lags with inf for what has not happened yet and NaN for what cannot be dated."""
        return np.where(self.known, self.lag, np.where(self.never, np.inf, np.nan))


def known_cells(observed: Counts, least: int) -> Mask:
    """Cells with enough papers for a share to mean something, (C, Y)."""
    return np.asarray(np.asarray(observed.papers) >= max(least, 1))


def gaps(known: Mask, years: tuple[int, ...]) -> list[Gap]:
    """Runs of years without enough papers between years that have enough.

    Examples
    --------
    >>> gaps(np.array([[1, 0, 0, 1, 0], [0, 1, 1, 1, 1]]) > 0, (2010, 2011, 2012, 2013, 2014))
    [Gap(community=0, first=2011, last=2012)]
    """
    found = []
    for community, own in enumerate(known):
        there = np.array(years)[own]
        found += [
            Gap(community, int(before) + 1, int(after) - 1)
            for before, after in pairwise(there.tolist())
            if after - before > 1
        ]
    return found


def years_reached(counts: Counts, at: float, known: Mask, methods: Ints) -> Reached:
    """Years in which each community reaches a share of each method."""
    share, years = shares(counts)[..., methods], np.array(counts.years)
    found = np.full((2, *share.shape[:-3], share.shape[-3], share.shape[-1]), np.nan)
    for community, own in enumerate(known):
        if own.sum() >= 2:
            series = np.moveaxis(share[..., community, own, :], -2, -1)
            found[..., community, :] = first_reached(series, years[own], at)
    return Reached(*found)


def lags(reached: Array, known: Mask, years: tuple[int, ...], earliest: Array | None = None) -> Lags:
    r"""How far each community is behind the first to reach a share.

    .. math:: \ell_{cm} = t_{cm} - \min_{c'} t_{c'm}

    A community that has not reached it by its last year is censored: its lag is longer than the years until then. If a
    community had reached it before its first year, the first is not known, and the lags of all others are longer than
    those to that year. So it is where a community reached it in a gap that began before any other had reached it. If
    others were first, its own lag is longer than that to the last year before the gap. Methods that no community
    reached have no lags.

    Parameters
    ----------
    reached : array of shape (..., C, M)
        Latest year, see `Reached`.
    known : bool array of shape (C, Y)
        Cells with enough papers.
    years : tuple of int, Y
    earliest : array of shape (..., C, M), optional
        By default the same as `reached`: all years are known.

    Returns
    -------
    Lags

    Examples
    --------
    >>> found = lags(np.array([[2012.0], [2014.5], [np.inf]]), np.ones((3, 8), bool), tuple(range(2010, 2018)))
    >>> found.lag.ravel(), found.known.ravel(), found.leads.ravel()
    (array([0. , 2.5, 5. ]), array([ True,  True, False]), array([ True, False, False]))
    """
    when = np.array(years, dtype=np.float64)
    first_year = np.where(known, when, np.inf).min(axis=1)[:, None]
    last_year = np.where(known, when, -np.inf).max(axis=1)[:, None]
    time = np.asarray(reached, dtype=np.float64)
    since = time if earliest is None else np.asarray(earliest, dtype=np.float64)
    early, never = time == -np.inf, time == np.inf
    latest = np.where(early, first_year, np.where(np.isnan(time), np.inf, time))
    first = latest.min(axis=-2, keepdims=True)
    adopted = np.isfinite(first)
    dated = (np.where(np.isnan(since), np.inf, since) >= first).all(axis=-2, keepdims=True)
    watched = adopted & ~early & ~np.isnan(time)
    until = np.where(never, last_year, np.where(watched, since, 0.0))
    lag = np.where(watched, np.maximum(until - np.where(adopted, first, 0.0), 0), np.nan)
    reached_it = watched & ~never & dated & (since == time)
    return Lags(lag, reached_it, reached_it & (time == first), never & watched)
