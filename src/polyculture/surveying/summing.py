"""Patterns of several batches of papers as those of all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints
from polyculture.surveying.patterns import Patterns, order_of


def summed(first: Patterns, second: Patterns) -> Patterns:
    """Papers of both by community, year and set of names: what counting them together gives.

    Parameters
    ----------
    first, second : Patterns
        Of the same names.

    Returns
    -------
    Patterns
    """
    communities = tuple(sorted({*first.communities, *second.communities}))
    years = tuple(range(min(first.years[0], second.years[0]), max(first.years[-1], second.years[-1]) + 1))
    both = np.concatenate([first.sets, second.sets])
    order, which = order_of(both)
    places = np.split(which, [len(first.sets)])
    cells = len(communities) * len(years)
    held = sum(
        _placed(part, cell, place, (cells, len(order)))
        for part, cell, place in zip(
            (first.held, second.held),
            (_cells(part, communities, years) for part in (first, second)),
            places,
            strict=True,
        )
    )
    return replace(first, communities=communities, years=years, sets=both[order], held=sp.csr_array(held))


def _cells(part: Patterns, communities: tuple[str, ...], years: tuple[int, ...]) -> Ints:
    """Places of cells among those of all communities and years."""
    row = np.searchsorted(communities, part.communities)[:, None] * len(years)
    return np.asarray(row + np.array(part.years) - years[0]).ravel()


def _placed(held: sp.csr_array, cell: Ints, place: Array, shape: tuple[int, int]) -> sp.csr_array:
    entries = held.tocoo()
    return sp.coo_array((entries.data, (cell[entries.row], place[entries.col])), shape=shape).tocsr()
