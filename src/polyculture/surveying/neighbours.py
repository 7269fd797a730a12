"""What communities that are alike use, and one of them does not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.surveying.counts import Counts

ABSENT, STRONG = 0.005, 0.02
WINDOW = 3
STRANGER = 0.25
"""Weight of a community, half like each, that uses nothing: who is like nobody can learn from nobody."""


class Rules(NamedTuple):
    """What counts as absent and as at home.

    Parameters
    ----------
    absent : float, default 0.005
        Share of a community's papers below which a method is absent.
    strong : float, default 0.02
        Share from which it is at home.
    window : int, default 3
        Years whose papers are taken together.
    least : int, default 50
        Papers that a community needs in these years.
    """

    absent: float = ABSENT
    strong: float = STRONG
    window: int = WINDOW
    least: int = 50


def recent(counts: Counts, year: int, window: int = WINDOW) -> Floats:
    """Share of the papers of the last years up to one that name each method, (..., C, M); NaN without papers."""
    last = counts.years.index(year) + 1
    span = slice(max(last - window, 0), last)
    papers = np.asarray(counts.papers, dtype=np.float64)[..., span].sum(axis=-1)[..., None]
    holds = np.asarray(counts.holds)[..., span, :].sum(axis=-2, dtype=np.float64)
    undefined = np.full(np.broadcast_shapes(papers.shape, holds.shape), np.nan)
    return np.asarray(np.divide(holds, papers, out=undefined, where=papers > 0))


def likeness(share: Array) -> Floats:
    """Morisita and Horn's likeness of the methods of each two communities, (..., C, C); 0 on the diagonal."""
    x = np.nan_to_num(np.asarray(share, dtype=np.float64))
    power = (x**2).sum(axis=-1)
    both = power[..., :, None] + power[..., None, :]
    found = np.divide(2 * x @ np.swapaxes(x, -1, -2), both, out=np.zeros(both.shape), where=both > 0)
    return np.asarray(np.where(np.eye(x.shape[-2], dtype=bool), 0.0, found))


def scores(share: Array) -> Floats:
    """How much more the neighbours of each community use each method, (..., C, M); see `openings`."""
    root = np.sqrt(np.nan_to_num(np.asarray(share, dtype=np.float64)))
    weights = likeness(share) ** 2
    total = weights.sum(axis=-1, keepdims=True) + STRANGER
    return np.asarray(weights @ root / total - root)


def candidates(share: Array, counts: Counts, year: int, rules: Rules) -> Mask:
    """Pairs of a community with enough papers and a method absent from it that is at home in another, (C, M)."""
    last = counts.years.index(year) + 1
    papers = np.asarray(counts.papers)[:, max(last - rules.window, 0) : last].sum(axis=1)
    enough = (papers >= rules.least)[:, None]
    strong = (np.nan_to_num(share) >= rules.strong) & enough
    return np.asarray((np.nan_to_num(share) < rules.absent) & enough & strong.any(axis=0))


def taken_up(counts: Counts, then: int, now: int, rules: Rules | None = None) -> dict[str, Array]:
    """Which openings as of a year were taken up by a later one, with what else could have told.

    Scores are made from years up to `then` only. A pair was taken up if the share is at least twice `absent` in
    the years after `then`, up to `now`, at most the last `window` of them.

    Parameters
    ----------
    counts : Counts
        Observed.
    then, now : int
        Years, the first before the second.
    rules : Rules, optional

    Returns
    -------
    dict of arrays, one entry for each candidate: community and name (positions), score, share (own, then), popularity
    (mean share over the other communities, then) and taken (bool).

    Examples
    --------
    >>> holds = np.array([[[30, 30], [30, 30]], [[25, 20], [25, 20]], [[30, 0], [30, 9]]])
    >>> papers = np.full((3, 2), 100)
    >>> one = Counts(("ML", "CV", "NLP"), (2018, 2019), ("cnn", "gan"), papers, papers, holds, holds)
    >>> taken_up(one, 2018, 2019)["taken"]
    array([ True])
    """
    rules = rules or Rules()
    share, later = recent(counts, then, rules.window), recent(counts, now, min(rules.window, now - then))
    c, m = np.nonzero(candidates(share, counts, then, rules) & ~np.isnan(later))
    mean = (np.nansum(share, axis=0) - np.nan_to_num(share)) / np.maximum((~np.isnan(share)).any(axis=1).sum() - 1, 1)
    return {
        "community": c,
        "name": m,
        "score": scores(share)[c, m],
        "share": share[c, m],
        "popularity": mean[c, m],
        "taken": later[c, m] >= 2 * rules.absent,
    }
