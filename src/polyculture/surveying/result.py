"""What a survey found, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store

if TYPE_CHECKING:
    import polars as pl

    from polyculture.report import Provenance

SCHEMA = "polyculture.survey/1"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SurveyResult:
    """How varied the methods of research communities are, and whether the communities become alike.

    Rows of ``diversity``, ``divergence``, ``pairs`` and ``convergence`` hold ``level`` (``"family"`` or ``"method"``),
    ``conditional`` (among papers that name a method, or among all), ``measure``, and: ``estimate`` on all papers;
    ``low`` and ``high``; ``null``, the mean with communities shuffled within years; ``calibrated``, estimate less null;
    ``p``; ``corrected``, estimate less its bias; ``at_coverage`` with ``at_coverage_low`` and ``at_coverage_high``, the
    value if every community and year had only as many papers as show the same share of what it could name. In the
    all four, ``interval`` says what is known against the interval of a measure; it is none where nothing is.

    Parameters
    ----------
    papers : int
    communities : sequence of str
    years : sequence of int
        First and last.
    families, methods : sequence of str
        Names of the vocabulary.
    cells : sequence of mapping
        ``level``, ``community``, ``year``, ``papers``, ``naming`` (papers that name a method), ``coverage``,
        ``abstracts`` (share of papers that have one; none if no paper has).
    adoption : sequence of mapping
        ``level``, ``family`` and ``method``, ``community``, ``year``, ``papers``, ``naming``, ``share``, ``low``,
        ``high``.
    adoption_curves : sequence of mapping
        Ceiling, rate and years of logistic curves.
    diversity : sequence of mapping
        By ``community`` and ``year``: ``hill_0``, ``hill_1``, ``hill_2``, ``hhi``, ``gini``.
    divergence : sequence of mapping
        By ``year``: ``alpha``, ``beta``, ``gamma``, ``homogenization``, and means over pairs of ``jensen_shannon``
        (bits), ``morisita_horn``, ``turnover``, ``nestedness``; ``communities`` is how many were measured.
    pairs : sequence of mapping
        The last four by ``year`` for communities ``a`` and ``b``.
    convergence : sequence of mapping
        Trends of ``jensen_shannon``, ``beta`` and ``sigma`` (spread of shares), and ``beta_convergence``, with
        ``first_year``, ``last_year``, ``communities``, ``p_adjusted``, ``verdict``, and ``without``: the ``estimate``
        without each ``community``, that of ``jensen_shannon`` also ``corrected`` and with its ``verdict``.
    equal_coverage : mapping of level to mapping
        ``coverage`` at which communities and years are compared, and ``papers`` that it took.
    transfer, duplication, openings, exploration, associations : mapping
        What other questions found.
    topics : mapping
        ``cells``, ``adoption``, ``diversity`` and ``young`` (share of papers in young topics) with topics in the place
        of communities: a paper that names several stands in each.
    not_measured : mapping of name to str
        What could not be measured, and why.
    policies : sequence of mapping
        What in the input asked for a decision: ``what``, ``count``, ``done``.
    settings : mapping
        Seed, draws and all else that the numbers depend on; ``abstracts`` is whether methods were looked for in them.
    source : str
    partial : str or None
        Why these are not all papers of the source.
    schema : str
    """

    papers: int
    communities: Sequence[str]
    years: Sequence[int]
    families: Sequence[str] = ()
    methods: Sequence[str] = ()
    cells: Rows = ()
    adoption: Rows = ()
    adoption_curves: Rows = ()
    diversity: Rows = ()
    divergence: Rows = ()
    pairs: Rows = ()
    convergence: Rows = ()
    equal_coverage: Mapping[str, Any] = field(default_factory=dict)
    transfer: Mapping[str, Any] = field(default_factory=dict)
    duplication: Mapping[str, Any] = field(default_factory=dict)
    openings: Mapping[str, Any] = field(default_factory=dict)
    exploration: Mapping[str, Any] = field(default_factory=dict)
    associations: Mapping[str, Any] = field(default_factory=dict)
    topics: Mapping[str, Any] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)
    policies: Rows = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    partial: str | None = None
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ``schema`` first."""
        plain = asdict(self)
        return {"schema": plain.pop("schema"), **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SurveyResult:
        """The result that `to_dict` wrote."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in plain.items() if name in known})

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
        """The tables as polars frames, those of other questions as ``question.table``."""
        import polars as pl

        from polyculture.surveying.tables import records

        return {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in records(self).items()}

    def __str__(self) -> str:
        from polyculture.surveying.headline import headline
        from polyculture.surveying.tables import tables
        from polyculture.tables import to_text

        return "\n\n".join([headline(self), *(to_text(table) for table in tables(self))])
