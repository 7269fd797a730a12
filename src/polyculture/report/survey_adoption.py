"""What a community of a year uses, and how a family of methods was adopted everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.dots import Picked, picked
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.facts import shown
from polyculture.report.language import say
from polyculture.report.survey_rows import Row, all_years, by_year, chosen, ended, largest, number, only_some
from polyculture.report.survey_words import LEVELS
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

FAMILIES = 20
"""Families that are drawn: those that most papers name."""


def shares(found: SurveyResult) -> Iterator[Chart | None]:
    """What a community of a year uses, and how a family was adopted everywhere."""
    level = main_level(found)
    rows = chosen(found.adoption, level=level)
    total: dict[str, float] = {}
    own: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        total[row[level]] = total.get(row[level], 0) + row["naming"]
        own.setdefault((row[level], row["community"]), []).append(row)
    kept = sorted(total, key=lambda name: (-total[name], name))[:FAMILIES]
    years, names = all_years(found), largest(found)
    few = say(" The {most} of {count} with most papers.", most=FAMILIES, count=len(total)) * (len(total) > FAMILIES)
    yield _composition(kept, names, years, own, few + only_some(found))
    yield _adoption(level, kept, names, years, own, few + only_some(found))


Own = Mapping[tuple[str, str], Sequence[Row]]


def _composition(kept: Sequence[str], names: Sequence[str], years: Sequence[int], own: Own, few: str) -> Chart | None:
    # the last year comes first, as it is what a reader asks for first
    when = list(reversed(years))
    data: list[Picked] = []
    for c, community in enumerate(names):
        for y, year in enumerate(when):
            told = [(name, chosen(own.get((name, community), ()), year=year)) for name in kept]
            bars = [(name, _percent(some[0])) for name, some in told if some]
            bars.sort(key=lambda bar: (-bar[1]["estimate"], bar[0]))
            data.append(((c, y), [(name, [point]) for name, point in bars]))
    about = (
        say(
            "Pick a community and a year. Bars are the share of all its papers of that year that name it, with its "
            "interval."
        )
        + few
    )
    picks = [Pick("community", say("community"), names), Pick("year", say("year"), [str(year) for year in when])]
    return picked(
        "composition", say("What a community used in a year, % of papers"), about, picks, data, series="%", digits=1
    )


def _percent(row: Row) -> dict[str, float]:
    return {part: 100 * number(row, name) for part, name in (("estimate", "share"), ("low", "low"), ("high", "high"))}


def _adoption(
    level: str, kept: Sequence[str], names: Sequence[str], years: Sequence[int], own: Own, few: str
) -> Chart | None:
    pick = Pick("family", say(LEVELS[level]), kept)
    panels, options = [], []
    for i, name in enumerate(kept):
        for community in names:
            some = own.get((name, community), ())
            series = [[100 * v for v in by_year(some, years, part)] for part in ("share", "low", "high")]
            panels.append((community, [Series("%", "line", *series)]))
            options.append(i)
    lines_ = [
        [each, name, *(_share(own.get((each, name), ()), year) for year in years)] for each in kept for name in names
    ]
    table = shown(Table("shares", f"papers that name a {level}, %", [level, "community", *map(str, years)], lines_))
    about = say("Pick a family. Share of all papers of a community and year, with its interval.") + few
    return lines(
        "adoption-curves",
        say("How it was adopted, % of papers"),
        (about, about),
        Places(years),
        panels,
        table,
        unit="%",
        pick=pick,
        options=options,
    )


def _share(rows: Sequence[Row], year: int) -> str:
    some = chosen(rows, year=year)
    return ended(some[0], "share", 1, 100) if some else "–"
