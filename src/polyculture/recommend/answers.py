"""Names in, the best items out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.data.interactions import Interactions
from polyculture.data.interactions.coding import named
from polyculture.errors import ParameterError
from polyculture.recommend.base import normalised
from polyculture.recommend.ranges import check_whole
from polyculture.recommend.ranked import best, blocks, hide
from polyculture.recommend.serving import Serving

if TYPE_CHECKING:
    import polars as pl


def positions_of(known: Array, names: Sequence[str], what: str, *, missing: bool = False) -> Ints:
    """Positions of names among sorted ones; -1 for an unknown name where those may be missing."""
    if isinstance(names, str):
        raise ParameterError(f"{what}s is one word, {names!r}; give a list of names")
    place = {name: at for at, name in enumerate(known.tolist())}
    found = np.array([place.get(named(name), -1) for name in names], dtype=np.int64)
    if not missing and (found < 0).any():
        raise ParameterError(f"there is no {what} named {names[int(np.argmax(found < 0))]!r}; use a name from training")
    return found


def top_items(servings: Sequence[Serving], rows: Ints, seen: sp.csr_array | None, k: int) -> tuple[Ints, Floats]:
    """Columns of the best k items of these domains for each row, -1 where there are fewer, and their scores."""
    check_whole("k", k, 1)
    items = np.unique(np.concatenate([serving.items for serving in servings]))
    out, values = np.full((len(rows), k), -1), np.full((len(rows), k), np.nan)
    onward = None if seen is None else sp.csc_array(seen)[:, items].tocsr()
    for part in blocks(np.arange(len(rows)), len(items)):
        scores = np.full((len(part), len(items)), -np.inf, dtype=np.float32)
        for serving in servings:
            where = np.searchsorted(items, serving.items)
            scores[:, where] = np.maximum(scores[:, where], serving.scores(rows[part]))
        known = np.flatnonzero(rows[part] >= 0)
        if onward is not None and len(known):
            hidden = scores[known]
            hide(hidden, onward[rows[part][known]])
            scores[known] = hidden
        out[part], values[part] = _best_of(scores, items, k)
    return out, values


def _best_of(scores: Floats, columns: Ints, k: int) -> tuple[Ints, Floats]:
    """The k best of these columns in each row, -1 where there are fewer, and their scores."""
    found = best(scores, k)
    there = found >= 0
    values = np.take_along_axis(scores, np.maximum(found, 0), axis=1)
    return np.where(there, columns[found], -1), np.where(there, values, np.nan)


def similar(seen: sp.csr_array, columns: Ints, items: Sequence[Ints], k: int) -> tuple[Ints, Floats]:
    """The k items of these domains nearest to each column by the cosine, users weighing by the root of their degree."""
    check_whole("k", k, 1)
    x, _ = normalised(sp.csr_array(seen), 0.5, 0.0)
    lengths = np.sqrt(np.asarray(x.multiply(x).sum(axis=0)).ravel())
    x = sp.csc_array(x.multiply(1 / np.where(lengths > 0, lengths, 1)))
    among = np.unique(np.concatenate(items))
    out, values = np.full((len(columns), k), -1), np.full((len(columns), k), np.nan)
    for part in blocks(np.arange(len(columns)), len(among)):
        scores = (x[:, columns[part]].T @ x[:, among]).toarray()
        scores[columns[part][:, None] == among[None]] = -np.inf
        scores[scores == 0] = -np.inf
        out[part], values[part] = _best_of(scores, among, k)
    return out, values


def reasons_frame(columns: Ints, values: Floats, most: int, known: Interactions, domain: str) -> pl.DataFrame:
    """The largest parts of a score as a table."""
    import polars as pl

    check_whole("most", most, 1)
    order = np.argsort(-np.abs(values), kind="stable")[:most]
    whole = np.abs(values).sum()
    items = [str(known.items[c]) if c >= 0 else "(other users)" for c in columns[order].tolist()]
    homes = [known.item_domain[c] if c >= 0 else -2 for c in columns[order].tolist()]
    named = {-2: domain, -1: "several"} | dict(enumerate(known.domains.tolist()))
    shares, score = values[order] / (whole if whole > 0 else 1), [float(values.sum())] * len(order)
    return pl.DataFrame(
        {
            "item": items,
            "domain": [named[home] for home in homes],
            "share": shares.tolist(),
            "adds": values[order].tolist(),
            "score": score,
        },
        schema={"item": pl.String, "domain": pl.String, "share": pl.Float64, "adds": pl.Float64, "score": pl.Float64},
    )
