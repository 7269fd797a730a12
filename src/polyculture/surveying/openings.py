"""Methods at home in some communities and absent from another that is like them: where cooperation could start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.surveying.counts import Counts
from polyculture.surveying.neighbours import Rules, candidates, likeness, recent, scores
from polyculture.surveying.years import ends

TOP = 20
NAMED = 3
SCHEMA: dict[str, Any] = {
    "rank": pl.Int64,
    "community": pl.String,
    "name": pl.String,
    "score": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "rank_low": pl.Int64,
    "rank_high": pl.Int64,
    "stability": pl.Float64,
    "share": pl.Float64,
    "neighbours": pl.List(pl.String),
    "reason": pl.String,
}


@dataclass(frozen=True, eq=False)
class Openings:
    """Openings, the surest first: by the lower end of their score.

    Parameters
    ----------
    year : int
        Last year that was looked at.
    candidates : int
        Pairs of a community and a method that is absent from it and at home elsewhere.
    found : DataFrame
        rank, community, name, score with low and high, rank_low, rank_high, stability (share of draws in which the pair
        is among the first 20 or as many as are shown), share (of the community's own papers), neighbours, reason.
    """

    year: int
    candidates: int
    found: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"year": self.year, "candidates": self.candidates, "found": self.found.to_dicts()}


def openings(
    observed: Counts,
    draws: Counts,
    *,
    year: int | None = None,
    rules: Rules | None = None,
    top: int = TOP,
    level: float = 0.95,
) -> Openings:
    r"""Rank pairs of a community and a method that is absent there and at home with its neighbours.

    .. math::
        s_{cm} = \frac{\sum_{c' \ne c} w_{cc'} \, \sqrt{x_{c'm}}}{w_0 + \sum_{c' \ne c} w_{cc'}} - \sqrt{x_{cm}}, \qquad
        w_{cc'} = \left( \frac{2 \sum_m x_{cm} x_{c'm}}{\sum_m x_{cm}^2 + \sum_m x_{c'm}^2} \right)^2

    with x the shares of papers of the last three years. The likeness w of two communities (Morisita and Horn's formula,
    squared so that the near count most) weighs what the others use, and with w_0 = 0.25 a community that is like nobody
    has no strong openings. Square roots keep the few most common methods from leading every list. There is no null for
    a score: with communities shuffled no method is absent anywhere. Ranked is by the lower end of the score's interval,
    so that no opening is first for what chance may have added. What a rank is worth is its stability, and whether
    openings of the past were taken up: see `taken_up`.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis.
    year : int, optional
        Look at nothing later; by default the last.
    rules : Rules, optional
    top : int, default 20
        How many to show at most.
    level : float, default 0.95

    Returns
    -------
    Openings

    Raises
    ------
    ParameterError
        If the year is not among those known, or `absent` is not below `strong`.

    References
    ----------
    Hidalgo et al. 2007, Science 317 (density of neighbours in a product space); Hidalgo et al. 2018, The principle of
    relatedness; Horn 1966, American Naturalist 100.

    Examples
    --------
    >>> papers, holds = np.full((3, 1), 100), np.array([[[30, 30]], [[25, 20]], [[30, 0]]])
    >>> one = Counts(("ML", "CV", "NLP"), (2020,), ("cnn", "gan"), papers, papers, holds, holds)
    >>> drawn = Counts(*list(vars(one).values())[:3], *(np.stack([part] * 9) for part in list(vars(one).values())[3:]))
    >>> openings(one, drawn).found["reason"].to_list()
    ['gan: in 0.0 % of the papers of NLP (2020 to 2020), but in 30.0 % of ML (likeness 0.67) and 20.0 % of CV (0.78)']
    """
    rules, year = rules or Rules(), observed.years[-1] if year is None else year
    if year not in observed.years:
        raise ParameterError(f"year is {year}; use one from {observed.years[0]} to {observed.years[-1]}")
    if not 0 <= rules.absent < rules.strong:
        raise ParameterError(f"absent is {rules.absent} and strong {rules.strong}; absent must be less")
    share, drawn = (recent(counts, year, rules.window) for counts in (observed, draws))
    score, eligible = scores(share), candidates(share, observed, year, rules)
    spread = np.where(eligible, scores(drawn), -np.inf)
    c, m = np.nonzero(eligible)
    low, high = ends(spread[:, c, m], level)
    low, high = np.fmin(low, score[c, m]), np.fmax(high, score[c, m])
    order = np.lexsort((m, c, -score[c, m], -low))[: max(top, 0)]
    shown = (c[order], m[order])
    ranks = 1 + (spread[:, None, c, m] > spread[:, *shown][..., None]).sum(axis=-1)
    table = _table(shown, share, score, (low[order], high[order], ranks), observed, (year, rules, level))
    return Openings(year, len(c), table)


def _table(
    shown: tuple[Ints, Ints],
    share: Floats,
    score: Floats,
    drawn: tuple[Floats, Floats, Ints],
    counts: Counts,
    asked: tuple[int, Rules, float],
) -> pl.DataFrame:
    if not len(shown[0]):
        return pl.DataFrame(schema=SCHEMA)
    (low, high, ranks), (year, rules, level), near = drawn, asked, likeness(share)
    rank_low, rank_high = ends(ranks, level)
    first = max(year - rules.window + 1, counts.years[0])
    rows: list[dict[str, Any]] = []
    for i, (c, m) in enumerate(zip(*(part.tolist() for part in shown), strict=True)):
        others = _users(share[:, m], near[c], rules)
        rows.append(
            {
                "rank": i + 1,
                "community": counts.communities[c],
                "name": counts.names[m],
                "score": float(score[c, m]),
                "low": float(low[i]),
                "high": float(high[i]),
                "rank_low": int(rank_low[i]),
                "rank_high": int(rank_high[i]),
                "stability": float((ranks[:, i] <= len(shown[0])).mean()),
                "share": float(share[c, m]),
                "neighbours": [counts.communities[d] for d in others],
                "reason": _reason(counts, share[:, m], near[c], c, counts.names[m], others, (first, year)),
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def _users(share: Floats, near: Floats, rules: Rules) -> list[int]:
    """Communities in which a method is at home, those first that count most."""
    weight = np.where(np.nan_to_num(share) >= rules.strong, near**2 * np.nan_to_num(share), 0.0)
    order = np.argsort(-weight, kind="stable")[:NAMED]
    return [int(d) for d in order if weight[d] > 0]


def _reason(
    counts: Counts, share: Floats, near: Floats, c: int, name: str, others: list[int], span: tuple[int, int]
) -> str:
    """Why a pair is an opening, in a sentence with its numbers."""
    own = f"{name}: in {100 * share[c]:.1f} % of the papers of {counts.communities[c]} ({span[0]} to {span[1]})"
    parts = [f"{100 * share[d]:.1f} % of {counts.communities[d]} ({near[d]:.2f})" for d in others]
    if not parts:
        return f"{own}, and at home only in communities that are unlike it"
    parts[0] = parts[0].replace("(", "(likeness ")
    return f"{own}, but in {' and '.join(parts) if len(parts) < 3 else ', '.join(parts[:-1]) + ' and ' + parts[-1]}"
