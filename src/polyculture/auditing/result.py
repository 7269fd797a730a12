"""What an audit found, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store

if TYPE_CHECKING:
    import polars as pl

    from polyculture.report import Provenance

SCHEMA = "polyculture.audit/1"
LISTED = 200
"""Most models whose pairs are all listed in the JSON; those of more go to a Parquet file beside it."""


@dataclass(frozen=True)
class AuditResult:
    """How alike many models are, what chance would give, and what to do about it.

    Parameters
    ----------
    kind : {"answers", "embeddings", "models"}
        What was compared.
    models : sequence of str
    items : int
    accuracy : mapping of model to float
        Share of right answers; empty without labels.
    accuracy_intervals : mapping of model to mapping
        ``low`` and ``high`` of each accuracy.
    effective_models : mapping of definition to mapping
        ``kish``, ``participation_ratio`` and ``spectral_entropy``, each with ``estimate``, ``low``, ``high``.
    joint_failure, systemic_failure : mapping
        Two models drawn at random both fail; all models fail: ``observed``, ``expected`` of independent models,
        ``ratio``, ``intervals`` of these, and ``items`` that they were judged on: those that two models answered, and
        those that all did.
    missing : mapping
        Empty if every model answered every item; else ``answers`` and ``share`` that are missing, ``complete_items``
        that all models answered, ``judged``: whether these are enough to judge all models together on, and
        ``by_model``: items that each answered.
    failing_together : sequence of mapping
        For all models and for each family: how many fail on an item, and the items on which most do.
    agreement_both_wrong : mapping
        How often two models that are both wrong give the same answer, and how many pairs do so more often than two
        other wrong models on the same items.
    multiplicity : mapping
        Ambiguity, discrepancy and Rashomon capacity.
    groups : sequence of mapping
        The main numbers within each group of items.
    parameters : mapping of model to int
        Numbers that each model file holds.
    pairs : sequence of mapping
        ``a``, ``b``, and for each measure ``estimate``, ``low``, ``high``, ``null``, ``calibrated``, ``p``,
        ``p_adjusted``. Of more than 200 models, the notable ones; `pair_table` holds all.
    summary : mapping of measure to mapping
        Mean over the pairs of each measure, of its null and of its calibrated value.
    families, near_twins, portfolio, regressions, maps, advice : mapping or sequence of mapping
    withheld : sequence of str
        What is not advised, and why.
    not_measured : mapping of name to str
        What could not be measured, and why.
    policies : sequence of mapping
        What in the input asked for a decision: ``what``, ``count``, ``done``.
    settings : mapping
        Seed, level, blocks and all else that the numbers depend on.
    source : str
    pair_table : polars DataFrame or None
        Every pair, one a row, columns ``a``, ``b``, ``items``, ``<measure>``, ``<measure>_low``, ...
    schema : str

    Examples
    --------
    >>> from polyculture import audit
    >>> found = audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes")
    >>> found.models, round(found.effective_models["kish"]["estimate"], 6)
    (['a', 'b', 'c'], 1.8)
    """

    kind: str
    models: Sequence[str]
    items: int
    accuracy: Mapping[str, float] = field(default_factory=dict)
    accuracy_intervals: Mapping[str, Any] = field(default_factory=dict)
    effective_models: Mapping[str, Any] = field(default_factory=dict)
    joint_failure: Mapping[str, Any] = field(default_factory=dict)
    systemic_failure: Mapping[str, Any] = field(default_factory=dict)
    agreement_both_wrong: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, Any] = field(default_factory=dict)
    failing_together: Sequence[Mapping[str, Any]] = ()
    multiplicity: Mapping[str, Any] = field(default_factory=dict)
    groups: Sequence[Mapping[str, Any]] = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    pairs: Sequence[Mapping[str, Any]] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    families: Mapping[str, Any] = field(default_factory=dict)
    near_twins: Sequence[Mapping[str, Any]] = ()
    portfolio: Mapping[str, Any] = field(default_factory=dict)
    regressions: Mapping[str, Any] = field(default_factory=dict)
    maps: Mapping[str, Any] = field(default_factory=dict)
    advice: Sequence[Mapping[str, Any]] = ()
    withheld: Sequence[str] = ()
    not_measured: Mapping[str, str] = field(default_factory=dict)
    policies: Sequence[Mapping[str, Any]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    pair_table: pl.DataFrame | None = None
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """All of it but the table of pairs as plain values, ``schema`` first."""
        plain = asdict(replace(self, pair_table=None))
        del plain["pair_table"]
        return {"schema": plain.pop("schema"), **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], pair_table: pl.DataFrame | None = None) -> AuditResult:
        """The result that `to_dict` wrote."""
        known = {each.name for each in fields(cls)} - {"pair_table"}
        return cls(**{name: value for name, value in plain.items() if name in known}, pair_table=pair_table)

    def to_json(self, path: str | Path) -> None:
        """Write it as JSON; NaN becomes null.

        Where not all pairs are listed, all of them are written beside it first, to ``<name>.pairs.parquet``, and
        ``pairs_file`` names that file.
        """
        path, plain = Path(path), self.to_dict()
        if self.pair_table is not None and len(self.models) > LISTED:
            beside = path.with_suffix(".pairs.parquet")
            store.write_frame(beside, self.pair_table)
            plain["pairs_file"] = beside.name
        store.write_json(path, plain)

    def report(self, path: str | Path, *, language: str = "en", provenance: Provenance | None = None) -> None:
        """Write it as one self-contained HTML file, in English or Chinese (``zh``)."""
        from polyculture.report import write_report

        write_report(self, path, language=language, provenance=provenance)

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, the figures and the findings."""
        from polyculture.report import notebook

        return notebook(self)

    def frames(self) -> dict[str, pl.DataFrame]:
        """The tables as polars frames; ``pairs`` holds every pair."""
        import polars as pl

        from polyculture.auditing.tables import tables

        found = {table.name: pl.DataFrame(table.records(), infer_schema_length=None) for table in tables(self)}
        return found if self.pair_table is None else found | {"pairs": self.pair_table}

    def __str__(self) -> str:
        from polyculture.auditing.tables import headline, tables
        from polyculture.tables import to_text

        return "\n\n".join([headline(self), *(to_text(table) for table in tables(self))])
