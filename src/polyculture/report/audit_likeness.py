"""Likeness of all pairs of an audit as arrays, from its table of pairs or from the pairs that it lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.auditing.result import AuditResult
from polyculture.measure import MEASURES
from polyculture.report.numbers import interval

PARTS = ("estimate", "low", "high", "null")


@dataclass(frozen=True, eq=False)
class Likeness:
    """The first measure of an audit for all pairs that are known.

    Parameters
    ----------
    measure : str
    models : int
    a, b : int arrays of shape (pairs,)
        Positions of the two models.
    estimate, low, high, null : float arrays of shape (pairs,)
    """

    measure: str
    models: int
    a: Ints
    b: Ints
    estimate: Floats
    low: Floats
    high: Floats
    null: Floats

    @property
    def whole(self) -> bool:
        """Whether every pair is there."""
        return len(self.a) == self.models * (self.models - 1) // 2

    @property
    def sign(self) -> int:
        """-1 where a lower value means more alike."""
        return -1 if self.measure in MEASURES and MEASURES[self.measure].more_alike == "lower" else 1

    @property
    def centre(self) -> float:
        """Mean of what chance gives; NaN where that is not known."""
        known = self.null[np.isfinite(self.null)]
        return float(known.mean()) if known.size else np.nan

    def ranked(self, pairs: Ints) -> Ints:
        """Those of some pairs that have a value, the most alike first."""
        known = pairs[np.isfinite(self.estimate[pairs])]
        return np.asarray(known[np.argsort(-self.sign * self.estimate[known], kind="stable")])

    def said(self, pair: int, digits: int = 3) -> str:
        """The estimate of a pair with its interval, if it has one."""
        found = {part: float(getattr(self, part)[pair]) for part in PARTS}
        alone = np.isnan(found["low"]) and not np.isnan(found["estimate"])
        return f"{found['estimate']:.{digits}f}" if alone else interval(found, digits)

    def among(self, chosen: Ints) -> Ints:
        """Positions of the pairs of some models as a matrix; -1 on the diagonal and where a pair is not known."""
        place = np.full(self.models, -1)
        place[chosen] = np.arange(len(chosen))
        pairs = np.flatnonzero((place[self.a] >= 0) & (place[self.b] >= 0))
        square = np.full((len(chosen),) * 2, -1)
        first, second = place[self.a[pairs]], place[self.b[pairs]]
        square[first, second] = square[second, first] = pairs
        return square


def likeness(found: AuditResult) -> Likeness | None:
    """Likeness by the first measure of an audit; None where no pair was measured.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report.audit_likeness import likeness
    >>> values = {"estimate": 0.4, "low": 0.3, "high": 0.5, "null": 0.0}
    >>> pair = {"a": "x", "b": "y", "cka": values}
    >>> made = likeness(AuditResult("embeddings", ["x", "y"], 9, pairs=[pair], summary={"cka": {}}))
    >>> made.estimate.tolist(), made.said(0), made.among([1, 0]).tolist()
    ([0.4], '0.400 [0.300, 0.500]', [[-1, 0], [0, -1]])
    """
    if not found.summary:
        return None
    measure = next(iter(found.summary))
    table = found.pair_table
    listed = table is None or measure not in table.columns
    columns = _of_pairs(found, measure) if listed else _of_table(table, found.models, measure)
    return Likeness(measure, len(found.models), *columns) if len(columns[0]) else None


def _of_table(table: Any, models: Sequence[str], measure: str) -> list[Array]:
    import polars as pl

    names = pl.Enum(list(models))
    first, second = (table.get_column(end).cast(pl.String).cast(names).to_physical().to_numpy() for end in ("a", "b"))
    columns = [measure, *(f"{measure}_{part}" for part in PARTS[1:])]
    return [first, second, *(table.get_column(name).to_numpy() for name in columns)]


def _of_pairs(found: AuditResult, measure: str) -> list[Any]:
    place = {name: i for i, name in enumerate(found.models)}
    known = [pair for pair in found.pairs if measure in pair]
    ends = [np.array([place[pair[end]] for pair in known], dtype=int) for end in ("a", "b")]
    return [*ends, *(np.array([pair[measure][part] for pair in known], dtype=np.float64) for part in PARTS)]
