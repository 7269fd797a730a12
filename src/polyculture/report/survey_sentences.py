"""What a survey found, in sentences and in a few large numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polyculture.report.plain import label
from polyculture.report.figures import Figure
from polyculture.report.survey_rows import Row, chosen, ended, number, plural
from polyculture.report.survey_transfer import edges
from polyculture.surveying.headline import ASKED, main_level
from polyculture.surveying.result import SurveyResult

WORDS = {
    "jensen_shannon": "Jensen-Shannon divergence",
    "beta": "β diversity",
    "sigma": "the spread of shares over communities (σ)",
    "beta_convergence": "β-convergence",
}
STABLE = 0.9
"""Share of draws in which an opening must be among the first to be called stable."""


def paragraph(found: SurveyResult) -> str:
    """The answer in plain words, with what speaks against it.

    Examples
    --------
    >>> from polyculture.report.survey_sentences import paragraph
    >>> from polyculture.surveying.result import SurveyResult
    >>> paragraph(SurveyResult(10, ["CV"], [2020, 2021], partial="the file ends early"))
    'Only part of the source was read: the file ends early.'
    """
    return " ".join(sentence for say in (_partial, _trends, _transfer, _openings, _copies) for sentence in say(found))


def _partial(found: SurveyResult) -> Iterator[str]:
    if found.partial:
        yield f"Only part of the source was read: {label(found.partial, 200)}."


def _trends(found: SurveyResult) -> Iterator[str]:
    """Every verdict at one level, so that none is chosen."""
    for conditional, asked in ASKED.items():
        told = [
            f"{WORDS.get(row['measure'], row['measure'])} says {row['verdict']}"
            for row in chosen(found.convergence, level=main_level(found), conditional=conditional)
        ]
        if told:
            yield f"{asked[0].upper()}{asked[1:]}: {'; '.join(told)}."


def _transfer(found: SurveyResult) -> Iterator[str]:
    at, rows = edges(found)
    sure = [row for row in rows if number(row, "p_adjusted") < 1 - float(found.settings.get("confidence", 0.95))]
    if sure:
        told = [f"{label(str(row['leader']), 30)} → {label(str(row['follower']), 30)}" for row in sure[:5]]
        first = f", first of all {', '.join(told)}" if len(sure) > 5 else f": {', '.join(told)}"
        yield f"{len(sure)} of {len(rows)} paths from a leader to a follower carry more methods than chance{first}."
    elif rows:
        yield f"No path from a leader to a follower carries more methods than chance (at {100 * at:g} % of papers)."


def _openings(found: SurveyResult) -> Iterator[str]:
    rows = found.openings.get("found", ())
    if rows:
        stable = [row for row in rows if number(row, "stability") >= STABLE]
        named = ", ".join(f"{label(row['name'], 40)} in {label(row['community'], 30)}" for row in stable[:3])
        yield (
            f"Of the {len(rows)} strongest openings, {len(stable)} stay among the first in {100 * STABLE:.0f} % of "
            f"draws{f', such as {named}' if stable else ''}."
        )


def _copies(found: SurveyResult) -> Iterator[str]:
    whole = next((row for row in found.duplication.get("by_year", ()) if row.get("year") is None), None)
    if whole and not math.isnan(number(whole, "between_ratio")):
        yield (
            f"{ended(whole, 'between', 2, 100)} % of the papers have a copy in another community, "
            f"{ended(whole, 'between_ratio', 2)} times what chance gives; {ended(whole, 'within', 2, 100)} % in their "
            f"own, {ended(whole, 'within_ratio', 2)} times."
        )


def cards(found: SurveyResult) -> list[Figure]:
    """Three numbers that stand large at the top: both trends, and the variety of a community."""
    made, level = [], main_level(found)
    for conditional, asked in ASKED.items():
        rows = chosen(found.convergence, level=level, conditional=conditional, measure="jensen_shannon")
        made += [_trend(row, asked) for row in rows]
    varied = chosen(found.divergence, level=level, conditional=True, measure="alpha")
    return [*made, *([_variety(max(varied, key=lambda row: row["year"]), level)] if varied else [])]


def _trend(row: Row, asked: str) -> Figure:
    value, _, ends = ended({**row, "estimate": row["corrected"]}, digits=4).partition(" ")
    span = f"{row['first_year']} to {row['last_year']}, {len(row['communities'])} communities"
    return Figure(f"change of difference, bits a year, {asked}", value, f"{ends}; {span}: {row['verdict']}")


def _variety(row: Row, level: str) -> Figure:
    value, _, ends = ended({**row, "estimate": row["corrected"]}, digits=1).partition(" ")
    chance = number(row, "null")
    shuffled = f"; {chance:.1f} with communities shuffled" * (not math.isnan(chance))
    note = f"{ends}{shuffled}; among papers that name a method"
    return Figure(f"effective {plural(level)} in a community, {row['year']}", value, note)
