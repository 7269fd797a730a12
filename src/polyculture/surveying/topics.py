"""Topics that have no venue of their own, as communities, and how much of the papers young communities write."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Mask
from polyculture.errors import DataError
from polyculture.surveying.counts import Counts
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.years import ends

YOUNG = 5
TOPIC = "topic"


def as_communities(tagged: Tagged, kind: str = TOPIC) -> Tagged:
    """The same papers with the topics that they name as communities.

    A paper that names several topics stands once in each, its identifier followed by the topic; one that names none is
    left out. What is counted, resampled or shuffled afterwards is a paper in a topic.

    Parameters
    ----------
    tagged : Tagged
    kind : str, default "topic"
        What of `tagged.beside` makes communities.

    Returns
    -------
    Tagged

    Raises
    ------
    DataError
        If nothing of that kind was tagged, or no paper names any.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from polyculture.data.papers.types import Papers
    >>> frame = pl.DataFrame({"paper_id": ["a", "b"], "community": ["AI", "ML"], "year": [2020, 2021]})
    >>> topic = {"topic": (("games",), sp.csr_array([[True], [False]]))}
    >>> none = sp.csr_array((2, 0), dtype=bool)
    >>> as_communities(Tagged(Papers(frame, "memory"), (), (), (), (), none, topic)).papers.frame.rows()
    [('a#games', 'games', 2020)]
    """
    if kind not in tagged.beside:
        raise DataError(f"{tagged.papers.source}: no {kind} was tagged; use a vocabulary that names some")
    names, has = tagged.beside[kind]
    entries = has.tocoo()
    if not entries.nnz:
        raise DataError(f"{tagged.papers.source}: no paper names a {kind} of the vocabulary")
    order = np.lexsort((entries.col, entries.row))
    row, name = entries.row[order], np.array(names)[entries.col[order]]
    frame = tagged.papers.frame[row].with_columns(
        pl.concat_str(pl.col("paper_id"), pl.Series(name), separator="#").alias("paper_id"),
        pl.Series("community", name),
    )
    beside = {other: (words, matrix[row]) for other, (words, matrix) in tagged.beside.items() if other != kind}
    return replace(tagged, papers=replace(tagged.papers, frame=frame), names=tagged.names[row], beside=beside)


def young_share(
    observed: Counts, draws: Counts, *, young: int = YOUNG, least: int = 20, level: float = 0.95
) -> pl.DataFrame:
    """Share of the papers of each year that name a method, in communities that are at most some years old.

    A community begins in the first year with at least `least` papers; one that begins in the first year of all may be
    of any age and counts as old.

    Parameters
    ----------
    observed, draws : Counts
        Of the papers, and of R resamples of them, with one leading axis.
    young, least : int
        Years; papers.
    level : float, default 0.95

    Returns
    -------
    DataFrame with year, communities (young ones), papers (share of all papers), share (of those that name a method),
    low, high. Resampled papers keep their community, so the share of all papers has no interval; and shuffled
    communities keep their number of papers, so there is no null.
    """
    papers = np.asarray(observed.papers, dtype=np.float64)
    there = papers >= max(least, 1)
    begins = np.where(there.any(axis=1), there.argmax(axis=1), papers.shape[1])
    age = np.arange(papers.shape[1]) - begins[:, None]
    is_young = (begins[:, None] > 0) & (age >= 0) & (age < young)
    found, drawn = (_among(np.asarray(counts.naming, dtype=np.float64), is_young) for counts in (observed, draws))
    low, high = ends(drawn, level)
    return pl.DataFrame(
        {
            "year": observed.years,
            "communities": is_young.sum(axis=0),
            "papers": _among(papers, is_young),
            "share": found,
            "low": low,
            "high": high,
        }
    ).fill_nan(None)


def _among(papers: Floats, which: Mask) -> Floats:
    total = papers.sum(axis=-2)
    undefined = np.full(total.shape, np.nan)
    return np.asarray(np.divide((papers * which).sum(axis=-2), total, out=undefined, where=total > 0))
