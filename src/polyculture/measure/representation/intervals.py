"""Intervals for the likeness of many representations, at about the price of the estimates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from polyculture.arrays import Array, Floats
from polyculture.measure.inference.interval import Intervals, check_level, jackknife_reach, random_blocks
from polyculture.measure.representation.gram import (
    TILES,
    centred,
    centred_all,
    features_are_cheaper,
    gram_tile,
    inner_products,
    normalised,
    spans,
    squared_lengths,
    stack_products,
    tile_side,
    u_shift,
)


def cka_intervals(
    representations: Sequence[Array],
    *,
    blocks: int = 50,
    level: float = 0.95,
    seed: int = 0,
    dtype: npt.DTypeLike | None = None,
    memory: int = TILES,
) -> Intervals:
    r"""Debiased CKA of all pairs of representations, with jackknife intervals over items.

    .. math::
        C_{kl} \pm t_{g-1} \sqrt{\frac{g-1}{g} \sum_b (C_{kl}^{-b} - \bar C_{kl})^2}

    `jackknife` says why items are left out and not drawn anew. Each block's share of every inner product is kept while
    the products are summed, so leaving a block out is a subtraction: all pairs and all blocks cost about as much as
    `cka_matrix` alone. Where items far outnumber features, recomputing from features is cheaper still, and is done.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite. At least 4 items must remain without any one block.
    blocks : int, default 50
        Number g of blocks, equal in size within one item; no more than n are made.
    level : float, default 0.95
    seed : int, default 0
        Decides which items share a block.
    dtype, memory
        See `cka_matrix`.

    Returns
    -------
    Intervals, with matrices of shape (m, m); index it with a pair for one `Interval`. Not cut at 1; NaN where CKA is
    (see `cka`), here or without some block.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 8.
    DataError
        If a value is not finite.
    ParameterError
        If blocks < 2, or the level is not between 0 and 1.

    References
    ----------
    Song et al. 2012, JMLR 13; Efron and Stein 1981, Annals of Statistics 9.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(2, 200, 5))
    >>> print(cka_intervals([x, x + noise])[0, 1])
    0.499 [0.44, 0.558]
    """
    check_level(level)
    # With 8 items, two blocks of 4 leave the 4 that the estimator needs.
    parts = centred_all(representations, at_least=8, dtype=dtype)
    order = random_blocks(len(parts[0]), blocks, seed)
    cheap_features = features_are_cheaper(parts) and len(order) * sum(p.shape[1] for p in parts) < len(parts[0])
    estimate, left = _by_features(parts, order) if cheap_features else _by_items(parts, order, memory)
    reach = jackknife_reach(left, level)
    return Intervals(estimate, estimate - reach, estimate + reach)


def _by_features(parts: list[Floats], order: list[Array]) -> tuple[Floats, Floats]:
    def alignment(kept: list[Floats]) -> Floats:
        return normalised(inner_products(kept), squared_lengths(kept).sum(axis=1))

    left = [alignment([centred(np.delete(part, block, axis=0)) for part in parts]) for block in order]
    return alignment(parts), np.stack(left)


def _by_items(parts: list[Floats], order: list[Array], memory: int) -> tuple[Floats, Floats]:
    # With the items in the order of their blocks, each block is a slice.
    rows = np.concatenate(order)
    parts = [part[rows] for part in parts]
    ends = np.cumsum([0, *map(len, order)])
    blocks = [slice(int(start), int(stop)) for start, stop in pairwise(ends)]

    lengths = squared_lengths(parts)
    whole, inner = _block_products(parts, blocks, lengths, memory)
    total = whole.sum(axis=0)
    # Rows of a U-centred matrix sum to zero; without a block's columns, to minus what the block adds.
    totals, outer = _block_sums(parts, blocks, lengths, memory)
    n = len(rows) - np.diff(ends)[:, None, None]
    products = total - 2 * whole + inner - 2 / (n - 2) * outer
    products += totals[:, :, None] * totals[:, None, :] / ((n - 1) * (n - 2))
    traces = lengths.sum(axis=1) - np.add.reduceat(lengths, ends[:-1], axis=1).T
    return normalised(total, lengths.sum(axis=1)), normalised(products, traces)


def _block_products(parts: list[Floats], blocks: list[slice], lengths: Floats, memory: int) -> tuple[Floats, Floats]:
    """Inner products (g, m, m) of U-centred Gram matrices over the rows of each block: all columns, and its own."""
    side = tile_side(parts, memory)
    pieces = [(b, piece) for b, block in enumerate(blocks) for piece in spans(block.start, block.stop, side)]
    # One multiplication serves several pieces, for narrow ones are slow.
    widest = max(piece.stop - piece.start for _, piece in pieces)
    together = max(1, side**2 // widest**2)
    room = np.empty(len(parts) * widest**2 * together, dtype=parts[0].dtype)
    whole, inner = np.zeros((2, len(blocks), len(parts), len(parts)))
    for first, (b, rows) in enumerate(pieces):
        for group in (pieces[at : at + together] for at in range(first, len(pieces), together)):
            start = group[0][1].start
            stack = gram_tile(parts, rows, slice(start, group[-1][1].stop), room, lengths)
            for c, piece in group:
                products = stack_products(stack[:, :, piece.start - start : piece.stop - start])
                times = 1 if piece == rows else 2
                whole[b] += products
                whole[c] += products * (times - 1)
                inner[b] += products * (times if b == c else 0)
    return whole, inner


def _block_sums(parts: list[Floats], blocks: list[slice], lengths: Floats, memory: int) -> tuple[Floats, Floats]:
    """Row sums over the columns of each block, of the rows outside it: their totals (g, m) and products (g, m, m)."""
    g, m, shift = len(blocks), len(parts), u_shift(lengths)
    starts = [block.start for block in blocks]
    sizes = np.diff([*starts, len(parts[0])])
    sums = [np.add.reduceat(part, starts, axis=0) for part in parts]
    shifts = np.add.reduceat(shift, starts, axis=1)[:, :, None]
    own = np.repeat(np.arange(g), sizes)
    totals, outer = np.zeros((g, m)), np.zeros((g, m, m))
    for some in spans(0, len(parts[0]), max(1, memory // (16 * g * m))):
        rows = np.stack(
            [of_blocks @ part[some].T for of_blocks, part in zip(sums, parts, strict=True)], dtype=np.float64
        )
        rows += shifts + sizes[:, None] * shift[:, None, some]
        rows[:, own[some], np.arange(rows.shape[2])] = 0
        totals += rows.sum(axis=2).T
        outer += np.einsum("kbi,jbi->bkj", rows, rows, optimize=True)
    return totals, outer
