"""What a survey raises as a concern: each question with its rule."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from scipy.stats import binomtest

from polyculture.report.language import heard, say
from polyculture.report.page import Finding
from polyculture.report.plain import label
from polyculture.report.rules import judged, not_applicable, not_checked
from polyculture.report.survey_rows import Row, chosen, ended, number
from polyculture.report.survey_sentences import change, trend, whole_copies
from polyculture.report.survey_transfer import shown_at
from polyculture.report.survey_words import asked, verdict
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult

NAMING = 0.2
"""Share of the papers that must name a method."""
UNEVEN = 0.2
"""Difference between the shares of two communities' papers that have abstracts."""
LEADS = 0.5
"""Share of the methods that one community may be first with."""
COMMUNITIES, DATED, CHANCE = 3, 10, 0.05
"""Communities and dated methods without which nobody can be said to lead, and how rarely chance may give as much."""


def findings(found: SurveyResult) -> list[Finding]:
    """All questions, in the order of the page."""
    return [
        _converging(found, conditional=True),
        _converging(found, conditional=False),
        _hangs(found),
        _varied(found),
        _leader(found),
        _copied(found),
        _named(found),
        _abstracts(found),
        _whole(found),
    ]


def _converging(found: SurveyResult, *, conditional: bool) -> Finding:
    """A concern if the whole interval of the change lies below 0."""
    title = say("Are communities converging, {asked}?", asked=asked(conditional))
    row = trend(found, conditional=conditional)
    if row is None:
        return not_checked(title, say("Too few years or communities have enough papers."))
    sentence = say("{verdict}: {change} bits a year.", verdict=verdict(row["verdict"]), change=change(row))
    reason = say("A concern if the whole interval of the change is below 0.")
    return judged(row["verdict"] == "converging", title, sentence[0].upper() + sentence[1:], reason)


def _hangs(found: SurveyResult) -> Finding:
    """A concern if without one community the verdict is another."""
    title = say("Does the verdict hang on one community?")
    rows = [row for conditional in (True, False) if (row := trend(found, conditional=conditional))]
    if not any(row.get("without") for row in rows):
        return not_checked(title, say("The trend was not measured without each community in turn."))
    names = list(
        dict.fromkeys(each["community"] for row in rows for each in row.get("without", ()) if _other(each, row))
    )
    sentence = (
        say("It is another without {names}.", names=", ".join(label(name, 40) for name in names[:5]))
        if names
        else say("It is the same without each of them.")
    )
    return judged(bool(names), title, sentence, say("A concern if leaving any one of them out changes it."))


def _other(each: Row, row: Row) -> bool:
    """Whether the verdict is another; of a trend of which something is told, also whether its sign is."""
    value = number(each, "corrected")
    turned = row["verdict"] != "cannot tell" and value * number(row, "corrected") < 0
    return math.isfinite(value) and (each["verdict"] != row["verdict"] or turned)


def _varied(found: SurveyResult) -> Finding:
    """A concern if the variety within communities is lower in the last year than in the first, intervals apart."""
    title = say("Has the variety within communities fallen?")
    rows = chosen(found.divergence, level=main_level(found), conditional=True, measure="alpha")
    rows = sorted((row for row in rows if math.isfinite(number(row, "corrected"))), key=lambda row: row["year"])
    if len(rows) < 2:
        return not_checked(title, say("It is not known for two years."))
    first, last = (ended({**row, "estimate": row["corrected"]}, digits=2) for row in (rows[0], rows[-1]))
    sentence = say(
        "Effective number in a community: {first} in {then}, {last} in {now}.",
        first=first,
        last=last,
        then=rows[0]["year"],
        now=rows[-1]["year"],
    )
    fallen = number(rows[-1], "high") < number(rows[0], "low")
    return judged(fallen, title, sentence, say("A concern if the last interval lies below the first."))


