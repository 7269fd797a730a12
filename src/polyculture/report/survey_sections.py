"""What stands in each section of the report of a survey."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from polyculture.report import survey_adoption, survey_charts, survey_tables
from polyculture.report.charts.chart import Chart
from polyculture.report.facts import facts, shown
from polyculture.report.language import heard, later, say
from polyculture.report.page import Section
from polyculture.report.survey_rows import with_gaps
from polyculture.report.survey_topics import topic_tables
from polyculture.report.survey_transfer import transfer_tables
from polyculture.report.survey_words import measure
from polyculture.surveying.result import SurveyResult
from polyculture.surveying.tables import tables
from polyculture.tables import Table

TITLES = {
    "convergence": later("Do communities come closer"),
    "adoption": later("Who uses what"),
    "diversity": later("How varied each community is"),
    "transfer": later("Who took what from whom"),
    "openings": later("Where cooperation could start"),
    "duplication": later("Papers that stand twice"),
    "exploration": later("New methods and old"),
    "associations": later("What is named beside methods: associations, no causes"),
    "topics": later("Topics that have no venue of their own"),
    "policies": later("Decisions about the input"),
    "reading": later("How to read the numbers"),
}
PLACES = {"divergence": "convergence"}
OWN = ("adoption", "openings")
"""Tables of the screen that the page has in another form."""
LONG = 1500
"""Letters of a cell at most where sentences stand in it."""


def sections(found: SurveyResult) -> list[Section]:
    """Every section that there is something for, in the order of the page."""
    placed: dict[str, list[Table]] = {name: [] for name in (*TITLES, "not_measured")}
    for table in tables(found):
        first = table.name.partition(" ")[0]
        if first not in OWN:
            placed[PLACES.get(first, first)].append(table)
    for name, make in TABLES.items():
        placed[name] += make(found)
    made = [_section(found, name, placed[name]) for name in TITLES]
    return [section for section in made if section]


def _section(found: SurveyResult, name: str, given: Sequence[Table]) -> Section:
    draw: Draw = CHARTS.get(name, _nothing)
    tell: Say = SAID.get(name, _nothing)
    charts = [each for each in draw(found) if each is not None]
    most = LONG if name in {"openings", "policies"} else 200
    return Section(name, say(TITLES[name]), list(tell(found)), charts, [shown(table, most) for table in given])


def _nothing(_: SurveyResult) -> Iterator[Any]:
    return iter(())


def _convergence_said(found: SurveyResult) -> Iterator[str]:
    if found.convergence or found.divergence:
        yield say(
            "The question is asked twice. Conditional: among papers that name at least one method of the vocabulary, "
            "each giving 1/k to the k that it names; do those who name methods name the same ones? Unconditional: "
            "among all papers, with 'no method named' as a category of its own; this also moves when communities name "
            "more or fewer methods at all. The answers may differ, and neither stands for the other."
        )
    if found.convergence:
        yield say(
            "Trends look only at communities that have enough papers in every year. Negative changes are convergence. "
            "σ is the spread of shares over communities: it grows when a method becomes common in some communities "
            "only, even where the mix of methods becomes more alike. One community, or a change of its venues, can "
            "carry a trend: the table says what would be counted without each in turn."
        )


def _transfer_said(found: SurveyResult) -> Iterator[str]:
    if found.transfer:
        yield say(
            "First is the community whose papers reach a share earliest. That one community is earlier than another "
            "does not show that it was the source. Open: fewer than half of the methods have arrived, so there is no "
            "median yet."
        )
        broken = with_gaps(found)
        if broken:
            yield say(
                "Years with too few papers are not bridged: {years}. What was taken up in them has no date, so that "
                "the community is not called first with it, nor any that came later.",
                years=", ".join(broken),
            )


def _openings_said(found: SurveyResult) -> Iterator[str]:
    if found.openings.get("found"):
        yield say(
            "Of {candidates} pairs of a community and a method that it hardly uses and others do (papers up to "
            "{year}), ranked by the lower end of their score, so that none is first for what chance may have added: "
            "trust those that keep their place in most draws.",
            candidates=f"{found.openings['candidates']:,}",
            year=found.openings["year"],
        )


def _duplication_said(found: SurveyResult) -> Iterator[str]:
    if found.duplication:
        counts = {name: f"{found.duplication[name]:,}" for name in ("groups", "papers", "left_out")}
        yield say(
            "{groups} groups hold {papers} papers whose titles are almost the same; {left_out} titles are too short to "
            "tell. Chance shuffles communities within years and keeps the groups: less than chance between communities "
            "means that copies stay at home.",
            **counts,
        )


def _associations_said(found: SurveyResult) -> Iterator[str]:
    if found.associations.get("found"):
        yield say(
            "Named in the same papers more often than independence within each community and year gives. Either may "
            "have brought the other, or a third thing both: nothing here is a cause."
        )


def _topics_said(found: SurveyResult) -> Iterator[str]:
    if found.topics.get("cells"):
        yield say(
            "Topics are measured as if they were communities. A paper that names several stands in each, so that they "
            "overlap each other and the communities."
        )


def _reading_said(found: SurveyResult) -> Iterator[str]:
    draws, nulls = found.settings.get("draws", "many"), found.settings.get("nulls", "many")
    yield say(
        "Intervals come from {draws} draws of the papers, chance from {nulls} shuffles of communities within years. "
        "A measure of few papers is biased, most of all Jensen-Shannon divergence, which chance alone makes positive: "
        "what is shown is less that bias, so what was counted may lie at an end of the interval. Numbers at equal "
        "coverage, for communities and years with as many papers as show the same share of what they could name, are "
        "in the JSON.",
        draws=draws,
        nulls=nulls,
    )
    yield say(
        "Papers are counted by what their titles, and abstracts where they were read, say: a method that is used and "
        "not named is not seen. A community whose venues change, or which has abstracts where others have none, moves "
        "for that alone."
    )
    measured = (found.diversity, found.divergence, found.pairs, found.convergence)
    doubts = {row["measure"]: row["interval"] for rows in measured for row in rows if row.get("interval")}
    staying = next((row.get("interval") for row in found.exploration.get("staying", ())), None)
    doubts |= {say("the share of methods that stay"): staying} if staying else {}
    for name, why in doubts.items():
        yield say("The interval of {measure} {why}.", measure=measure(name), why=heard(why))


def made_said(found: SurveyResult) -> Iterator[str]:
    """What was looked for."""
    if found.families:
        yield say(
            "{methods} methods of {families} families were looked for.",
            methods=len(found.methods),
            families=len(found.families),
        )


def parameters(found: SurveyResult) -> list[Table]:
    """What the numbers depend on."""
    coverage = {"": "equal coverage", "family": "equal coverage of families", "method": "equal coverage of methods"}
    return [*facts(dict(found.settings), {"": "settings"}), *facts(dict(found.equal_coverage), coverage)]


Draw = Callable[[SurveyResult], Iterator[Chart | None]]
Say = Callable[[SurveyResult], Iterator[str]]
TABLES: Mapping[str, Callable[[SurveyResult], Iterator[Table]]] = {
    "adoption": survey_tables.adoption_tables,
    "transfer": transfer_tables,
    "openings": survey_tables.opening_tables,
    "duplication": survey_tables.duplication_tables,
    "exploration": survey_tables.exploration_tables,
    "associations": survey_tables.association_tables,
    "topics": topic_tables,
}
CHARTS: Mapping[str, Draw] = {
    "convergence": survey_charts.differences,
    "adoption": survey_adoption.shares,
    "diversity": survey_charts.variety,
    "transfer": survey_charts.transfers,
    "duplication": survey_charts.copies,
    "exploration": survey_charts.new_methods,
}
SAID: Mapping[str, Say] = {
    "convergence": _convergence_said,
    "transfer": _transfer_said,
    "openings": _openings_said,
    "duplication": _duplication_said,
    "associations": _associations_said,
    "topics": _topics_said,
    "reading": _reading_said,
}
