"""What an evaluation found, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store

if TYPE_CHECKING:
    import polars as pl

    from polyculture.report import Provenance

SCHEMA = "polyculture.evaluation/1"


@dataclass(frozen=True)
class Evaluation:
    """Accuracy, generalisation, interpretability, ablation and likeness of a model and of what it is compared with.

    Parameters
    ----------
    accuracy : mapping of row to mapping
        ``macro_f1`` and ``accuracy`` in per cent, each with ``mean``, ``worst`` and ``by_domain``.
    data : mapping
        Name, items, domains, duplicates, seeds, and ``learnt``: judged items that the model had learnt from, None where
        that is not known.
    seconds : float
    steps : sequence of mapping
        ``name`` and ``seconds``.
    lead : mapping of row to mapping
        How far the fused model is ahead of the row on ``mean`` and ``worst`` (points of macro-F1; estimate, low, high).
    classes, generalisation, interpretability, ablation, homogenization, comparison, fine_tuning, calibration, tasks, \
    choices : mapping
        See the functions that make them; empty where they were not asked for.
    schema : str

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> row = {"mean": 80.0, "worst": 80.0, "by_domain": {"a": 80.0}}
    >>> print(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}))  # doctest: +ELLIPSIS
    macro-F1...
    """

    accuracy: Mapping[str, Any]
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    steps: Sequence[Mapping[str, Any]] = ()
    lead: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, Any] = field(default_factory=dict)
    generalisation: Mapping[str, Any] = field(default_factory=dict)
    interpretability: Mapping[str, Any] = field(default_factory=dict)
    ablation: Mapping[str, Any] = field(default_factory=dict)
    homogenization: Mapping[str, Any] = field(default_factory=dict)
    comparison: Mapping[str, Any] = field(default_factory=dict)
    fine_tuning: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ``schema`` first."""
        plain = asdict(self)
        return {"schema": plain.pop("schema"), **plain}

    def to_json(self, path: str | Path) -> None:
        """Write it as JSON; NaN becomes null."""
        store.write_json(Path(path), self.to_dict())

    def report(self, path: str | Path, *, language: str = "en", provenance: Provenance | None = None) -> None:
        """Write it as one self-contained HTML file, in English or Chinese (``zh``)."""
        from polyculture.report import write_report

        write_report(self, path, language=language, provenance=provenance)

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, the figures and the findings."""
        from polyculture.report import notebook

        return notebook(self)

    def frames(self) -> dict[str, pl.DataFrame]:
        """The tables as polars frames: ``accuracy``, and one for each further question that was asked."""
        import polars as pl

        from polyculture.evaluation.tables import tables

        return {table.name: pl.DataFrame(table.records()) for table in tables(self)}

    def __str__(self) -> str:
        from polyculture.evaluation.tables import tables
        from polyculture.tables import to_text

        return "\n\n".join(to_text(table) for table in tables(self))
