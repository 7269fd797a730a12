"""Shares of names in each community and year, and which cells have enough papers to be measured."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.surveying.counts import Counts


def categories(counts: Counts, kept: Mask, *, conditional: bool) -> Floats:
    """Papers in each category, a paper that names k of them giving 1 / k to each: what diversity is measured on.

    Parameters
    ----------
    counts : Counts
    kept : boolean array of shape (C, Y)
        Cells to measure; the others get zeros.
    conditional : bool
        Whether only papers that name a method count. Otherwise those that name none are a category, the last.

    Returns
    -------
    float array of shape (..., C, Y, M), or (..., C, Y, M + 1) if not conditional

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> counts = Counts(("NLP",), (2020,), ("rnn", "cnn"), 5 * one, 2 * one, np.ones((1, 1, 2)), np.ones((1, 1, 2)))
    >>> categories(counts, one > 0, conditional=False)
    array([[[1., 1., 3.]]])
    """
    given = counts.parts * kept[..., None]
    if conditional:
        return given
    return np.concatenate([given, (none_named(counts.papers, counts.naming) * kept)[..., None]], axis=-1)


def year_shares(counts: Counts, there: Ints, year: int, *, conditional: bool) -> tuple[Floats, Floats]:
    """Shares of categories, and of papers that name each method, of some communities in one year.

    Only methods that some paper of the year names are kept: the others add nothing to what is measured.

    Parameters
    ----------
    counts : Counts
    there : int array of shape (K,)
        Places of communities.
    year : int
        Place of the year.
    conditional : bool

    Returns
    -------
    float64 array of shape (..., K, categories), which add up to 1 or are NaN where there are none; and one of shape
    (..., K, methods), 0 where there are none
    """
    papers, naming = (np.asarray(part[..., there, year], np.float64) for part in (counts.papers, counts.naming))
    held = counts.holds[..., there, year, :]
    some = np.flatnonzero(held.any(axis=tuple(range(held.ndim - 1))))
    given = counts.parts[..., there, year, :][..., some].astype(np.float64)
    asked = naming
    if not conditional:
        given, asked = np.concatenate([given, none_named(papers, naming)[..., None]], axis=-1), papers
    named = held[..., some].astype(np.float64) / np.maximum(asked, 1)[..., None]
    return divided(given, given.sum(axis=-1, keepdims=True)), named


def none_named(papers: Array, naming: Array) -> Array:
    """Papers that name no method; expected counts are no whole numbers, and round to a hair below 0.

    Examples
    --------
    >>> none_named(np.array([5.0, 0.1]), np.array([3.0, 0.1 + 1e-9])).tolist()
    [2.0, 0.0]
    """
    return np.asarray(np.maximum(papers - naming, 0))


def naming_shares(counts: Counts, *, conditional: bool) -> Floats:
    """Share of papers that name each method, of those that name any or of all: NaN where there are none."""
    return divided(counts.holds, papers_asked(counts, conditional=conditional)[..., None])


def papers_asked(counts: Counts, *, conditional: bool) -> Array:
    """Papers that a share is of."""
    return counts.naming if conditional else counts.papers


def divided(above: Array, below: Array) -> Floats:
    """A ratio, NaN where it is one by 0."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=np.broadcast_to(below > 0, shape)))


def mean_over(values: Floats, axis: int) -> Floats:
    """Mean of what is defined; NaN where nothing is."""
    known = ~np.isnan(values)
    return divided(np.where(known, values, 0).sum(axis=axis), known.sum(axis=axis))
