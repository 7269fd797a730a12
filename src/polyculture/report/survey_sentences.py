"""What a survey found, in sentences and in a few large numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polyculture.report.language import heard, joined, many, say
from polyculture.report.page import Figure
from polyculture.report.plain import label
from polyculture.report.survey_rows import Row, chosen, ended, number
from polyculture.report.survey_transfer import edges
from polyculture.report.survey_words import LEVELS, asked, measure, verdict
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult

STABLE = 0.9
"""Share of draws in which an opening must be among the first to be called stable."""


def trend(found: SurveyResult, *, conditional: bool) -> Row | None:
    """How the difference of communities changed, asked in one of the two ways; None where it was not measured."""
    rows = chosen(found.convergence, level=main_level(found), conditional=conditional, measure="jensen_shannon")
    return rows[0] if rows else None


def change(row: Row) -> str:
    """The change of a trend with its interval."""
    return f"{number(row, 'corrected'):+.4f} [{number(row, 'low'):+.4f}, {number(row, 'high'):+.4f}]"


def answer(found: SurveyResult) -> str:
    """One sentence: how many papers, and whether communities came closer, asked both ways.

    Examples
    --------
    >>> from polyculture.report.survey_sentences import answer
    >>> from polyculture.surveying.result import SurveyResult
    >>> answer(SurveyResult(10, ["CV"], [2020, 2021]))
    '10 papers of 1 community, 2020 to 2021.'
    """
    papers = many(found.papers, "{count} paper", "{count} papers")
    who = many(len(found.communities), "{count} community", "{count} communities")
    first, last = found.years
    told = say("{papers} of {communities}, {first} to {last}", papers=papers, communities=who, first=first, last=last)
    parts = [
        say(
            "{asked}, {verdict}: {change} bits a year",
            asked=asked(conditional),
            verdict=verdict(row["verdict"]),
            change=change(row),
        )
        for conditional in (True, False)
        if (row := trend(found, conditional=conditional))
    ]
    return (
        say("{told}: {parts}.", told=told, parts=say("; ").join(parts)) if parts else say("{sentence}.", sentence=told)
    )


def lead(found: SurveyResult) -> list[str]:
    """The answer in plain words, with what speaks against it.

    Examples
    --------
    >>> from polyculture.report.survey_sentences import lead
    >>> from polyculture.surveying.result import SurveyResult
    >>> lead(SurveyResult(10, ["CV"], [2020, 2021], partial="the file ends early"))
    ['Only part of the source was read: the file ends early.']
    """
    told = [sentence for tell in (_partial, _trends, _transfer, _openings, _copies) for sentence in tell(found)]
    return [joined(*told)] if told else []


def _partial(found: SurveyResult) -> Iterator[str]:
    if found.partial:
        yield say("Only part of the source was read: {why}.", why=label(heard(found.partial), 200))


def _trends(found: SurveyResult) -> Iterator[str]:
    """Every verdict at one level, so that none is chosen."""
    for conditional in (True, False):
        told = [
            say("{measure}: {verdict}", measure=measure(row["measure"]), verdict=verdict(row["verdict"]))
            for row in chosen(found.convergence, level=main_level(found), conditional=conditional)
        ]
        if told:
            yield say("Verdicts {asked} – {verdicts}.", asked=asked(conditional), verdicts=say("; ").join(told))


def _transfer(found: SurveyResult) -> Iterator[str]:
    at, rows = edges(found)
    sure = [row for row in rows if number(row, "p_adjusted") < 1 - float(found.settings.get("confidence", 0.95))]
    if sure:
        told = ", ".join(f"{label(str(row['leader']), 30)} → {label(str(row['follower']), 30)}" for row in sure[:5])
        yield say(
            "{sure} of {count} paths from a leader to a follower carry more methods than chance, first of all {paths}.",
            sure=len(sure),
            count=len(rows),
            paths=told,
        )
    elif rows:
        yield say(
            "No path from a leader to a follower carries more methods than chance (at {share} % of papers).",
            share=f"{100 * at:g}",
        )


def _openings(found: SurveyResult) -> Iterator[str]:
    rows = found.openings.get("found", ())
    if rows:
        stable = [row for row in rows if number(row, "stability") >= STABLE]
        named = ", ".join(
            say("{method} in {community}", method=label(row["name"], 40), community=label(row["community"], 30))
            for row in stable[:3]
        )
        yield say(
            "Of the {count} strongest openings, {stable} stay among the first in {share} % of draws{such}.",
            count=len(rows),
            stable=len(stable),
            share=f"{100 * STABLE:.0f}",
            such=f" ({named})" if named else "",
        )


def _copies(found: SurveyResult) -> Iterator[str]:
    whole = whole_copies(found)
    if whole and not math.isnan(number(whole, "between_ratio")):
        told = {name: ended(whole, name, 2, 100) for name in ("between", "within")}
        times = {f"{name}_ratio": ended(whole, f"{name}_ratio", 2) for name in ("between", "within")}
        yield say(
            "{between} % of the papers have a copy in another community, {between_ratio} times what chance gives; "
            "{within} % in their own, {within_ratio} times.",
            **told,
            **times,
        )


def whole_copies(found: SurveyResult) -> Row | None:
    """Copies of all years together."""
    return next((row for row in found.duplication.get("by_year", ()) if row.get("year") is None), None)


def figures(found: SurveyResult) -> list[Figure]:
    """Three numbers that stand large at the top: both trends, and the variety of a community."""
    level = main_level(found)
    trends = [(trend(found, conditional=conditional), asked(conditional)) for conditional in (True, False)]
    made = [_trend(row, named) for row, named in trends if row]
    varied = chosen(found.divergence, level=level, conditional=True, measure="alpha")
    made += [_variety(max(varied, key=lambda row: row["year"]), level)] if varied else []
    counts = [
        Figure(say("papers"), f"{found.papers:,}", f"{found.years[0]} – {found.years[1]}"),
        Figure(say("communities"), f"{len(found.communities):,}", ""),
        Figure(say("methods"), f"{len(found.methods):,}", ""),
    ]
    return [*made, *counts][:3]


def _trend(row: Row, named: str) -> Figure:
    value, _, ends = ended({**row, "estimate": row["corrected"]}, digits=4).partition(" ")
    note = say(
        "{ends}; {first} to {last}, {count} communities: {verdict}",
        ends=ends,
        first=row["first_year"],
        last=row["last_year"],
        count=len(row["communities"]),
        verdict=verdict(row["verdict"]),
    )
    return Figure(say("change of difference, bits a year, {asked}", asked=named), value, note)


def _variety(row: Row, level: str) -> Figure:
    value, _, ends = ended({**row, "estimate": row["corrected"]}, digits=1).partition(" ")
    chance = number(row, "null")
    shuffled = "" if math.isnan(chance) else say("; {value} with communities shuffled", value=f"{chance:.1f}")
    note = say("{ends}{shuffled}; among papers that name a method", ends=ends, shuffled=shuffled)
    title = say("effective number in a community, by {level}, {year}", level=say(LEVELS[level]), year=row["year"])
    return Figure(title, value, note)
