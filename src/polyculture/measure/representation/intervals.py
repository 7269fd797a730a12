"""Intervals for the likeness of many representations, at about the price of the estimates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.inference.interval import Intervals, check_level, jackknife_reach, random_blocks
from polyculture.measure.representation.cka import (
    centred,
    centred_all,
    feature_sums,
    features_are_cheaper,
    normalised,
    row_blocks,
    squared_lengths,
)


class _Part(NamedTuple):
    """What one block of items adds to the zero-diagonal Gram matrices K of m representations of n items."""

    rows: Floats  # (m, m): inner products of the rows of K that belong to the block
    inner: Floats  # (m, m): inner products of the block against itself
    columns: Floats  # (m, n): sums of those rows


def cka_intervals(
    representations: Sequence[Array], *, blocks: int = 50, level: float = 0.95, seed: int = 0
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
    parts = centred_all(representations, at_least=8)
    order = random_blocks(len(parts[0]), blocks, seed)
    cheap_features = features_are_cheaper(parts) and len(order) * sum(p.shape[1] for p in parts) < len(parts[0])
    estimate, left = (_by_features if cheap_features else _by_items)(parts, order)
    reach = jackknife_reach(left, level)
    return Intervals(estimate, estimate - reach, estimate + reach)


def _by_features(parts: list[Floats], order: list[Array]) -> tuple[Floats, Floats]:
    def alignment(kept: list[Floats]) -> Floats:
        return normalised(feature_sums(kept, debiased=True), squared_lengths(kept).sum(axis=1))

    left = [alignment([centred(np.delete(part, block, axis=0)) for part in parts]) for block in order]
    return alignment(parts), np.stack(left)


def _by_items(parts: list[Floats], order: list[Array]) -> tuple[Floats, Floats]:
    # With the items in the order of their blocks, each block is a slice.
    rows = np.concatenate(order)
    sorted_parts = [part[rows] for part in parts]
    ends = np.cumsum([0, *map(len, order)])
    blocks = [slice(int(start), int(stop)) for start, stop in pairwise(ends)]
    added = [_block_part(sorted_parts, block) for block in blocks]

    lengths = squared_lengths(sorted_parts)
    total = np.sum([part.rows for part in added], axis=0)
    # Rows of the Gram matrix of centred vectors sum to zero; without the diagonal, to minus the squared length.
    estimate = _alignment(total, -lengths, lengths)
    left = []
    for block, part in zip(blocks, added, strict=True):
        sums = np.delete(-lengths - part.columns, block, axis=1)
        products = total - 2 * part.rows + part.inner
        left.append(_alignment(products, sums, np.delete(lengths, block, axis=1)))
    return estimate, np.stack(left)


def _alignment(products: Floats, sums: Floats, lengths: Floats) -> Floats:
    # Song's estimator from the inner products of zero-diagonal Gram matrices and their row sums (m, n).
    n, totals = sums.shape[1], sums.sum(axis=1)
    unbiased = products + np.outer(totals, totals) / ((n - 1) * (n - 2)) - 2 / (n - 2) * sums @ sums.T
    return normalised(unbiased, lengths.sum(axis=1))


def _block_part(parts: list[Floats], block: slice) -> _Part:
    n, m = len(parts[0]), len(parts)
    rows, inner, columns = np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, n))
    for some in row_blocks(block.start, block.stop, n * m):
        stack = np.stack([part[some] @ part.T for part in parts])
        stack[:, np.arange(stack.shape[1]), np.arange(n)[some]] = 0
        columns += stack.sum(axis=1)
        own = stack[:, :, block].reshape(m, -1)
        whole = stack.reshape(m, -1)
        rows += whole @ whole.T
        inner += own @ own.T
    return _Part(rows, inner, columns)
