"""How long new methods stay, and how long they take to arrive."""

from __future__ import annotations

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints, Mask
from polyculture.surveying.adoption import shares
from polyculture.surveying.counts import Counts
from polyculture.surveying.novelty import PRESENT, births, enough
from polyculture.surveying.survival import kaplan_meier
from polyculture.surveying.years import ends, finite

COHORT = 4
AFTER = (1, 3, 5)
CAUTION = "lies too low and is too narrow where many methods are near the share from which they are in use"
"""What is known against intervals of `staying`: in generated corpora of such methods most miss the truth."""


def staying(
    observed: Counts, draws: Counts, *, present: float = PRESENT, least: int = 20, level: float = 0.95
) -> pl.DataFrame:
    """How many of the methods that communities take up are still in use some years later.

    A method enters a community in the first year in which it is in use there (not the community's first year) and
    leaves after the last; those in use in the last year are censored (Kaplan and Meier). A method that few papers name
    is sometimes lost to chance, and in resamples twice as often, which shortens its time: the interval is therefore
    that of the estimate less this bias, widened to hold the estimate. No null: with communities shuffled each uses what
    all use, and nothing is left.

    Returns
    -------
    DataFrame with after (years), methods (pairs of a community and a method that entered), share still in use, low,
    high, interval (what is known against it).

    References
    ----------
    Kaplan and Meier 1958, Journal of the American Statistical Association 53.
    """
    papers = np.asarray(observed.papers)
    curves = []
    for counts in (observed, draws):
        spans, left = _spells(counts, enough(counts, papers, least), present)
        curves.append((kaplan_meier(spans, left), (~np.isnan(spans)).sum(axis=-1)))
    (found, entered), (spread, _) = curves
    rows = []
    for after in AFTER:
        value = float(found.at(after))
        low, high = _unbiased(value, spread.at(after), level)
        values = {"share": finite(value), "low": finite(float(low)), "high": finite(float(high))}
        rows.append({"after": after, "methods": int(entered)} | values | {"interval": CAUTION})
    return pl.DataFrame(rows, schema_overrides={"share": pl.Float64, "low": pl.Float64, "high": pl.Float64})


def time_to_adoption(
    observed: Counts,
    draws: Counts,
    first_known: tuple[int | None, ...],
    *,
    at: float = PRESENT,
    width: int = COHORT,
    least: int = 20,
    level: float = 0.95,
) -> pl.DataFrame:
    """Years from when a method was first known until a community uses it, by the years in which methods became known.

    Methods known before the first year of the papers are left out: of these only the ones that lasted are seen. Pairs
    of a community and a method that has not reached the share yet are censored (Kaplan and Meier), and so are those in
    which it was reached in a gap between years with papers, at the last year before. Pairs in which the
    share is reached before the method was known are left out: those papers mean something else. No null: years since a
    method was known have none that chance would give.

    Returns
    -------
    DataFrame with first_known (of the cohort), last_known, methods, pairs, censored, median, low, high (none: not yet).
    """
    known = enough(observed, None, least)
    known_since, years = births(observed, first_known), observed.years
    last = np.where(known, np.array(years), -np.inf).max(axis=-1)[:, None]
    rows = []
    for start in range(years[0], years[-1] + 1, width):
        cohort = np.flatnonzero((known_since >= start) & (known_since < start + width))
        if not len(cohort):
            continue
        (times, event), (drawn, drawn_event) = (
            _first_use(counts, known, known_since, at, last, cohort) for counts in (observed, draws)
        )
        if np.isnan(times).all():
            continue
        low, high = ends(kaplan_meier(drawn, drawn_event).quantile(), level)
        values = (kaplan_meier(times, event).quantile(), low, high)
        head = {"first_known": start, "last_known": min(start + width - 1, years[-1]), "methods": len(cohort)}
        counted = {"pairs": int((~np.isnan(times)).sum()), "censored": int((~event & ~np.isnan(times)).sum())}
        named = {n: finite(float(v)) for n, v in zip(("median", "low", "high"), values, strict=True)}
        rows.append(head | counted | named)
    return pl.DataFrame(rows, schema_overrides={"median": pl.Float64, "low": pl.Float64, "high": pl.Float64})


def _unbiased(value: float, drawn: Floats, level: float) -> tuple[float, float]:
    """Ends of the interval of a share less the bias that drawing papers shows, moved to hold the share itself.

    Examples
    --------
    >>> low, high = _unbiased(0.75, np.linspace(0.6, 0.7, 101), 0.9)
    >>> round(low, 3), round(high, 3)
    (0.75, 0.895)
    """
    if not (~np.isnan(drawn)).any():
        return np.nan, np.nan
    low, high = (float(end) + 2 * (value - float(np.nanmean(drawn))) for end in ends(drawn, level))
    return float(np.clip(min(low, value), 0, 1)), float(np.clip(max(high, value), 0, 1))


def _spells(counts: Counts, known: Mask, present: float) -> tuple[Floats, Mask]:
    """Years from entry to the first year out of use for good, and whether it came; (..., C * M)."""
    used = (np.nan_to_num(shares(counts)) >= present) & known[..., None]
    years = used.shape[-2]
    first, last = used.argmax(axis=-2), years - 1 - used[..., ::-1, :].argmax(axis=-2)
    starts = known.argmax(axis=-1)[:, None]
    ends_at = years - 1 - known[:, ::-1].argmax(axis=-1)[:, None]
    entered = used.any(axis=-2) & (first > starts)
    left = last < ends_at
    spans = np.where(entered, last - first + left, np.nan)
    flat = (*spans.shape[:-2], -1)
    return spans.reshape(flat).astype(np.float64), (left & entered).reshape(flat)


def _first_use(
    counts: Counts, known: Mask, since: Floats, at: float, last: Floats, cohort: Ints
) -> tuple[Floats, Mask]:
    share = np.nan_to_num(shares(counts)[..., cohort])
    used = (share >= at) & known[..., None]
    reached = used.any(axis=-2)
    place = used.argmax(axis=-2)
    before = np.take_along_axis(np.broadcast_to(_year_before(known, counts.years)[..., None], used.shape),
                                place[..., None, :], axis=-2)[..., 0, :]  # fmt: skip
    first = np.array(counts.years)[place]
    # what came in years without papers has no date: it is known to have lasted until the year before
    in_gap = reached & (first - before > 1)
    time = np.where(in_gap, before, np.where(reached, first, last)) - since[cohort]
    flat = (*time.shape[:-2], -1)
    return np.where(time >= 0, time, np.nan).reshape(flat), (reached & ~in_gap).reshape(flat)


def _year_before(known: Mask, years: tuple[int, ...]) -> Floats:
    """Last year with enough papers before each, (C, Y); the year itself where there is none."""
    seen = np.maximum.accumulate(np.where(known, np.array(years), -np.inf), axis=-1)
    earlier = np.concatenate([np.full((len(known), 1), -np.inf), seen[:, :-1]], axis=-1)
    return np.where(np.isfinite(earlier), earlier, np.array(years, dtype=np.float64))
