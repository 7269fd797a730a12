"""What a lineage found, in sentences and in a few large numbers."""

from __future__ import annotations

from collections.abc import Iterator

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import number, percent
from polyculture.report.plain import label
from polyculture.report.figures import Figure


def paragraph(found: LineageResult) -> str:
    """The answer in plain words, with the numbers that it turns on.

    Examples
    --------
    >>> from polyculture.ancestry import lineage
    >>> from polyculture.report.lineage_sentences import paragraph
    >>> paragraph(lineage({"name": ["a", "b"], "parents": ["none", "a"]})).partition(".")[0]
    'Two models drawn at random share a root with probability 100'
    """
    return " ".join(sentence for say in (_together, _kin, _falls, _open, _errors) for sentence in say(found))


def _together(found: LineageResult) -> Iterator[str]:
    hhi = found.diversity.get("hhi")
    if hhi:
        share, named = percent(hhi["estimate"]), hhi["named"]
        yield f"Two models drawn at random share a root with probability {share} as far as parents are declared."
        if hhi["high"] > hhi["low"]:
            yield (
                f"What is not declared leaves {percent(hhi['low'])} to {percent(hhi['high'])} open, "
                f"{percent(named['low'])} to {percent(named['high'])} if models that others name are roots."
            )


def _kin(found: LineageResult) -> Iterator[str]:
    if found.depth:
        mean, longest = found.depth["mean"]["estimate"], found.depth["longest"]["estimate"]
        yield f"A model stands {number(mean)} steps below its furthest root on average, {number(longest)} at most."
    if found.kinship:
        mean = found.kinship["mean"]["estimate"]
        yield f"Mean kinship is {number(mean)}, where ½ is a model with itself and ¼ parent and child."


def _falls(found: LineageResult) -> Iterator[str]:
    if found.withdrawn:
        worst = found.withdrawn[0]
        yield (
            f"If {label(str(worst['root']), 60)} were withdrawn, {number(worst['touched']['estimate'])} models would "
            f"lose an ancestor ({percent(worst['share_touched'])}), and {number(worst['wholly']['estimate'])} of these "
            "have no other."
        )


def _open(found: LineageResult) -> Iterator[str]:
    if found.unresolved.get("names"):
        yield (
            f"{found.unresolved['names']:,} names of parents are of no listed model; they make "
            f"{percent(found.unresolved['share_of_edges'])} of what models declare, and count as roots of their own."
        )
    unknown = found.count.get("roots_of_unknown_parents", 0)
    if unknown:
        yield f"{unknown:,} of {found.count['roots']:,} roots do not say that they have no parents."


def _errors(found: LineageResult) -> Iterator[str]:
    for term in found.shared_errors.get("terms", ()):
        if term["name"] == "kinship":
            measure = found.shared_errors["measure"].replace("_", " ")
            ends = term["interval"]
            yield (
                f"In the audit, {measure} rises by {number(term['estimate'])} [{number(ends['low'])}, "
                f"{number(ends['high'])}] for each unit of kinship (p = {number(term['p_permuted'])} by permutation)."
            )


def cards(found: LineageResult) -> list[Figure]:
    """The numbers that stand large at the top."""
    if not found.effective_founders:
        return []
    founders, largest = found.effective_founders, found.diversity["largest_share"]
    made = [
        Figure("models", f"{found.count['models']:,}", f"{found.count['edges']:,} declared parents"),
        Figure(
            "effective founders",
            number(founders["estimate"]),
            f"of {found.count['roots']:,} roots; {number(founders['low'])} to {number(founders['high'])} with what is "
            "not declared",
        ),
        Figure(
            "share of the largest root",
            percent(largest["estimate"]),
            str(found.roots[0]["name"]) if found.roots else "",
        ),
    ]
    if found.withdrawn:
        worst = found.withdrawn[0]
        note = f"if {label(str(worst['root']), 40)} is withdrawn"
        made.append(Figure("models that lose an ancestor", number(worst["touched"]["estimate"]), note))
    return made
