"""How much of what communities do is new to them, and how old the methods are that they use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ShapeError
from polyculture.surveying.adoption import shares
from polyculture.surveying.counts import Counts

PRESENT = 0.01
WINDOW = 3


class Novelty(NamedTuple):
    """What communities do with new methods, each of shape (..., C, Y); NaN where nothing can be said.

    Parameters
    ----------
    entering : float64 array
        Share of the methods in use that the community takes up in this year, after none of the years before.
    incumbent : float64 array
        Share of papers that name a method, on methods that the community already used in one of the last three years.
    age : float64 array
        Mean age of what papers name: the year less that in which a method was first known.
    """

    entering: Floats
    incumbent: Floats
    age: Floats


def novelty(
    counts: Counts,
    first_known: tuple[int | None, ...],
    *,
    present: float = PRESENT,
    window: int = WINDOW,
    least: int = 20,
    papers: Array | None = None,
) -> Novelty:
    r"""Entry of methods, share of papers on incumbents, and age of the methods in use, by community and year.

    .. math::
        \text{incumbent}_{cy} = \frac{\sum_{m \in I_{cy}} n_{cym}}{\sum_m n_{cym}}, \qquad
        \text{age}_{cy} = \frac{\sum_m n_{cym} (y - b_m)}{\sum_m n_{cym}}

    with n counting 1/k for each of the k methods of a paper, I the methods that at least `present` of the community's
    papers named in one of the `window` years before, and b the year in which a method was first known: that of the
    vocabulary, or where it has none the first in which any paper names it. The first `window` years have no incumbents:
    what was there before is not known.

    Parameters
    ----------
    counts : Counts
        With any leading axes.
    first_known : tuple of int or None, M
    present : float, default 0.01
        Share of papers from which a method is in use.
    window, least : int
        Years back; papers that a cell needs to count.
    papers : array of shape (C, Y), optional
        By which cells are chosen; by default those of `counts`, in its first draw.

    Returns
    -------
    Novelty

    Raises
    ------
    ShapeError
        If first_known is not one a method.

    References
    ----------
    March 1991, Organization Science 2 (exploration and exploitation).

    Examples
    --------
    >>> holds = np.array([[[5, 0], [5, 0], [5, 5]]])
    >>> one = Counts(("CV",), (2018, 2019, 2020), ("cnn", "vit"), np.full((1, 3), 20), holds.sum(-1), holds, holds)
    >>> found = novelty(one, (1989, 2020), window=1)
    >>> found.entering[0, 2], found.incumbent[0, 2], found.age[0, 2]
    (np.float64(0.5), np.float64(0.5), np.float64(15.5))
    """
    if len(first_known) != len(counts.names):
        raise ShapeError(
            f"first_known has {len(first_known)} years for {len(counts.names)} methods; give one for each."
        )
    known = enough(counts, papers, least)
    used = (np.nan_to_num(shares(counts)) >= present) & known[..., None]
    parts = np.asarray(counts.parts, dtype=np.float64)
    total = parts.sum(axis=-1)
    before = np.maximum.accumulate(used, axis=-2)
    earlier = np.concatenate([np.zeros_like(before[..., :1, :]), before[..., :-1, :]], axis=-2)
    recent = _recently(used, window)
    judged = known & _judged(known, window)
    ages = np.array(counts.years, dtype=np.float64)[:, None] - births(counts, first_known)
    return Novelty(
        _ratio((used & ~earlier).sum(axis=-1), used.sum(axis=-1), judged),
        _ratio((parts * recent).sum(axis=-1), total, judged),
        _ratio((parts * np.maximum(ages, 0)).sum(axis=-1), total, known),
    )


def enough(counts: Counts, papers: Array | None, least: int) -> Mask:
    """Cells with enough papers, by those given or else those of the first draw; (C, Y)."""
    whole = np.asarray(counts.papers if papers is None else papers)
    return np.asarray(whole.reshape(-1, *whole.shape[-2:])[0] >= max(least, 1))


def births(counts: Counts, first_known: tuple[int | None, ...]) -> Floats:
    """Year in which each method was first known, at the latest that of the first paper; (M,)."""
    holds = np.asarray(counts.holds)
    seen = holds.reshape(-1, *holds.shape[-3:])[0].sum(axis=0) > 0
    first = np.where(seen.any(axis=0), seen.argmax(axis=0) + counts.years[0], counts.years[-1] + 1)
    return np.array([f if k is None else k for k, f in zip(first_known, first, strict=True)], dtype=np.float64)


def _recently(used: Mask, window: int) -> Mask:
    recent = np.zeros_like(used)
    for back in range(1, min(window, used.shape[-2] - 1) + 1):
        recent[..., back:, :] |= used[..., :-back, :]
    return recent


def _judged(known: Mask, window: int) -> Mask:
    """Cells of which one of the years before is known, and which are late enough."""
    before: Array = np.cumsum(known, axis=-1) - known
    return (before > 0) & (np.arange(known.shape[-1]) >= window)


def _ratio(top: Array, bottom: Array, where: Mask) -> Floats:
    undefined = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    return np.asarray(np.divide(top, bottom, out=undefined, where=(bottom > 0) & where))
