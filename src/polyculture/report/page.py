"""What a report is, whatever it is about: an answer, three figures, findings, sections, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from polyculture.report.charts.chart import Chart
from polyculture.report.facts import Shown
from polyculture.report.language import later
from polyculture.report.lineage_tree import Branch
from polyculture.report.words import Example

Status = Literal["passed", "concern", "not applicable", "not checked"]
STATUSES = (later("passed"), later("concern"), later("not applicable"), later("not checked"))
KINDS = {
    "audit": later("Audit"),
    "survey": later("Survey"),
    "lineage": later("Lineage"),
    "evaluation": later("Evaluation"),
    "recommendation": later("Recommendation"),
}
"""What a report may be about, and what it is called."""

LONG = 500
"""Letters of a sentence at most that comes from outside."""


@dataclass(frozen=True)
class Figure:
    """A number in large letters, and what is to be known about it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Finding:
    """A question with a rule: whether it was passed, in a sentence, and why it is judged so."""

    status: Status
    title: str
    sentence: str
    reason: str


@dataclass(frozen=True)
class Section:
    """One section, the same on every page; a part that is empty is not there."""

    key: str
    title: str
    said: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Shown] = ()
    examples: Sequence[Example] = ()
    branches: Sequence[Branch] = ()
    notes: Sequence[str] = ()

    def __bool__(self) -> bool:
        return any((self.said, self.charts, self.tables, self.examples, self.branches))


@dataclass(frozen=True)
class Input:
    """A file that was read; `rows` is empty where it is no table."""

    name: str
    size: int
    rows: str
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from, as far as it does not say so itself.

    Parameters
    ----------
    inputs : sequence of Input
    command : str
        What to type to have it again.
    when : str
        When the report was written: the only place where a page tells the time.
    """

    inputs: Sequence[Input] = ()
    command: str = ""
    when: str = ""


@dataclass(frozen=True)
class Page:
    """A result as a person reads it; every kind of result becomes one, and one template shows them all.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    source : str
    answer : str
        One sentence.
    figures : sequence of Figure
        Three numbers with their intervals.
    findings : sequence of Finding
        They are numbered in this order.
    sections : sequence of Section
    made : Section
        Inputs, parameters, versions.
    command, when : str
        How to have it again, and when it was written; empty where it is not known.
    unmeasured : sequence of str
    note : str
        How the numbers of the page are to be read.
    """

    kind: str
    source: str
    answer: str
    figures: Sequence[Figure]
    findings: Sequence[Finding]
    sections: Sequence[Section]
    made: Section
    unmeasured: Sequence[str]
    note: str
    command: str = ""
    when: str = ""
    lead: Sequence[str] = field(default_factory=tuple)

    @property
    def charts(self) -> list[Chart]:
        """All charts, in the order of the page."""
        return [chart for section in self.sections for chart in section.charts]
