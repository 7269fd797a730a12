"""What stands in each section of the report of a survey."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.report import survey_drawings, survey_tables
from polyculture.report.audit_drawing import Drawing
from polyculture.report.facts import Shown, facts, shown
from polyculture.report.survey_rows import with_gaps
from polyculture.report.survey_topics import topic_tables
from polyculture.report.survey_transfer import transfer_tables
from polyculture.surveying.result import SurveyResult
from polyculture.surveying.tables import tables
from polyculture.tables import Table

TITLES = {
    "convergence": "Do communities come closer",
    "adoption": "Who uses what",
    "diversity": "How varied each community is",
    "transfer": "Who took what from whom",
    "openings": "Where cooperation could start",
    "duplication": "Papers that stand twice",
    "exploration": "New methods and old",
    "associations": "What is named beside methods: associations, no causes",
    "topics": "Topics that have no venue of their own",
    "policies": "Decisions about the input",
    "not_measured": "What was not measured",
    "reading": "How to read the numbers",
    "made": "How it was made",
}
PLACES = {"divergence": "convergence"}
OWN = ("adoption", "openings")
"""Tables of the screen that the page has in another form."""
MEASURES = {"hill_0": "the number of names (hill_0)", "beta_convergence": "β-convergence"}
"""What measures are called in a sentence."""
LONG = 1500
"""Letters of a cell at most where sentences stand in it."""


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    key: str
    title: str
    said: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Shown] = ()


def parts(found: SurveyResult) -> list[Part]:
    """Every section that there is something for, in the order of the page."""
    placed: dict[str, list[Table]] = {name: [] for name in TITLES}
    for table in tables(found):
        first = table.name.partition(" ")[0]
        if first not in OWN:
            placed[PLACES.get(first, first)].append(table)
    for name, make in TABLES.items():
        placed[name] += make(found)
    made = [_part(found, name, placed[name]) for name in TITLES]
    return [part for part in made if part.said or part.drawings or part.tables]


def _part(found: SurveyResult, name: str, given: Sequence[Table]) -> Part:
    draw: Draw = DRAWINGS.get(name, _nothing)
    say: Say = SAID.get(name, _nothing)
    drawings = [each for each in draw(found) if each is not None]
    most = LONG if name in {"openings", "policies", "not_measured"} else 200
    return Part(name, TITLES[name], list(say(found)), drawings, [shown(table, most) for table in given])


def _nothing(_: SurveyResult) -> Iterator[Any]:
    return iter(())


def _convergence_said(found: SurveyResult) -> Iterator[str]:
    if found.convergence or found.divergence:
        yield (
            "The question is asked twice. Conditional: among papers that name at least one method of the vocabulary, "
            "each giving 1/k to the k that it names; do those who name methods name the same ones? Unconditional: "
            "among all papers, with 'no method named' as a category of its own; this also moves when communities name "
            "more or fewer methods at all. The answers may differ, and neither stands for the other."
        )
    if found.convergence:
        yield (
            "Trends look only at communities that have enough papers in every year. Negative changes are convergence. "
            "σ is the spread of shares over communities: it grows when a method becomes common in some communities "
            "only, even where the mix of methods becomes more alike. One community, or a change of its venues, can "
            "carry a trend: the table says what would be counted without each in turn."
        )


def _transfer_said(found: SurveyResult) -> Iterator[str]:
    if found.transfer:
        yield (
            "First is the community whose papers reach a share earliest. That one community is earlier than another "
            "does not show that it was the source. Open: fewer than half of the methods have arrived, so there is no "
            "median yet."
        )
        broken = with_gaps(found)
        if broken:
            yield (
                f"Years with too few papers are not bridged: {', '.join(broken)}. What was taken up in them has no "
                "date, so that the community is not called first with it, nor any that came later."
            )


def _openings_said(found: SurveyResult) -> Iterator[str]:
    if found.openings.get("found"):
        yield (
            f"Of {found.openings['candidates']:,} pairs of a community and a method that it hardly uses and others do "
            f"(papers up to {found.openings['year']}), ranked by the lower end of their score, so that none is first "
            "for what chance may have added: trust those that keep their place in most draws."
        )


def _duplication_said(found: SurveyResult) -> Iterator[str]:
    if found.duplication:
        yield (
            f"{found.duplication['groups']:,} groups hold {found.duplication['papers']:,} papers whose titles are "
            f"almost the same; {found.duplication['left_out']:,} titles are too short to tell. Chance shuffles "
            "communities within years and keeps the groups: less than chance between communities means that copies "
            "stay at home."
        )


def _associations_said(found: SurveyResult) -> Iterator[str]:
    if found.associations.get("found"):
        yield (
            "Named in the same papers more often than independence within each community and year gives. Either may "
            "have brought the other, or a third thing both: nothing here is a cause."
        )


def _topics_said(found: SurveyResult) -> Iterator[str]:
    if found.topics.get("cells"):
        yield (
            "Topics are measured as if they were communities. A paper that names several stands in each, so that they "
            "overlap each other and the communities."
        )


def _complete(found: SurveyResult) -> Iterator[str]:
    if not found.not_measured:
        yield "Everything that was asked was measured."


def _reading_said(found: SurveyResult) -> Iterator[str]:
    draws, nulls = found.settings.get("draws", "many"), found.settings.get("nulls", "many")
    yield (
        f"Intervals come from {draws} draws of the papers, chance from {nulls} shuffles of communities within years. "
        "A measure of few papers is biased, most of all Jensen-Shannon divergence, which chance alone makes positive: "
        "what is shown is less that bias, so what was counted may lie at an end of the interval. Numbers at equal "
        "coverage, for communities and years with as many papers as show the same share of what they could name, are "
        "in the JSON."
    )
    yield (
        "Papers are counted by what their titles, and abstracts where they were read, say: a method that is used and "
        "not named is not seen. A community whose venues change, or which has abstracts where others have none, moves "
        "for that alone."
    )
    measured = (found.diversity, found.divergence, found.pairs, found.convergence)
    doubts = {row["measure"]: row["interval"] for rows in measured for row in rows if row.get("interval")}
    staying = next((row.get("interval") for row in found.exploration.get("staying", ())), None)
    doubts |= {"the share of methods that stay": staying} if staying else {}
    for measure, why in doubts.items():
        yield f"The interval of {MEASURES.get(measure, measure)} {why}."


def _made_said(found: SurveyResult) -> Iterator[str]:
    from polyculture.version import __version__

    yield f"Polyculture {__version__}, schema {found.schema}."
    if found.families:
        families = f"{len(found.families)} famil{'y' if len(found.families) == 1 else 'ies'}"
        yield f"{len(found.methods)} methods of {families} were looked for."


def _made(found: SurveyResult) -> Iterator[Table]:
    yield from facts(dict(found.settings), {"": "settings"})
    yield from facts(dict(found.equal_coverage), {"": "equal coverage", "family": "equal coverage of families",
                                                  "method": "equal coverage of methods"})  # fmt: skip


Draw = Callable[[SurveyResult], Iterator[Drawing | None]]
Say = Callable[[SurveyResult], Iterator[str]]
TABLES: Mapping[str, Callable[[SurveyResult], Iterator[Table]]] = {
    "adoption": survey_tables.adoption_tables,
    "transfer": transfer_tables,
    "openings": survey_tables.opening_tables,
    "duplication": survey_tables.duplication_tables,
    "exploration": survey_tables.exploration_tables,
    "associations": survey_tables.association_tables,
    "topics": topic_tables,
    "made": _made,
}
DRAWINGS: Mapping[str, Draw] = {
    "convergence": survey_drawings.differences,
    "adoption": survey_drawings.shares,
    "diversity": survey_drawings.variety,
    "transfer": survey_drawings.transfers,
    "duplication": survey_drawings.copies,
    "exploration": survey_drawings.new_methods,
}
SAID: Mapping[str, Say] = {
    "convergence": _convergence_said,
    "transfer": _transfer_said,
    "openings": _openings_said,
    "duplication": _duplication_said,
    "associations": _associations_said,
    "topics": _topics_said,
    "not_measured": _complete,
    "reading": _reading_said,
    "made": _made_said,
}
