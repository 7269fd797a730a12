"""What every reader of papers gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

COLUMNS = ("paper_id", "community", "year", "title", "abstract", "venue", "status")
"""Of every table of papers; a file's further columns stand after them."""


@dataclass(frozen=True)
class Papers:
    """Papers of several communities, one row each.

    Parameters
    ----------
    frame : polars.DataFrame
        ``paper_id`` (str, unique), ``community`` (str), ``year`` (Int32), ``title`` (str), ``abstract`` (str or null),
        ``venue`` (str or null), ``status`` (str or null: journal, conference, workshop, preprint), and what else the
        source has. Rows keep the source's order.
    source : str
        File or files, as messages name them.
    counted : mapping of policy to int
        Rows that were left out or repaired, by the rule that did so.
    partial : str or None
        Why this is not the whole of the source; None if it is.
    tags : tuple of str
        Columns that say which methods a paper uses, where the papers come tagged: each boolean, named
        ``"family.method"`` or ``"method"``.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.papers.types import Papers
    >>> frame = pl.DataFrame({"paper_id": ["a"], "community": ["NLP"], "year": [2020], "title": ["On parsing"]})
    >>> len(Papers(frame, "memory"))
    1
    """

    frame: pl.DataFrame
    source: str
    counted: Mapping[str, int] = field(default_factory=dict)
    partial: str | None = None
    tags: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.frame.height
