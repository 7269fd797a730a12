"""What is drawn of a survey: difference over years, adoption, variety, transfer, copies and new methods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polyculture.report.charts.chart import Chart
from polyculture.report.charts.lines import Series
from polyculture.report.charts.matrix import Shades, matrix
from polyculture.report.charts.network import network
from polyculture.report.facts import shown
from polyculture.report.language import heard, later, say
from polyculture.report.plain import label
from polyculture.report.survey_rows import (
    all_years,
    by_year,
    chosen,
    ended,
    largest,
    number,
    only_some,
)
from polyculture.report.survey_series import by_community, measured, timeline
from polyculture.report.survey_transfer import edges
from polyculture.report.survey_words import LEVELS, asked
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

NOVEL = {
    "entering": later("methods that enter, %"),
    "incumbent": later("papers on methods in use before, %"),
    "age": later("age, years"),
}


def differences(found: SurveyResult) -> Iterator[Chart | None]:
    """Jensen-Shannon divergence over years at both levels, conditional and not, and of pairs in the last year."""
    about = say(
        "Lower is more alike. The line and its band take off what small samples add; the dotted line is as counted, "
        "the dashed one what is counted with communities shuffled within years: compare these two."
    )
    years = all_years(found)
    for level in dict.fromkeys((main_level(found), "method")):
        for conditional in (True, False):
            own = chosen(found.divergence, level=level, conditional=conditional, measure="jensen_shannon")
            title = say(
                "Difference of communities by {level}, {asked}", level=say(LEVELS[level]), asked=asked(conditional)
            )
            key = f"difference-{level}-{'conditional' if conditional else 'unconditional'}"
            yield timeline(key, title, about, years, measured(own, years), heard("bits"))
    yield _pairs(found)


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
    said = say(
        "Most alike are {a} and {b}, least alike {c} and {d}.",
        a=label(least["a"], 30),
        b=label(least["b"], 30),
        c=label(most["a"], 30),
        d=label(most["b"], 30),
    )
    about = say("{said} Jensen-Shannon divergence in bits, {asked}, {year}.", said=said, asked=asked(True), year=year)
    lines_ = [[row["a"], row["b"], ended({**row, "estimate": row["corrected"]})] for row in ranked]
    table = shown(Table("pairs", f"difference of pairs, {year}", ["first", "second", "bits"], lines_))
    title = say("How much pairs of communities differ, {year}", year=year)
    return matrix("pairs", title, (said, about + only_some(found)), (drawn, drawn), values, Shades(0.0, -1), table)


def variety(found: SurveyResult) -> Iterator[Chart | None]:
    """Effective number of families, by community and year."""
    level = main_level(found)
    rows = chosen(found.diversity, level=level, measure="hill_1")
    about = say(
        "Hill number of order 1: as many, each named as often as the others, would be as varied. Line and band are "
        "less the bias of small samples, dotted as counted, dashed with communities shuffled."
    ) + only_some(found)
    named = {asked(conditional): chosen(rows, conditional=conditional) for conditional in (True, False)}
    title = say("Effective number, by {level}", level=say(LEVELS[level]))
    yield by_community("variety", title, about, named, found)


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
    about = say(
        "Share of a community's methods of a year that were not in use there before; share of its mentions that go to "
        "those that were; mean years since the methods in use became known."
    ) + only_some(found)
    yield by_community("novelty", say("New methods and old"), about, named, found)


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
        f"{label(str(row['leader']), 30)} → {label(str(row['follower']), 30)}: {row['methods']:.0f}."
        for row in rows[:5]
    )
    about = say(
        "Rows lead, columns follow: methods that reached {share} % of the papers of the first before any other, and "
        "of the second later.",
        share=f"{100 * at:g}",
    ) + only_some(found)
    lines_ = [
        [
            row["leader"],
            row["follower"],
            ended({**row, "estimate": row["methods"]}, digits=0),
            f"{number(row, 'expected'):.1f}",
            number(row, "p_adjusted"),
        ]
        for row in rows
    ]
    table = shown(
        Table("network", "from whom to whom", ["leader", "follower", "methods", "by chance", "p adjusted"], lines_)
    )
    title = say("Transfer of methods: leader to follower")
    yield matrix("transfers", title, (said, about), (drawn, drawn), values, Shades(0.0, 1, 0), table)
    ties = [(drawn.index(row["leader"]), drawn.index(row["follower"]), number(row, "methods")) for row in sure]
    led = [float(sum(tie[2] for tie in ties if tie[0] == i)) + 1 for i in range(len(drawn))]
    told = say(
        "Lines are paths along which more methods went than if each method's order were random ({sure} of {count}); "
        "larger dots lead more.",
        sure=len(sure),
        count=len(rows),
    )
    yield network("paths", say("Paths beyond chance"), (told, told), drawn, led, [""] * len(drawn), ties, table)


def copies(found: SurveyResult) -> Iterator[Chart | None]:
    """Share of papers that have a near-duplicate in their community, and in another."""
    rows = [row for row in found.duplication.get("by_year", ()) if row.get("year") is not None]
    years = all_years(found)
    titles = {
        "within": say("Papers with a copy in the same community, %"),
        "between": say("Papers with a copy in another community, %"),
    }
    for kind, title in titles.items():
        parts = [
            [100 * v for v in by_year(rows, years, f"{kind}{part}")] for part in ("", "_low", "_high", "_expected")
        ]
        series = [Series(say("papers"), "line", *parts[:3]), Series(say("by chance"), "chance", parts[3])]
        about = say("Dashes: the same groups of copies with communities shuffled within years.")
        yield timeline(f"copies-{kind}", title, about, years, series, "%", digits=2)
