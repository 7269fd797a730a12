"""What is drawn of a lineage: the roots as areas, their descendants, months, withdrawals, and what goes with errors."""

from __future__ import annotations

from collections.abc import Iterator

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import number, percent
from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.dots import dots
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.charts.tree import descent
from polyculture.report.charts.treemap import treemap
from polyculture.report.facts import shown
from polyculture.report.language import heard, later, say
from polyculture.report.lineage_tree import Branch, trees
from polyculture.report.numbers import measure
from polyculture.report.plain import label
from polyculture.tables import Table

PARENTS = {
    "says it has none": later("says it has none"),
    "does not say": later("does not say"),
    # of results that an earlier version wrote
    "declares none": later("does not say"),
    "not listed": later("not listed"),
}
"""What a root says of its own parents."""
LEAST, FEWEST, CHARTED = 1e-3, 5, 12
"""Share of all other roots from which they have an area, models that a month needs, and roots that have a bar."""
FOLLOWED, CHILDREN = 12, (8, 3, 2)
"""Roots that can be followed, and children of one model that are drawn in each generation; the list below has more."""


def roots(found: LineageResult) -> Iterator[Chart | None]:
    """Roots as areas, largest first; nothing without roots."""
    told = [
        (str(r["name"]), float(r["estimate"]), say(PARENTS.get(str(r["parents"]), str(r["parents"]))))
        for r in found.roots
        if r["estimate"] > 0
    ]
    if not told:
        return
    rest = 1 - sum(share for _, share, _ in told)
    if rest > LEAST:
        told.append((say("all other roots"), rest, say("others")))
    largest = ", ".join(f"{label(name, 40)} {percent(share)}" for name, share, _ in told[:5])
    said = say("The largest areas: {names}.", names=largest)
    about = say(
        "Areas are shares of the ancestry as far as parents are declared: a model with k parents has 1/k from each. "
        "Colours tell what a root says of its own parents."
    )
    rows = [[name, percent(share), kind] for name, share, kind in told]
    table = shown(Table("treemap", "shares of the roots", ["root", "share", "its parents"], rows))
    # the rest is no root, and may be larger than any
    told.sort(key=lambda tile: -tile[1])
    yield treemap("treemap", say("Which roots the models go back to"), (said, about), told, table)


def branches(found: LineageResult) -> Iterator[Chart | None]:
    """The descendants of the root that the reader picks."""
    kept = [_cut(tree, 0) for tree in trees(found)[:FOLLOWED]]
    if not kept:
        return
    rows = [[tree.name, tree.note] for tree in kept]
    table = shown(Table("descent", "the roots that can be followed", ["root", "what descends"], rows))
    about = say(
        "Pick a root. To the right stand the models made of it, then those made of them, at most {children} of each "
        "model, those with most of their own first; the list below has more.",
        children=", ".join(map(str, CHILDREN)),
    )
    pick = Pick("root", say("root"), [tree.name for tree in kept])
    yield descent("descent", say("Follow a branch of ancestry"), (about, about), pick, kept, table)


def _cut(tree: Branch, deep: int) -> Branch:
    inner = [] if deep >= len(CHILDREN) else [_cut(each, deep + 1) for each in tree.inner[: CHILDREN[deep]]]
    return Branch(tree.name, tree.note, inner)


def months(found: LineageResult) -> Iterator[Chart | None]:
    """Effective founders by month; nothing where fewer than two months have models enough."""
    told = [each for each in found.months if each["models"] >= FEWEST]
    if len(told) < 2:
        return
    founders = [each["effective_founders"] for each in told]
    names = [str(each["month"]) for each in told]
    # the band reaches down to what is left if all that nobody names came from one root
    series = Series(
        say("founders"),
        "line",
        [f["estimate"] for f in founders],
        [f["named"]["low"] for f in founders],
        [f["estimate"] for f in founders],
    )
    rows = [
        [name, each["models"], number(f["estimate"]), number(f["named"]["low"])]
        for name, each, f in zip(names, told, founders, strict=True)
    ]
    table = shown(Table("months-drawn", "effective founders by month", ["month", "models", "founders", "low"], rows))
    said = say(
        "From {first} in {then} to {last} in {now}.",
        first=number(founders[0]["estimate"]),
        then=names[0],
        last=number(founders[-1]["estimate"]),
        now=names[-1],
    )
    about = say(
        "Points take every model without a declared parent for a root; the band reaches down to what is left if those "
        "that nobody names came from the largest root of the month. Months with fewer than {fewest} models are left "
        "out.",
        fewest=FEWEST,
    )
    places = Places(list(range(len(names))), names, say("month"))
    title = say("From how few founders the models of each month descend")
    yield lines("months-drawing", title, (said, about), places, [("", [series])], table)


def falls(found: LineageResult) -> Iterator[Chart | None]:
    """How many models would lose an ancestor with each root."""
    rows = [
        (label(str(each["root"]), 40), [{"estimate": each["touched"]["estimate"], **each["touched"]["named"]}])
        for each in found.withdrawn[:CHARTED]
    ]
    yield dots(
        "chart-withdrawn",
        say("Models that would lose an ancestor"),
        say(
            "Brackets hold bounds: how many more there may be if models that nobody names, and that declare no "
            "parents, descend from that root."
        ),
        ["models"],
        rows,
        kind="bar",
        digits=0,
    )


def terms(found: LineageResult) -> Iterator[Chart | None]:
    """What goes with the likeness of audited models."""
    told = [term for term in found.shared_errors.get("terms", ()) if term["name"] != "constant"]
    rows = [(heard(str(term["name"])), [{"estimate": term["estimate"], **term["interval"]}]) for term in told]
    yield dots(
        "chart-errors",
        say("What goes with {measure}", measure=label(measure(found.shared_errors.get("measure", "")), 60)),
        say("Right of zero, pairs with more of it are more alike; an interval that holds zero cannot tell."),
        ["effect"],
        rows,
        digits=2,
    )
