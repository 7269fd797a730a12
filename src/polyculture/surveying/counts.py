"""How many papers of each community and year name each method: all that most questions need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array
from polyculture.surveying.patterns import Patterns, patterns_of
from polyculture.surveying.tagged import Tagged


@dataclass(frozen=True)
class Counts:
    """Papers by community, year and method, as observed or for many draws at once.

    Parameters
    ----------
    communities : tuple of str, C
    years : tuple of int, Y
        Without gaps.
    names : tuple of str, M
        Families or methods.
    papers : array of shape (..., C, Y)
        All papers of a cell.
    naming : array of shape (..., C, Y)
        Papers that name at least one of the M.
    holds : array of shape (..., C, Y, M)
        Papers that name each.
    parts : array of shape (..., C, Y, M)
        The same with a paper that names k of them giving 1/k to each: sums to `naming`.
    """

    communities: tuple[str, ...]
    years: tuple[int, ...]
    names: tuple[str, ...]
    papers: Array
    naming: Array
    holds: Array
    parts: Array


def count(source: Tagged | Patterns, level: str = "family") -> Counts:
    """Papers by community, year and name, as they are.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are of a level already.
    level : {"family", "method"}

    Returns
    -------
    Counts, its arrays float64

    Raises
    ------
    ParameterError
        If the level is not known.
    DataError
        If there are no papers.

    Examples
    --------
    >>> import polars as pl, scipy.sparse as sp
    >>> from polyculture.data.papers.types import Papers
    >>> frame = pl.DataFrame({"community": ["NLP", "NLP"], "year": [2020, 2020]})
    >>> names = sp.csr_array([[True, True, False], [False, False, False]])
    >>> found = count(Tagged(Papers(frame, "memory"), ("rnn", "cnn"), ("lstm", "gru", "cnn"), (0, 0, 1), (None,) * 3,
    ...     names, {}), level="method")
    >>> found.papers[0, 0], found.naming[0, 0], found.parts[0, 0]
    (np.float64(2.0), np.float64(1.0), array([0.5, 0.5, 0. ]))
    """
    patterns = patterns_of(source, level)
    sets = patterns.sets.astype(np.float64)
    sizes = sets.sum(axis=1, keepdims=True)
    features = np.hstack([sets, sets / np.maximum(sizes, 1), np.minimum(sizes, 1)])
    return shaped(patterns, patterns.held @ features, patterns.held.sum(axis=1).astype(np.float64))


def shaped(patterns: Patterns, found: Array, papers: Array, leading: tuple[int, ...] = ()) -> Counts:
    """Sums of the features of patterns by cell, (..., C * Y, 2 M + 1), as counts."""
    cells, size = (len(patterns.communities), len(patterns.years)), len(patterns.names)
    shaped = found.reshape(*leading, *cells, found.shape[-1])
    total = np.broadcast_to(papers.reshape(cells), (*leading, *cells))
    holds, parts, naming = shaped[..., :size], shaped[..., size:-1], shaped[..., -1]
    return Counts(patterns.communities, patterns.years, patterns.names, total, naming, holds, parts)
