"""All pairs of models as a table, and the notable ones among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Array, Ints
from polyculture.auditing.result import LISTED
from polyculture.auditing.twins import Twins
from polyculture.errors import DataError
from polyculture.measure.inference.multiple import Method
from polyculture.measure.inference.multiple import adjust as adjusted
from polyculture.measure.pairs import PairMeasure

PARTS = ("estimate", "low", "high", "null", "calibrated", "p", "p_adjusted")
NOTABLE = 100
"""Pairs listed from either end where not all are."""


def pair_table(
    models: Sequence[str], measures: Mapping[str, PairMeasure], *, items: Ints | None = None, adjust: Method
) -> pl.DataFrame:
    """One row for each pair: ``a``, ``b``, ``items`` both answered, and seven columns for each measure.

    Parameters
    ----------
    models : sequence of m str
    measures : mapping of name to PairMeasure
    items : int array of shape (m, m), or None
        Items that both models answered.
    adjust : {"benjamini-hochberg", "holm"}
        How p-values are adjusted for the number of pairs.

    Examples
    --------
    >>> full = np.ones((2, 2))
    >>> kappa = PairMeasure(0.5 * full, 0.4 * full, 0.6 * full, null=0 * full, p=0.01 * full)
    >>> pair_table(["a", "b"], {"kappa": kappa}, adjust="holm").select("a", "b", "kappa", "kappa_low").rows()
    [('a', 'b', 0.5, 0.4)]
    """
    first, second = np.triu_indices(len(models), 1)
    _check_names(models)
    names = pl.Series(list(models), dtype=pl.Enum(list(models)))
    columns: dict[str, Any] = {
        "a": names.gather(first),
        "b": names.gather(second),
    }
    if items is not None:
        columns["items"] = items[first, second]
    for name, measure in measures.items():
        values = {part: np.asarray(getattr(measure, part)) for part in PARTS[:-1]}
        picked = {part: np.broadcast_to(v, (len(models),) * 2)[first, second] for part, v in values.items()}
        picked["p_adjusted"] = adjusted(picked["p"], method=adjust)
        columns |= {_column(name, part): column for part, column in picked.items()}
    return pl.DataFrame(columns)


def _check_names(models: Sequence[str]) -> None:
    for name in models:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"the model {name!r} has a name that is no text (half a surrogate pair); rename it"
            ) from error


def pair_parts(
    table: pl.DataFrame, measures: Sequence[str], models: Sequence[str], twins: Twins | None = None
) -> dict[str, Any]:
    """``pairs``, ``summary`` and ``pair_table`` of an audit."""
    also = [] if twins is None else [(str(twin.a), str(twin.b)) for twin in twins.named(models)]
    rows = listed(table, measures, len(models), also)
    return {
        "pairs": records(table[rows], measures),
        "summary": summarise(table, measures),
        "pair_table": table,
    }


def listed(table: pl.DataFrame, measures: Sequence[str], models: int, also: Sequence[tuple[str, str]] = ()) -> Array:
    """Rows of the table that a person should see: all, or of many models the most and the least alike and `also`."""
    if models <= LISTED or not measures:
        return np.arange(len(table))
    ranked = table.get_column(measures[0]).to_numpy()
    order = np.argsort(np.where(np.isnan(ranked), np.nanmedian(ranked), ranked), kind="stable")
    ends = np.concatenate([order[-NOTABLE:][::-1], order[:NOTABLE]])
    named = pl.DataFrame(list(also), schema={"a": pl.String, "b": pl.String}, orient="row")
    keys = table.select(pl.col("a").cast(pl.String), pl.col("b").cast(pl.String)).with_row_index()
    extra = keys.join(named, on=["a", "b"], how="semi").get_column("index").to_numpy()
    return np.unique(np.concatenate([ends, extra]))


def records(table: pl.DataFrame, measures: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as nested dicts: ``a``, ``b``, and a dict for each measure."""
    found = []
    for row in table.iter_rows(named=True):
        pair = {name: row[name] for name in ("a", "b", "items") if name in row}
        found.append(pair | {m: {part: row[_column(m, part)] for part in PARTS} for m in measures})
    return found


def summarise(table: pl.DataFrame, measures: Sequence[str], *, alpha: float = 0.05) -> dict[str, Any]:
    """Mean over the pairs for which a measure is defined, and how many of them are beyond chance."""
    found = {}
    for name in measures:
        means = {part: _mean(table, _column(name, part)) for part in ("estimate", "null", "calibrated")}
        p = table.get_column(_column(name, "p_adjusted")).to_numpy()
        defined = int(np.isfinite(table.get_column(name).to_numpy()).sum())
        found[name] = means | {"beyond_chance": int((p < alpha).sum()), "pairs": defined}
    return found


def _mean(table: pl.DataFrame, column: str) -> float:
    values = table.get_column(column).to_numpy()
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _column(measure: str, part: str) -> str:
    return measure if part == "estimate" else f"{measure}_{part}"
