"""Searches for the most similar pairs of unit vectors: all pairs, or only likely ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import joblib
import numpy as np
import scipy.sparse as sp
from sparse_dot_topn import sp_matmul_topn

from polyculture.arrays import Floats, Ints, Matrix

Pairs = tuple[Ints, Ints, Floats]
"""Rows, columns and similarities of edges."""

EXACT = 50_000
"""All pairs of this many items are compared; beyond, only likely ones."""
BLOCK = 2**24
"""Numbers held at once."""
PROBES = 16
"""Cells that an item is compared with, where the search is approximate."""
ROUNDING = 1e-6
"""Smaller similarities are the rounding error of float32."""


def dense(queries: Floats, view: Floats, k: int, own: Ints) -> Pairs:
    """The k nearest of every query: all pairs, a block of queries at a time.

    `own` holds the row of the view that a query is, and that it must not find, or -1.
    """
    step = max(1, BLOCK // len(view))
    parts = []
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        rows, columns, _ = _likely(block, view, k, own[start : start + step])
        # A product of matrices rounds equal pairs differently; summed one by one, ties are ties.
        rows, columns, values = _top(rows, columns, _cosines(block, view, rows, columns), k)
        parts.append((start + rows, columns, values))
    return _stack(parts)


def _likely(queries: Floats, view: Floats, k: int, own: Ints) -> Pairs:
    """The nearest k, and all that rounding may confuse with the last of them."""
    similar = queries @ view.T
    itself = np.flatnonzero(own >= 0)
    similar[itself, own[itself]] = -1
    floor = np.zeros(len(queries), dtype=np.float32)
    if k < len(view):
        floor = np.maximum(np.partition(similar, -k, axis=1)[:, -k] - 10 * ROUNDING, 0)
    rows, columns = np.nonzero(similar > floor[:, None])
    return rows, columns, similar[rows, columns]


def dense_cells(queries: Floats, view: Floats, k: int, own: Ints, *, seed: int) -> Pairs:
    """The k nearest among the items of the cells whose centres are nearest to a query."""
    centres = _centres(view, math.ceil(2 * math.sqrt(len(view))), np.random.RandomState(seed))
    home = _closest(view, centres, 1)[:, 0]
    members = [np.flatnonzero(home == cell) for cell in range(len(centres))]
    position = np.full(len(view) + 1, -1)
    for inside in members:
        position[inside] = np.arange(len(inside))
    home = np.append(home, -1)
    parts = []
    for start in range(0, len(queries), EXACT):
        probed = _closest(queries[start : start + EXACT], centres, PROBES)
        found = []
        for cell, inside in enumerate(members):
            # A cell may hold no item, where two centres were copies.
            if not len(inside):
                continue
            asking = start + np.flatnonzero((probed == cell).any(axis=1))
            itself = np.where(home[own[asking]] == cell, position[own[asking]], -1)
            near, columns, values = _likely(queries[asking], view[inside], k, itself)
            found.append((asking[near], inside[columns], values))
        rows, columns, _ = _top(*_stack(found), k)
        parts.append(_top(rows, columns, _cosines(queries, view, rows, columns), k))
    return _stack(parts)


def _centres(view: Floats, count: int, rng: np.random.RandomState) -> Floats:
    """Spherical k-means, three rounds: the cells need not be good, only even."""
    centres = view[np.sort(rng.choice(len(view), min(count, len(view)), replace=False))]
    for _ in range(3):
        belongs = sp.csr_array(
            (np.ones(len(view), np.float32), (_closest(view, centres, 1)[:, 0], np.arange(len(view))))
        )
        centres[: belongs.shape[0]] = belongs @ view
        centres = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), ROUNDING)
    return centres


def _closest(items: Floats, centres: Floats, count: int) -> Ints:
    """The nearest centres of every item, in no order."""
    step, count = max(1, BLOCK // len(centres)), min(count, len(centres))
    blocks = (items[s : s + step] @ centres.T for s in range(0, len(items), step))
    return np.concatenate([np.argpartition(block, -count, axis=1)[:, -count:] for block in blocks])


def sparse(queries: sp.csr_array, view: sp.csr_array, k: int, own: Ints) -> Pairs:
    """The k nearest of every query, over the columns that it shares with others; `own` as in :func:`dense`."""
    # The item itself and one more than asked for: an equal similarity past the last place means that order decides.
    rows, columns, values = _product(queries, view, k + 2)
    other = columns != own[rows]
    rows, columns, values = _top(rows[other], columns[other], values[other], k + 1)
    starts = np.searchsorted(rows, np.arange(queries.shape[0] + 1))
    full = np.flatnonzero(np.diff(starts) == k + 1)
    tied = full[values[starts[full] + k] == values[starts[full] + k - 1]]
    clear = ~np.isin(rows, tied)
    step = max(1, BLOCK // view.shape[0])
    again = [_block(queries, view, k, own, tied[s : s + step]) for s in range(0, len(tied), step)]
    return _stack([_top(rows[clear], columns[clear], values[clear], k), *again])


def _product(queries: sp.csr_array, view: sp.csr_array, top: int) -> Pairs:
    left, right = sp.csr_matrix(queries), sp.csr_matrix(view.T)
    best = sp_matmul_topn(left, right, top_n=top, threshold=0.0, n_threads=joblib.cpu_count()).tocoo()
    return best.row.astype(np.int64), best.col.astype(np.int64), best.data


def _block(queries: sp.csr_array, view: sp.csr_array, k: int, own: Ints, rows: Ints) -> Pairs:
    similar = (queries[rows] @ view.T).tocoo()
    near, columns = rows[similar.row], similar.col.astype(np.int64)
    other = columns != own[near]
    return _top(near[other], columns[other], similar.data[other], k)


def sparse_rare(queries: sp.csr_array, view: sp.csr_array, k: int, own: Ints, *, common: int = 500) -> Pairs:
    """The k nearest among those that share a column which at most `common` items have."""
    rare = np.flatnonzero(np.bincount(view.indices, minlength=view.shape[1]) <= common)
    rows, columns, _ = _product(queries[:, rare], view[:, rare], 4 * k + 1)
    few = np.bincount(rows, minlength=queries.shape[0]) <= k
    kept = (columns != own[rows]) & ~few[rows]
    rows, columns = rows[kept], columns[kept]
    # Items of common words alone have no candidates; they are few, and compared with all.
    left = np.flatnonzero(few)
    part = sparse(queries[left], view, k, own[left])
    found = _top(rows, columns, _cosines(queries, view, rows, columns), k)
    return _stack([found, (left[part[0]], part[1], part[2])])


def _cosines(queries: Matrix, view: Matrix, rows: Ints, columns: Ints) -> Floats:
    """Inner products of pairs of unit rows, each summed in the same order."""
    step = max(1, BLOCK // max(view.shape[1], 1)) if not sp.issparse(view) else 2**17
    values = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        left, right = queries[rows[part]], view[columns[part]]
        values[part] = left.multiply(right).sum(axis=1) if sp.issparse(left) else np.einsum("ij,ij->i", left, right)
    return values


def _top(rows: Ints, columns: Ints, values: Floats, k: int) -> Pairs:
    """The k largest values of every row, sorted by row, value and column; rounding errors are left out."""
    real = np.flatnonzero(values > ROUNDING)
    order = real[np.lexsort((columns[real], -values[real], rows[real]))]
    rows = rows[order]
    first = np.searchsorted(rows, rows, side="left")
    kept = np.arange(len(rows)) - first < k
    return rows[kept], columns[order][kept], values[order][kept]


def _stack(parts: Sequence[Pairs]) -> Pairs:
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    rows, columns, values = zip(*parts, strict=True)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
