"""What is drawn of a survey: difference over years, adoption, variety, transfer, copies and new methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.dots import Picked, picked
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.charts.matrix import Shades, matrix
from polyculture.report.charts.network import network
from polyculture.report.facts import shown
from polyculture.report.language import later, say
from polyculture.report.plain import label
from polyculture.report.survey_rows import (
    Row,
    all_years,
    by_year,
    chosen,
    ended,
    largest,
    number,
    only_some,
)
from polyculture.report.survey_transfer import edges
from polyculture.report.survey_words import LEVELS, asked
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

FAMILIES = 20
"""Families that are drawn: those that most papers name."""
NOVEL = {
    "entering": later("methods that enter, %"),
    "incumbent": later("papers on methods in use before, %"),
    "age": later("age, years"),
}
MEASURED = (later("less bias"), later("as counted"), later("by chance"))


def differences(found: SurveyResult) -> Iterator[Chart | None]:
    """Jensen-Shannon divergence over years at both levels, conditional and not, and of pairs in the last year."""
    about = say("Lower is more alike. The line and its band take off what small samples add; the dotted line is as counted, the dashed "
                "one what is counted with communities shuffled within years: compare these two.")  # fmt: skip
    years = all_years(found)
    for level in dict.fromkeys((main_level(found), "method")):
        for conditional in (True, False):
            own = chosen(found.divergence, level=level, conditional=conditional, measure="jensen_shannon")
            title = say("Difference of communities by {level}, {asked}", level=say(LEVELS[level]), asked=asked(conditional))
            key = f"difference-{level}-{'conditional' if conditional else 'unconditional'}"
            yield timeline(key, title, about, years, _measured(own, years), "bits")
    yield _pairs(found)


def timeline(
    key: str, title: str, about: str, years: Sequence[int], series: Sequence[Series], unit: str, digits: int = 3
) -> Chart | None:
    """Lines over years with the numbers of each."""
    if not series or not any(value == value for each in series for value in each.values):
        return None
    rows = [
        [year, *(_value(each, i, digits) for each in series)]
        for i, year in enumerate(years)
    ]
    table = shown(Table(key, title, ["year", *(each.name for each in series)], rows))
    first, last = _known_ends(years, series[0])
    said = say("From {first} to {last}.", first=first, last=last) if first else about
    return lines(key, title, (said, about), Places(years), [("", series)], table, unit=unit)


def _known_ends(years: Sequence[int], series: Series) -> tuple[str, str]:
    known = [f"{value:.3g} ({year})" for year, value in zip(years, series.values, strict=True) if value == value]
    return (known[0], known[-1]) if known else ("", "")


def _value(series: Series, i: int, digits: int) -> str:
    if series.low:
        return ended({"estimate": series.values[i], "low": series.low[i], "high": series.high[i]}, digits=digits)
    return "–" if np.isnan(series.values[i]) else f"{series.values[i]:.{digits}f}"


def _measured(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    """What was measured less its bias, as it was counted, and what chance gives."""
    names = [say(name) for name in MEASURED]
    ends = (by_year(rows, years, "low"), by_year(rows, years, "high"))
    return [
        Series(names[0], "line", by_year(rows, years, "corrected"), *ends),
        Series(names[1], "counted", by_year(rows, years, "estimate")),
        Series(names[2], "chance", by_year(rows, years, "null")),
    ]


def _pairs(found: SurveyResult) -> Chart | None:
    level = main_level(found)
    own = chosen(found.pairs, level=level, conditional=True, measure="jensen_shannon")
    year = max((row["year"] for row in own), default=0)
    drawn = largest(found)
    rows = [row for row in chosen(own, year=year) if row["a"] in drawn and row["b"] in drawn]
    if not rows:
        return None
    ranked = sorted(rows, key=lambda row: (number(row, "corrected"), row["a"], row["b"]))
    values = np.full((len(drawn),) * 2, np.nan)
    for row in rows:
        a, b = drawn.index(row["a"]), drawn.index(row["b"])
        values[a, b] = values[b, a] = number(row, "corrected")
    least, most = ranked[0], ranked[-1]
    said = say("Most alike are {a} and {b}, least alike {c} and {d}.", a=label(least["a"], 30), b=label(least["b"], 30),
               c=label(most["a"], 30), d=label(most["b"], 30))  # fmt: skip
    about = say("{said} Jensen-Shannon divergence in bits, {asked}, {year}.", said=said, asked=asked(True), year=year)
    lines_ = [[row["a"], row["b"], ended({**row, "estimate": row["corrected"]})] for row in ranked]
    table = shown(Table("pairs", f"difference of pairs, {year}", ["first", "second", "bits"], lines_))
    title = say("How much pairs of communities differ, {year}", year=year)
    return matrix("pairs", title, (said, about + only_some(found)), (drawn, drawn), values, Shades(0.0, -1), table)


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
    yield _composition(level, kept, names, years, own, few + only_some(found))
    yield _adoption(level, kept, names, years, own, few + only_some(found))


Own = Mapping[tuple[str, str], Sequence[Row]]


def _composition(level: str, kept: Sequence[str], names: Sequence[str], years: Sequence[int], own: Own, few: str) -> Chart | None:
    # the last year comes first, as it is what a reader asks for first
    when = list(reversed(years))
    data: list[Picked] = []
    for c, community in enumerate(names):
        for y, year in enumerate(when):
            told = [(name, chosen(own.get((name, community), ()), year=year)) for name in kept]
            bars = [(name, _percent(some[0])) for name, some in told if some]
            bars.sort(key=lambda bar: (-bar[1]["estimate"], bar[0]))
            data.append(((c, y), [(name, [point]) for name, point in bars]))
    about = say("Pick a community and a year. Bars are the share of all its papers of that year that name it, with its interval.") + few
    picks = [Pick("community", say("community"), names), Pick("year", say("year"), [str(year) for year in when])]
    return picked("composition", say("What a community used in a year, % of papers"), about, picks, data, series="%", digits=1)


def _percent(row: Row) -> dict[str, float]:
    return {part: 100 * number(row, name) for part, name in (("estimate", "share"), ("low", "low"), ("high", "high"))}


def _adoption(level: str, kept: Sequence[str], names: Sequence[str], years: Sequence[int], own: Own, few: str) -> Chart | None:
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
    return lines("adoption-curves", say("How it was adopted, % of papers"), (about, about), Places(years), panels, table, unit="%",
                 pick=pick, options=options)  # fmt: skip


def _share(rows: Sequence[Row], year: int) -> str:
    some = chosen(rows, year=year)
    return ended(some[0], "share", 1, 100) if some else "–"


def variety(found: SurveyResult) -> Iterator[Chart | None]:
    """Effective number of families, by community and year."""
    level = main_level(found)
    rows = chosen(found.diversity, level=level, measure="hill_1")
    about = say("Hill number of order 1: as many, each named as often as the others, would be as varied. Line and band are less the bias of "
                "small samples, dotted as counted, dashed with communities shuffled.") + only_some(found)  # fmt: skip
    named = {asked(conditional): chosen(rows, conditional=conditional) for conditional in (True, False)}
    title = say("Effective number, by {level}", level=say(LEVELS[level]))
    yield _by_community("variety", title, about, named, found)


def new_methods(found: SurveyResult) -> Iterator[Chart | None]:
    """Entry of methods, papers on incumbents, and age, by community and year."""
    rows = found.exploration.get("by_year", ())
    percent = {name: 1 if name == "age" else 100 for name in NOVEL}
    named = {
        say(told): [
            {**row, **{part: percent[name] * number(row, part) for part in ("estimate", "low", "high")}}
            for row in chosen(rows, measure=name)
        ]
        for name, told in NOVEL.items()
    }
    about = say("Share of a community's methods of a year that were not in use there before; share of its mentions that go to those that "
                "were; mean years since the methods in use became known.") + only_some(found)  # fmt: skip
    yield _by_community("novelty", say("New methods and old"), about, named, found)


def _by_community(key: str, title: str, about: str, named: Mapping[str, Sequence[Row]], found: SurveyResult) -> Chart | None:
    """A small drawing for each community, of the one of several numbers that the reader picks."""
    years, panels, options, rows = all_years(found), [], [], []
    for i, (name, some) in enumerate(named.items()):
        for community in largest(found):
            own = chosen(some, community=community)
            series = _series(own, years) if own else []
            if series:
                panels.append((community, series))
                options.append(i)
                rows.append([name, community, *(_value(series[0], y, 1) for y in range(len(years)))])
    if not panels:
        return None
    table = shown(Table(key, title, ["what", "community", *map(str, years)], rows))
    pick = Pick("what", say("what"), list(named))
    return lines(key, title, (about, about), Places(years), panels, table, pick=pick, options=options)


def _series(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    if "corrected" in rows[0]:
        return _measured(rows, years)
    name = say(MEASURED[0])
    return [Series(name, "line", *(by_year(rows, years, part) for part in ("estimate", "low", "high")))]


def transfers(found: SurveyResult) -> Iterator[Chart | None]:
    """How many methods each community took up after each leader, and the paths that carry more than chance."""
    at, every = edges(found)
    drawn = largest(found)
    rows = [row for row in every if row["leader"] in drawn and row["follower"] in drawn]
    if not rows:
        return
    values = np.full((len(drawn),) * 2, np.nan)
    for row in rows:
        values[drawn.index(row["leader"]), drawn.index(row["follower"])] = number(row, "methods")
    sure = [row for row in rows if number(row, "p_adjusted") < 1 - float(found.settings.get("confidence", 0.95))]
    said = " ".join(
        f"{label(str(row['leader']), 30)} → {label(str(row['follower']), 30)}: {row['methods']:.0f}." for row in rows[:5]
    )
    about = say("Rows lead, columns follow: methods that reached {share} % of the papers of the first before any other, and of the second "
                "later.", share=f"{100 * at:g}") + only_some(found)  # fmt: skip
    lines_ = [
        [row["leader"], row["follower"], ended({**row, "estimate": row["methods"]}, digits=0),
         f"{number(row, 'expected'):.1f}", number(row, "p_adjusted")]
        for row in rows
    ]  # fmt: skip
    table = shown(Table("network", "from whom to whom", ["leader", "follower", "methods", "by chance", "p adjusted"], lines_))
    title = say("Transfer of methods: leader to follower")
    yield matrix("transfers", title, (said, about), (drawn, drawn), values, Shades(0.0, 1, 0), table)
    ties = [(drawn.index(row["leader"]), drawn.index(row["follower"]), number(row, "methods")) for row in sure]
    led = [float(sum(tie[2] for tie in ties if tie[0] == i)) + 1 for i in range(len(drawn))]
    told = say("Lines are paths along which more methods went than if each method's order were random ({sure} of {count}); larger dots "
               "lead more.", sure=len(sure), count=len(rows))  # fmt: skip
    yield network("paths", say("Paths beyond chance"), (told, told), drawn, led, [""] * len(drawn), ties, table)


def copies(found: SurveyResult) -> Iterator[Chart | None]:
    """Share of papers that have a near-duplicate in their community, and in another."""
    rows = [row for row in found.duplication.get("by_year", ()) if row.get("year") is not None]
    years = all_years(found)
    titles = {"within": say("Papers with a copy in the same community, %"), "between": say("Papers with a copy in another community, %")}
    for kind, title in titles.items():
        parts = [[100 * v for v in by_year(rows, years, f"{kind}{part}")] for part in ("", "_low", "_high", "_expected")]
        series = [Series(say("papers"), "line", *parts[:3]), Series(say("by chance"), "chance", parts[3])]
        about = say("Dashes: the same groups of copies with communities shuffled within years.")
        yield timeline(f"copies-{kind}", title, about, years, series, "%", digits=2)
