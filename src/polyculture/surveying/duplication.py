"""Papers that stand twice, within a community and between communities, beside what chance would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.data.papers.types import Papers
from polyculture.surveying.copies import Copies, copies_of, expected_copies, expected_pairs, observed_copies
from polyculture.surveying.minhash import near_duplicates
from polyculture.surveying.years import ends

DIGITS = 9
KINDS = ("within", "between")
SHOWN = 20
BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class Duplication:
    """Near-duplicate papers.

    Parameters
    ----------
    groups, papers, left_out : int
        Groups of at least two papers, papers in them, and papers whose text is too short to tell.
    by_year : DataFrame
        year (none: all), papers, and for "within" and "between" each: share of papers that have a copy there, low,
        high, expected (communities shuffled within years), ratio of both, its low and high.
    pairs : DataFrame
        first, second (communities), groups that have papers of both, expected; the most surprising first.
    largest : DataFrame
        title, papers, communities, first_year, last_year of the largest groups.
    """

    groups: int
    papers: int
    left_out: int
    by_year: pl.DataFrame
    pairs: pl.DataFrame
    largest: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        frames = {name: getattr(self, name).to_dicts() for name in ("by_year", "pairs", "largest")}
        return {"groups": self.groups, "papers": self.papers, "left_out": self.left_out, **frames}


def duplication(
    papers: Papers,
    *,
    threshold: float = 0.8,
    abstracts: bool = False,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Duplication:
    r"""Share of papers with a near-duplicate in their own community and in another, by year.

    .. math::
        P(\text{all of a group in one community}) = \sum_c \prod_y
        \frac{N_{cy}^{\underline{n_y}}}{N_y^{\underline{n_y}}}

    for a group with n papers of each year, if the communities of the N papers of a year were shuffled: with falling
    factorials, so exact. What is expected between communities follows from it, and in the same way what is expected
    within. Papers drawn anew would be copies of themselves; intervals therefore draw groups (a Poisson bootstrap).

    Parameters
    ----------
    papers : Papers
    threshold : float in (0, 1], default 0.8
        Jaccard index of pairs of words, see `near_duplicates`.
    abstracts : bool, default False
        Whether to compare title and abstract, and not the title alone; a paper without an abstract then is like one
        with it only if that is short.
    samples, level, seed : int, float, int
        Resamples, coverage aimed at, and seed of hashes and draws.

    Returns
    -------
    Duplication

    Raises
    ------
    ParameterError
        If the threshold or the level is outside its range.

    References
    ----------
    Broder 1997, On the resemblance and containment of documents.

    Examples
    --------
    >>> titles = ["Parsing with deep networks", "Parsing with deep networks.", "A reader of maps", "On one more thing"]
    >>> frame = pl.DataFrame({"community": ["NLP", "CV", "NLP", "CV"], "year": [2020] * 4, "title": titles})
    >>> found = duplication(Papers(frame, "memory"))
    >>> found.groups, found.by_year["between"][0], round(found.by_year["between_expected"][0], 3)
    (1, 0.5, 0.333)
    """
    frame = papers.frame
    texts = frame["title"].fill_null("")
    if abstracts:
        texts = texts + " " + frame["abstract"].fill_null("")
    first, long = near_duplicates(texts, threshold=threshold, seed=seed)
    communities, community = np.unique(frame["community"].cast(pl.String).to_numpy(), return_inverse=True)
    years, year = np.unique(frame["year"].to_numpy(), return_inverse=True)
    cells = np.zeros((len(communities), len(years)))
    np.add.at(cells, (community[long], year[long]), 1)
    copied = np.bincount(first, minlength=len(first))[first] > 1
    group, members = np.unique(first[copied], return_inverse=True)
    copies = copies_of(members, year[copied], cells)
    observed = observed_copies(copies, members, community[copied], year[copied])
    by_year = _by_year(copies, observed, years, samples, level, seed)
    pairs = _pairs(copies, members, community[copied], communities.tolist())
    largest = _largest(frame.select("title", "community", "year").filter(copied), members)
    return Duplication(len(group), len(members), int((~long).sum()), by_year, pairs, largest)


def _by_year(
    copies: Copies, observed: dict[str, Floats], years: Ints, samples: int, level: float, seed: int
) -> pl.DataFrame:
    expected, papers = expected_copies(copies), copies.cells.sum(axis=0)
    rows = []
    for position, year in [*enumerate(years.tolist()), (None, None)]:
        which = np.ones(len(copies.year), dtype=bool) if position is None else copies.year == position
        count = float(papers.sum() if position is None else papers[position])
        row: dict[str, Any] = {"year": year, "papers": int(count)}
        for kind in KINDS:
            parts = np.stack([observed[kind][which], expected[kind][which]], axis=1)
            if position is None:
                parts = np.stack([np.bincount(copies.group, part) for part in parts.T], axis=1)
            row |= {f"{kind}{name}": value for name, value in _compared(parts, count, samples, level, seed).items()}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _compared(parts: Floats, papers: float, samples: int, level: float, seed: int) -> dict[str, float | None]:
    """Share of papers with a copy, that expected, and their ratio, with intervals from drawing groups anew."""
    kinds, copies = np.unique(parts.round(DIGITS), axis=0, return_counts=True)
    rng, step = np.random.default_rng(seed), max(1, BLOCK // max(len(kinds), 1))
    blocks = [rng.poisson(copies, (min(step, samples - done), len(kinds))) @ kinds for done in range(0, samples, step)]
    drawn = np.concatenate(blocks)
    found, chance = (float(part) for part in parts.sum(axis=0))
    undefined = np.full(samples, np.nan)
    ratio = np.divide(drawn[:, 0], drawn[:, 1], out=undefined, where=drawn[:, 1] > 0)
    low, high = ends(drawn[:, 0] / max(papers, 1), level)
    ratio_low, ratio_high = ends(ratio, level)
    values = {
        "": found / papers if papers else np.nan,
        "_low": low,
        # None among n papers: no resample has any, but up to this many could (Poisson).
        "_high": high if found else -np.log((1 - level) / 2) / papers if papers else np.nan,
        "_expected": chance / papers if papers else np.nan,
        "_ratio": found / chance if chance else np.nan,
        "_ratio_low": ratio_low,
        "_ratio_high": ratio_high,
    }
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _pairs(copies: Copies, group: Ints, community: Ints, names: list[str]) -> pl.DataFrame:
    count = len(names)
    has = np.zeros((int(group.max(initial=-1)) + 1, count))
    has[group, community] = 1
    found, chance = has.T @ has, expected_pairs(copies)
    pairs = zip(*(part.tolist() for part in np.triu_indices(count, 1)), strict=True)
    rows = [(names[a], names[b], round(float(found[a, b])), float(chance[a, b])) for a, b in pairs]
    schema = {"first": pl.String, "second": pl.String, "groups": pl.Int64, "expected": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.sort(pl.col("groups") - pl.col("expected"), "first", "second", descending=[True, False, False])


def _largest(copied: pl.DataFrame, group: Ints) -> pl.DataFrame:
    return (
        copied.with_columns(group=pl.Series(group, dtype=pl.Int64), community=pl.col("community").cast(pl.String))
        .group_by("group")
        .agg(
            pl.col("title").first(),
            papers=pl.len(),
            communities=pl.col("community").unique().sort(),
            first_year=pl.col("year").min(),
            last_year=pl.col("year").max(),
        )
        .sort("papers", "group", descending=[True, False])
        .head(SHOWN)
        .drop("group")
    )
