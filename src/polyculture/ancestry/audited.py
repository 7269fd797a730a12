"""The likeness of models that an audit found, as a matrix."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats
from polyculture.data.audit_input.files import checked
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.errors import DataError

SCHEMA = "polyculture.audit/"
FIRST = ("error_consistency", "capa", "cka")
"""Measures by preference; the first of the audit if it has none of them."""


@dataclass(frozen=True, eq=False)
class Audited:
    """Likeness of pairs of models.

    Parameters
    ----------
    models : list of m str
    measure : str
    likeness : float array of shape (m, m)
        NaN on the diagonal and for pairs that are not known.
    accuracy : float array of shape (m,)
        NaN where it is not known.
    """

    models: list[str]
    measure: str
    likeness: Floats = field(repr=False)
    accuracy: Floats = field(repr=False)


def audited(audit: Any) -> Audited:
    """The likeness that an audit found.

    Parameters
    ----------
    audit : AuditResult, or path of its JSON

    Raises
    ------
    DataError
        If it is no audit, or has no pairs.

    Examples
    --------
    >>> from polyculture import audit
    >>> found = audited(audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes"))
    >>> found.measure, float(found.likeness[0, 1])
    ('error_consistency', 1.0)
    """
    path = Path(audit) if isinstance(audit, str | Path) else None
    called = "the audit" if path is None else str(path)
    plain = _plain(audit) if path is None else _loaded(path)
    models, summary = plain.get("models"), plain.get("summary")
    whole = str(plain.get("schema", "")).startswith(SCHEMA) and isinstance(models, list | tuple)
    if not whole or not isinstance(summary, Mapping):
        raise DataError(f"{called}: is no audit; give the JSON that polyculture audit --json wrote")
    if not summary:
        raise DataError(f"{called}: has no likeness of pairs; audit answers or embeddings of at least two models")
    measure = next((name for name in FIRST if name in summary), next(iter(summary)))
    place = {str(name): i for i, name in enumerate(models or ())}
    likeness = np.full((len(place), len(place)), np.nan)
    try:
        for a, b, value in _pairs(audit, plain, path, measure):
            likeness[place[a], place[b]] = likeness[place[b], place[a]] = np.nan if value is None else value
        accuracy = [(plain.get("accuracy") or {}).get(name) for name in place]
        known = np.array([np.nan if value is None else value for value in accuracy], dtype=np.float64)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{called}: is a damaged audit ({error!r}); write it again") from error
    return Audited(list(place), measure, likeness, known)


def _plain(audit: Any) -> Mapping[str, Any]:
    if isinstance(audit, Mapping):
        return audit
    if not hasattr(audit, "to_dict"):
        raise DataError(f"the audit is a {type(audit).__name__}; give an AuditResult or the path of its JSON")
    found: Mapping[str, Any] = audit.to_dict()
    return found


def _loaded(path: Path) -> Mapping[str, Any]:
    checked(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no whole JSON ({error}); write the audit again") from error
    return found if isinstance(found, Mapping) else {}


def _pairs(
    audit: Any, plain: Mapping[str, Any], path: Path | None, measure: str
) -> Iterable[tuple[str, str, float | None]]:
    """Every pair and its likeness: of the table where there is one, else of the list."""
    table = getattr(audit, "pair_table", None)
    if table is None and path is not None and plain.get("pairs_file"):
        beside = path.with_name(Path(str(plain["pairs_file"])).name)
        table = next(read_parquets([checked(beside)[0]]))
        if isinstance(table, DataError):
            raise table
    if isinstance(table, pl.DataFrame) and measure in table.columns:
        return table.select("a", "b", measure).iter_rows()
    return ((pair["a"], pair["b"], pair[measure]["estimate"]) for pair in plain["pairs"])
