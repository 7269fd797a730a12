"""Each paper once: rows that repeat another, and ids that stand in several."""

from __future__ import annotations

import numpy as np
import polars as pl

from polyculture.arrays import Array, Mask
from polyculture.data.papers.tidy import PLACE

REPEATED = "rows that repeat another, read once"
SAME_ID = "papers with the id of an earlier one but other contents, left out"
AGAIN = "papers that were in an earlier batch or row, left out"
UNNAMED = "papers without an id, called after their row"


def once(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows with ids that differ, the first of those that do not; and how many were left out.

    Rows without an id are compared by all else that they say, and are then called after their row.
    """
    ids = frame["paper_id"]
    counted = {REPEATED: 0, SAME_ID: 0, UNNAMED: 0}
    if ids.null_count() or ids.n_unique() < frame.height:
        different = frame.unique(subset=[c for c in frame.columns if c != PLACE], keep="first", maintain_order=True)
        single = different.filter(pl.col("paper_id").is_null() | pl.col("paper_id").is_first_distinct())
        counted[REPEATED] = frame.height - different.height
        counted[SAME_ID] = different.height - single.height
        frame = single
    counted[UNNAMED] = frame["paper_id"].null_count()
    return _named(frame), {what: count for what, count in counted.items() if count}


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("paper_id").fill_null(pl.col(PLACE))).drop(PLACE)


class Seen:
    """Papers of earlier batches, eight bytes each.

    Two papers are taken for one if the 64 bits that stand for them are the same: among n different papers, this is
    expected for n²/2⁶⁵ pairs, a fourth of a millionth at three million.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.data.papers.once import Seen
    >>> seen = Seen()
    >>> seen.new(np.array([1, 2, 1], dtype=np.uint64)).tolist(), seen.new(np.array([2, 3], dtype=np.uint64)).tolist()
    ([True, True, False], [False, True])
    """

    def __init__(self, known: Array | None = None) -> None:
        self._runs: list[Array] = []
        if known is not None:
            self._add(np.sort(known))

    @property
    def keys(self) -> Array:
        """All that were given, in rising order."""
        return np.sort(np.concatenate([np.empty(0, dtype=np.uint64), *self._runs]))

    def new(self, keys: Array) -> Mask:
        """Which keys stand neither earlier among these nor in an earlier call."""
        fresh = np.zeros(len(keys), dtype=bool)
        fresh[np.unique(keys, return_index=True)[1]] = True
        for run in self._runs:
            fresh &= ~_among(keys, run)
        self._add(np.sort(keys[fresh]))
        return fresh

    def _add(self, run: Array) -> None:
        """Keep sorted runs of which each is longer than all after it, so that there are only a few."""
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)


def _among(keys: Array, run: Array) -> Mask:
    found: Mask = run[np.minimum(np.searchsorted(run, keys), len(run) - 1)] == keys
    return found


def once_across(frame: pl.DataFrame, seen: Seen) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows that no earlier batch had; see `once`."""
    fresh = seen.new(_keys(frame))
    left = frame.filter(pl.Series(fresh))
    counted = {AGAIN: frame.height - left.height, UNNAMED: left["paper_id"].null_count()}
    return _named(left), {what: count for what, count in counted.items() if count}


def _keys(frame: pl.DataFrame) -> Array:
    """A number for each paper: of its id, or of all that a row without one says."""
    ids = frame["paper_id"]
    keys = ids.hash().to_numpy().copy()
    if ids.null_count():
        nulls = ids.is_null()
        others = frame.filter(nulls).drop("paper_id", PLACE)
        keys[nulls.to_numpy()] = others.hash_rows(seed=1).to_numpy()
    return keys
