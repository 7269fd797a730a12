"""New methods and old: how many come and stay, how much goes to those that are there, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Array
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import check_level
from polyculture.surveying.cohorts import staying, time_to_adoption
from polyculture.surveying.counts import Counts
from polyculture.surveying.movement import movement
from polyculture.surveying.novelty import Novelty, births, novelty
from polyculture.surveying.topics import young_share
from polyculture.surveying.years import ends, finite


@dataclass(frozen=True, eq=False)
class Exploration:
    """What communities do with new methods.

    Parameters
    ----------
    by_year : DataFrame
        community, year, measure ("entering", "incumbent", "age"), estimate, low, high.
    staying : DataFrame
        See `staying`.
    time_to_adoption : DataFrame
        See `time_to_adoption`.
    young : DataFrame
        See `young_share`.
    with_diversity : DataFrame
        measure, of ("changes" from year to year, or "levels"), correlation with diversity, low, high, p, cells; no rows
        where no diversity was given.
    """

    by_year: pl.DataFrame
    staying: pl.DataFrame
    time_to_adoption: pl.DataFrame
    young: pl.DataFrame
    with_diversity: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: frame.to_dicts() for name, frame in vars(self).items()}


def exploration(
    observed: Counts,
    draws: Counts,
    first_known: tuple[int | None, ...],
    diversity: Array | None = None,
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Exploration:
    """Entry, survival and age of methods, share of papers on incumbents, and whether these move with diversity.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis.
    first_known : tuple of int or None
        Year in which each of the names was first known, where this is known; see `novelty`.
    diversity : array of shape (C, Y), optional
        Of what the papers of each cell name, such as a Hill number; NaN where there is none.
    samples, level, seed : int, float, int
        Of the blocks and shifts of `movement`; coverage aimed at.

    Returns
    -------
    Exploration

    Raises
    ------
    ShapeError
        If first_known is not one a name, or diversity not one a cell.

    Examples
    --------
    >>> holds = np.array([[[5, 0], [5, 0], [5, 0], [5, 5]]])
    >>> parts = (np.full((1, 4), 20), holds.sum(-1), holds, holds)
    >>> one = Counts(("CV",), (2018, 2019, 2020, 2021), ("cnn", "vit"), *parts)
    >>> drawn = Counts(*list(vars(one).values())[:3], *(part[None] for part in parts))
    >>> exploration(one, drawn, (1989, 2020)).by_year.filter(year=2021).select("measure", "estimate").rows()
    [('entering', 0.5), ('incumbent', 0.5), ('age', 16.5)]
    """
    check_level(level)
    if diversity is not None and np.shape(diversity) != np.shape(observed.papers):
        raise ShapeError(
            f"diversity has shape {np.shape(diversity)}; pass one value for each cell of {np.shape(observed.papers)}."
        )
    found = novelty(observed, first_known)
    return Exploration(
        _by_year(observed, draws, found, first_known, level),
        staying(observed, draws, level=level),
        time_to_adoption(observed, draws, first_known, level=level),
        young_share(observed, draws, level=level),
        _moves(found, diversity, samples, level, seed),
    )


def _by_year(
    observed: Counts, draws: Counts, found: Novelty, first_known: tuple[int | None, ...], level: float
) -> pl.DataFrame:
    """`novelty` with intervals.

    A method that few papers name is lost in some resamples, so the interval of what enters lies low: an end that would
    exclude the estimate is moved to it. No null: with communities shuffled, a method enters all when it enters one.
    """
    since = tuple(int(year) for year in births(observed, first_known))
    spread = novelty(draws, since, papers=np.asarray(observed.papers))
    frames = []
    for name in Novelty._fields:
        value, (low, high) = getattr(found, name), ends(getattr(spread, name), level)
        c, y = np.nonzero(~np.isnan(value))
        columns = {"estimate": value, "low": np.fmin(low, value), "high": np.fmax(high, value)}
        head = {"community": np.array(observed.communities)[c], "year": np.array(observed.years)[y]}
        frames.append(
            pl.DataFrame(
                head
                | {"measure": pl.Series([name] * len(c), dtype=pl.String)}
                | {n: part[c, y] for n, part in columns.items()}
            )
        )
    return pl.concat(frames)


def _moves(found: Novelty, diversity: Array | None, samples: int, level: float, seed: int) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    how: dict[str, Any] = {"samples": samples, "level": level, "seed": seed}
    if diversity is not None:
        for name in Novelty._fields:
            for of in ("changes", "levels"):
                value = movement(getattr(found, name), diversity, changes=of == "changes", **how)
                rows.append((name, of, *(finite(number) for number in value[:4]), value.cells))
    numeric = dict.fromkeys(("correlation", "low", "high", "p"), pl.Float64)
    schema = {"measure": pl.String, "of": pl.String, **numeric, "cells": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