def _leader(found: SurveyResult) -> Finding:
    """A concern if one community is first with more than half of the methods, and rarely by chance.

    By chance each community is first equally often, as in the network of transfer; p-values are multiplied by the
    number of communities, as any of them might have led.
    """
    title = say("Does one community lead all others?")
    level, at = shown_at(found)
    rows = chosen(found.transfer.get(level, {}).get("behind", ()), at=at)
    total = sum(number(row, "leads") for row in rows)
    if not rows or not total > 0:
        return not_checked(title, say("No method has a first community that can be told."))
    if len(rows) < COMMUNITIES or total < DATED:
        reason = say(
            "It needs {communities} communities and {methods} methods that can be dated; of two communities one leads "
            "by arithmetic.",
            communities=COMMUNITIES,
            methods=DATED,
        )
        return not_applicable(title, reason)
    first = max(rows, key=lambda row: (number(row, "leads"), row["community"]))
    share = number(first, "leads") / total
    p = min(1.0, len(rows) * _as_often(number(first, "leads"), total, len(rows)))
    sentence = say(
        "{community} is first with {leads} of {total} (p {p} if all were first equally often).",
        community=label(str(first["community"]), 40),
        leads=f"{number(first, 'leads'):.0f}",
        total=f"{total:.0f}",
        p=f"{p:.3f}",
    )
    reason = say(
        "A concern above half of the methods that can be dated, with a p below {limit}, adjusted for the number of "
        "communities.",
        limit=CHANCE,
    )
    return judged(share > LEADS and p < CHANCE, title, sentence, reason)


def _as_often(leads: float, total: float, communities: int) -> float:
    """Probability that a community is first as often, if any is first with a method with the same probability."""
    return float(binomtest(round(leads), round(total), 1 / communities, alternative="greater").pvalue)


def _copied(found: SurveyResult) -> Finding:
    """A concern if papers stand in two communities more often than chance, beyond the interval."""
    title = say("Do papers stand in two communities beyond chance?")
    whole = whole_copies(found)
    if whole is None or not math.isfinite(number(whole, "between_ratio_low")):
        return not_checked(title, say("Copies were not counted, or are too few."))
    sentence = say("{times} times as often as chance gives.", times=ended(whole, "between_ratio", 2))
    reason = say("A concern if the whole interval is above 1: the same papers then make communities alike.")
    return judged(number(whole, "between_ratio_low") > 1, title, sentence, reason)


def _named(found: SurveyResult) -> Finding:
    """A concern if fewer than a fifth of the papers name a method."""
    title = say("Do enough papers name a method?")
    cells: Any = chosen(found.cells, level="family")
    papers, naming = sum(number(row, "papers") for row in cells), sum(number(row, "naming") for row in cells)
    if not papers > 0:
        return not_checked(title, say("The papers were not counted."))
    sentence = say(
        "{share} % of the papers of the communities and years that were measured do.",
        share=f"{100 * naming / papers:.1f}",
    )
    return judged(
        naming / papers < NAMING, title, sentence, say("A concern below {limit} %.", limit=f"{100 * NAMING:g}")
    )


def _abstracts(found: SurveyResult) -> Finding:
    """A concern if communities differ by more than a fifth in how many papers have abstracts."""
    title = say("Were all communities read alike?")
    if not found.settings.get("abstracts"):
        return not_applicable(title, say("Only titles, or tags, were read."))
    papers, some = Counter[str](), Counter[str]()
    for row in found.cells:
        if row["level"] == "family" and row.get("abstracts") is not None:
            papers[row["community"]] += row["papers"]
            some[row["community"]] += row["abstracts"] * row["papers"]
    shares = sorted((some[name] / papers[name], name) for name in papers if papers[name])
    if not shares:
        return not_checked(title, say("The result does not say which papers have abstracts."))
    (least, few), (most, many_) = shares[0], shares[-1]
    sentence = say(
        "{low} % of the papers of {few} have abstracts and {high} % of those of {many}.",
        low=f"{100 * least:.0f}",
        high=f"{100 * most:.0f}",
        few=label(few, 40),
        many=label(many_, 40),
    )
    reason = say(
        "A concern if they lie more than {limit} points apart: who has abstracts names more methods for that alone.",
        limit=f"{100 * UNEVEN:g}",
    )
    return judged(most - least > UNEVEN, title, sentence, reason)


def _whole(found: SurveyResult) -> Finding:
    """A concern if the source was not read to its end."""
    title = say("Was the whole source read?")
    rule = say("A concern if anything of it is missing.")
    if found.partial:
        return judged(True, title, say("Only part of it: {why}.", why=label(heard(found.partial), 200)), rule)
    return judged(False, title, say("It was read to its end."), rule)
