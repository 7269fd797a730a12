"""What a lineage found, in sentences and in a few large numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import number, percent
from polyculture.report.language import joined, many, say
from polyculture.report.numbers import measure
from polyculture.report.page import Figure
from polyculture.report.plain import label


def answer(found: LineageResult) -> str:
    """One sentence: how many models, from how many roots, worth how many equal founders.

    Examples
    --------
    >>> from polyculture.ancestry import LineageResult
    >>> from polyculture.report.lineage_sentences import answer
    >>> answer(LineageResult())
    'No models.'
    """
    count, founders = found.count, found.effective_founders
    if not count or not founders:
        return say("No models.")
    models = many(count["models"], "{count} model descends from", "{count} models descend from")
    roots = many(count["roots"], "{count} root", "{count} roots")
    return say(
        "{models} {roots}, worth {founders} equal founders as far as parents are declared ({low} to {high} with what "
        "is not).",
        models=models,
        roots=roots,
        founders=number(founders["estimate"]),
        low=number(founders["low"]),
        high=number(founders["high"]),
    )


def lead(found: LineageResult) -> list[str]:
    """The answer in plain words, with the numbers that it turns on.

    Examples
    --------
    >>> from polyculture.ancestry import lineage
    >>> from polyculture.report.lineage_sentences import lead
    >>> lead(lineage({"name": ["a", "b"], "parents": ["none", "a"]}))[0].partition(",")[0]
    'Two models drawn at random share a root with probability 100.0 % as far as parents are declared'
    """
    told = [sentence for tell in (_together, _kin, _falls, _open, _errors) for sentence in tell(found)]
    return [joined(*told)] if told else []


def _together(found: LineageResult) -> Iterator[str]:
    hhi = found.diversity.get("hhi")
    if hhi:
        named = hhi["named"]
        yield say(
            "Two models drawn at random share a root with probability {share} as far as parents are declared, {low} "
            "to {high} with what is not, {named_low} to {named_high} if models that others name are roots.",
            share=percent(hhi["estimate"]),
            low=percent(hhi["low"]),
            high=percent(hhi["high"]),
            named_low=percent(named["low"]),
            named_high=percent(named["high"]),
        )


def _kin(found: LineageResult) -> Iterator[str]:
    if found.depth:
        mean, longest = found.depth["mean"]["estimate"], found.depth["longest"]["estimate"]
        yield say(
            "A model stands {mean} steps below its furthest root on average, {longest} at most.",
            mean=number(mean),
            longest=number(longest),
        )
    if found.kinship:
        mean = found.kinship["mean"]["estimate"]
        yield say("Mean kinship is {mean}, where ½ is a model with itself and ¼ parent and child.", mean=number(mean))


def _falls(found: LineageResult) -> Iterator[str]:
    if found.withdrawn:
        worst = found.withdrawn[0]
        yield say(
            "If {root} were withdrawn, {touched} models would lose an ancestor ({share}), and {wholly} of these have "
            "no other.",
            root=label(str(worst["root"]), 60),
            touched=number(worst["touched"]["estimate"]),
            share=percent(worst["share_touched"]),
            wholly=number(worst["wholly"]["estimate"]),
        )


def _open(found: LineageResult) -> Iterator[str]:
    if found.unresolved.get("names"):
        yield many(
            found.unresolved["names"],
            "{count} name of a parent is of no listed model; it makes {share} of what models declare, and counts as a "
            "root of its own.",
            "{count} names of parents are of no listed model; they make {share} of what models declare, and count as "
            "roots of their own.",
            share=percent(found.unresolved["share_of_edges"]),
        )
    unknown = found.count.get("roots_of_unknown_parents", 0)
    if unknown:
        yield say(
            "{unknown} of {roots} roots do not say that they have no parents.",
            unknown=f"{unknown:,}",
            roots=f"{found.count['roots']:,}",
        )


def _errors(found: LineageResult) -> Iterator[str]:
    for term in found.shared_errors.get("terms", ()):
        if term["name"] == "kinship":
            ends = term["interval"]
            yield say(
                "In the audit, {measure} rises by {value} [{low}, {high}] for each unit of kinship (p = {p} by "
                "permutation).",
                measure=label(measure(found.shared_errors["measure"]), 60),
                value=number(term["estimate"]),
                low=number(ends["low"]),
                high=number(ends["high"]),
                p=number(term["p_permuted"]),
            )


def figures(found: LineageResult) -> list[Figure]:
    """Three numbers that stand large at the top."""
    if not found.effective_founders:
        return []
    founders, largest = found.effective_founders, found.diversity["largest_share"]
    note = say(
        "of {roots} roots; {low} to {high} with what is not declared",
        roots=f"{found.count['roots']:,}",
        low=number(founders["low"]),
        high=number(founders["high"]),
    )
    made = [
        Figure(say("effective founders"), number(founders["estimate"]), note),
        Figure(say("share of the largest root"), percent(largest["estimate"]), _bounds(largest)),
    ]
    if found.withdrawn:
        worst = found.withdrawn[0]
        said = say(
            "if {root} is withdrawn; {bounds}", root=label(str(worst["root"]), 40), bounds=_ends(worst["touched"])
        )
        return [*made, Figure(say("models that lose an ancestor"), number(worst["touched"]["estimate"]), said)]
    edges = many(found.count["edges"], "{count} declared parent", "{count} declared parents")
    return [*made, Figure(say("models"), f"{found.count['models']:,}", edges)]


def _bounds(found: Mapping[str, Any]) -> str:
    return say("{low} to {high} with what is not declared", low=percent(found["low"]), high=percent(found["high"]))


def _ends(found: Mapping[str, Any]) -> str:
    return say("{low} to {high}", low=number(found["low"]), high=number(found["high"]))
