"""What a lineage found, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store

if TYPE_CHECKING:
    import polars as pl

    from polyculture.report import Provenance

SCHEMA = "polyculture.lineage/1"
LISTED = 10_000
"""Most models that are all listed in the JSON, with their edges; more go to Parquet files beside it."""


@dataclass(frozen=True)
class LineageResult:
    """From how few ancestors an ecosystem of models descends.

    Every estimate is a mapping with ``estimate``, ``low`` and ``high`` (bounds for parents that nobody declared),
    ``named`` (the same bounds if models that others name are roots where they declare no parents), and, where models
    are a sample, ``interval``; `meaning` says it at length.

    Parameters
    ----------
    count : mapping of str to int
        ``models`` that count, ``listed``, ``not_listed`` (only named as parents), ``edges``, ``merges``, ``roots`` and
        what they say of their own parents.
    unresolved : mapping
        Parents that are not listed: ``names``, ``edges``, ``share_of_edges``, ``by_reason``, and a ``list`` of the most
        frequent.
    roots : sequence of mapping
        The largest roots: ``name``, share as an estimate, ``parents`` (what it says of its own), and
        ``share_of_downloads``.
    effective_founders : mapping
        Estimate of the number of equal founders.
    diversity : mapping of name to estimate
        ``roots``, ``hhi``, ``entropy_founders``, ``gini``, ``largest_share``.
    kinship : mapping of name to estimate
        ``mean`` kinship, and ``founder_genome_equivalents``, one over twice that.
    depth : mapping
        ``mean`` and ``longest`` as estimates, ``models_at`` each depth, ``longest_line`` of descent by names.
    concentration : mapping
        By ``architecture``, ``organisation``, ``month``: ``hhi`` and ``effective_number`` as estimates, ``categories``,
        ``unknown``, ``largest``.
    months : sequence of mapping
        Effective founders and concentration of the models of each month.
    withdrawn : sequence of mapping
        ``root``, and how many models descend from it at all (``touched``) and from nothing else (``wholly``).
    shared_errors : mapping
        Regression of the likeness of audited models on their kinship.
    cycles : sequence of sequence of str
        Models that said they descend from each other; one edge of each cycle was left out.
    counted : mapping of str to int
        What in the input asked for a decision, the decision, and how often.
    not_measured : mapping of name to str
    meaning : mapping of str to str
        What the parts of an estimate stand for.
    settings : mapping
    source : str
    model_table, edge_table : polars DataFrame or None
        Every model, and every edge.
    schema : str

    Examples
    --------
    >>> from polyculture.ancestry import lineage
    >>> found = lineage({"name": ["a", "b", "c"], "parents": ["none", "a", "lost"]})
    >>> found.count["roots"], found.unresolved["names"], found.edge_table["parent"].to_list()
    (2, 1, ['a', 'lost'])
    """

    count: Mapping[str, int] = field(default_factory=dict)
    unresolved: Mapping[str, Any] = field(default_factory=dict)
    roots: Sequence[Mapping[str, Any]] = ()
    effective_founders: Mapping[str, Any] = field(default_factory=dict)
    diversity: Mapping[str, Any] = field(default_factory=dict)
    kinship: Mapping[str, Any] = field(default_factory=dict)
    depth: Mapping[str, Any] = field(default_factory=dict)
    concentration: Mapping[str, Any] = field(default_factory=dict)
    months: Sequence[Mapping[str, Any]] = ()
    withdrawn: Sequence[Mapping[str, Any]] = ()
    shared_errors: Mapping[str, Any] = field(default_factory=dict)
    cycles: Sequence[Sequence[str]] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    model_table: pl.DataFrame | None = field(default=None, repr=False)
    edge_table: pl.DataFrame | None = field(default=None, repr=False)
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ``schema`` first; of more than 10,000 models, without ``models`` and ``edges``."""
        plain = asdict(replace(self, model_table=None, edge_table=None))
        del plain["model_table"], plain["edge_table"]
        tables: dict[str, Any] = {}
        if self.model_table is not None and self.edge_table is not None and self.model_table.height <= LISTED:
            tables = {"models": self.model_table.to_dicts(), "edges": self.edge_table.to_dicts()}
        return {"schema": plain.pop("schema"), **plain, **tables}

    def to_json(self, path: str | Path) -> None:
        """Write it as JSON; NaN and infinity become null.

        Of more than 10,000 models, ``models`` and ``edges`` are written beside it first, to ``<name>.models.parquet``
        and ``<name>.edges.parquet``, and ``models_file`` and ``edges_file`` name those files.
        """
        path, plain = Path(path), self.to_dict()
        for name, table in (("models", self.model_table), ("edges", self.edge_table)):
            if name not in plain and table is not None:
                beside = path.with_suffix(f".{name}.parquet")
                store.write_frame(beside, table)
                plain[f"{name}_file"] = beside.name
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
        """The tables as polars frames; ``models`` and ``edges`` hold all."""
        import polars as pl

        from polyculture.ancestry.tables import tables

        found = {table.name: pl.DataFrame(table.records(), infer_schema_length=None) for table in tables(self)}
        whole = {"models": self.model_table, "edges": self.edge_table}
        return found | {name: table for name, table in whole.items() if table is not None}

    def __str__(self) -> str:
        from polyculture.ancestry.tables import headline, tables
        from polyculture.tables import to_text

        return "\n\n".join([headline(self), *(to_text(table) for table in tables(self))])
