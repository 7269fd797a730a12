"""What a lineage raises as a concern: each question with its rule."""

from __future__ import annotations

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import number, percent
from polyculture.report.language import many, say
from polyculture.report.numbers import measure
from polyculture.report.page import Finding
from polyculture.report.plain import label
from polyculture.report.rules import judged, known, not_applicable, not_checked

LARGEST = 0.25
"""Share of the ancestry that one root may have."""
TENTH = 0.1
"""Share of the models that the effective founders must reach, and that one withdrawal may leave without a root."""
FOUNDERS = 2
"""Effective founders that several models must have, however few the models are."""
UNRESOLVED = 0.2
"""Share of the declared parents that may be of no listed model."""
SILENT = 0.5
"""Share of the roots that may leave open whether they have parents."""
SPREAD = 0.25
"""Herfindahl-Hirschman index from which a market is called highly concentrated."""


def findings(found: LineageResult) -> list[Finding]:
    """All questions, in the order of the page."""
    return [
        _founders(found),
        _root(found),
        _falls(found),
        _architecture(found),
        _organisation(found),
        _errors(found),
        _resolved(found),
        _declared(found),
        _cycles(found),
    ]


def _founders(found: LineageResult) -> Finding:
    """A concern if the effective founders are fewer than a tenth of the models, or than two."""
    title = say("Do the models descend from few founders?")
    founders, models = found.effective_founders, found.count.get("models", 0)
    if not models or not known(founders, "estimate"):
        return not_checked(title, say("There are no models."))
    if models == 1:
        return not_applicable(title, say("There is one model."))
    sentence = say(
        "{models} models have {roots}, worth {founders} equal founders ({low} to {high} with what is not declared).",
        models=f"{models:,}",
        roots=many(found.count.get("roots", 0), "{count} root", "{count} roots"),
        founders=number(founders["estimate"]),
        low=number(founders["low"]),
        high=number(founders["high"]),
    )
    least = max(TENTH * models, FOUNDERS)
    reason = say(
        "A concern below {limit} founders: a tenth of the models, and {least} at least.",
        limit=f"{least:g}",
        least=FOUNDERS,
    )
    # the reciprocal of a sum of shares may miss a whole number by its last digit
    return judged(founders["estimate"] < least - 1e-9, title, sentence, reason)


def _root(found: LineageResult) -> Finding:
    """A concern if the largest root has more than a quarter of the ancestry."""
    title = say("Does one root stand behind many models?")
    if not found.roots:
        return not_checked(title, say("There are no roots."))
    first = found.roots[0]
    sentence = say(
        "{root} has {share} of the ancestry.", root=label(str(first["name"]), 60), share=percent(first["estimate"])
    )
    return judged(first["estimate"] > LARGEST, title, sentence, say("A concern above {limit}.", limit=percent(LARGEST)))


def _falls(found: LineageResult) -> Finding:
    """A concern if one withdrawal leaves more than a tenth of the models without any root."""
    title = say("Would many models be left without a root if one were withdrawn?")
    if not found.withdrawn or not found.count.get("models"):
        return not_checked(title, say("No withdrawal was looked at."))
    worst = max(found.withdrawn, key=lambda each: each["wholly"]["estimate"])
    share = worst["wholly"]["estimate"] / found.count["models"]
    sentence = say(
        "{models} models ({share}) have {root} alone.",
        models=number(worst["wholly"]["estimate"]),
        share=percent(share),
        root=label(str(worst["root"]), 60),
    )
    return judged(share > TENTH, title, sentence, say("A concern above a tenth of the models."))


def _architecture(found: LineageResult) -> Finding:
    return _concentrated(found, "architecture", say("Are architectures concentrated?"))


def _organisation(found: LineageResult) -> Finding:
    return _concentrated(found, "organisation", say("Are organisations concentrated?"))


def _concentrated(found: LineageResult, name: str, title: str) -> Finding:
    """A concern from an index of 0.25 on."""
    part = found.concentration.get(name)
    if not part:
        return not_applicable(title, say("The models do not tell theirs."))
    most = part["largest"][0]["name"] if part.get("largest") else "–"
    sentence = say(
        "The Herfindahl-Hirschman index is {value}; most frequent is {name}.",
        value=number(part["hhi"]["estimate"]),
        name=label(str(most), 60),
    )
    return judged(part["hhi"]["estimate"] >= SPREAD, title, sentence, say("A concern from {limit}.", limit=SPREAD))


def _errors(found: LineageResult) -> Finding:
    """A concern if kin fail together more than others, beyond the interval."""
    title = say("Do models of common descent fail together?")
    term = next((each for each in found.shared_errors.get("terms", ()) if each["name"] == "kinship"), None)
    if term is None or not known({"estimate": term["estimate"], **term["interval"]}):
        return not_checked(title, say("No audit of these models was given."))
    ends = term["interval"]
    sentence = say(
        "{measure} rises by {value} [{low}, {high}] for each unit of kinship.",
        measure=label(measure(found.shared_errors["measure"]), 60),
        value=number(term["estimate"]),
        low=number(ends["low"]),
        high=number(ends["high"]),
    )
    return judged(ends["low"] > 0, title, sentence, say("A concern if the whole interval is above 0."))


def _resolved(found: LineageResult) -> Finding:
    """A concern if more than a fifth of the declared parents are of no listed model."""
    title = say("Are declared parents known?")
    if not found.count.get("edges"):
        return not_applicable(title, say("No model declares a parent."))
    share = float(found.unresolved.get("share_of_edges") or 0.0)
    sentence = say("{share} of what models declare are parents that are not listed.", share=percent(share))
    return judged(share > UNRESOLVED, title, sentence, say("A concern above {limit}.", limit=percent(UNRESOLVED)))


def _declared(found: LineageResult) -> Finding:
    """A concern if more than half of the roots do not say that they have no parents."""
    title = say("Do roots say that they are roots?")
    roots, unknown = found.count.get("roots", 0), found.count.get("roots_of_unknown_parents", 0)
    if not roots:
        return not_checked(title, say("There are no roots."))
    sentence = say(
        "{unknown} of {roots} roots do not say that they have no parents.", unknown=f"{unknown:,}", roots=f"{roots:,}"
    )
    return judged(
        unknown > SILENT * roots, title, sentence, say("A concern above half of them: the bounds are then wide.")
    )


def _cycles(found: LineageResult) -> Finding:
    """A concern if models say that they descend from each other."""
    title = say("Is the ancestry free of circles?")
    if not found.count.get("models"):
        return not_checked(title, say("There are no models."))
    sentence = many(
        len(found.cycles),
        "{count} group of models says that they descend from each other.",
        "{count} groups of models say that they descend from each other.",
    )
    return judged(bool(found.cycles), title, sentence, say("A concern from one group: an edge of it was left out."))
