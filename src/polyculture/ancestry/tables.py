"""A lineage as a sentence and as tables that a person reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from polyculture.tables import SHOWN, Table, cut, not_measured

if TYPE_CHECKING:
    from polyculture.ancestry.result import LineageResult

COLUMNS = ("", "declared", "bounds", "bounds if named are roots", "interval")


def headline(found: LineageResult) -> str:
    """One sentence: how many models, from how many roots, worth how many equal founders."""
    count, founders = found.count, found.effective_founders
    if not count or not founders:
        return "No models."
    models = f"{count['models']:,} model{'s descend' if count['models'] != 1 else ' descends'}"
    roots = f"{count['roots']:,} root{'s' * (count['roots'] != 1)}"
    said = f"{models} from {roots}, worth {number(founders['estimate'])} equal"
    said += f" founders as far as parents are declared ({_to(founders)} with what is not"
    said += f"; {_to(founders['named'])} if models that others name are roots)"
    if found.roots:
        said += (
            f"; the largest root, {found.roots[0]['name']}, has {percent(found.roots[0]['estimate'])} of the ancestry"
        )
    return said + "."


def tables(found: LineageResult) -> list[Table]:
    """Every table that a lineage has something for."""
    made = (_numbers, _roots, _withdrawn, _spread, _months, _errors, _unresolved, _cycles, _counted)
    told = [table for make in made for table in make(found)]
    return [*told, *not_measured(found.not_measured), *_meaning(found)]


def number(value: float | None) -> str:
    """A number that may be a count, small, or unknown.

    Examples
    --------
    >>> number(3), number(12.345), number(0.01234), number(None), number(float("inf"))
    ('3', '12.3', '0.0123', '–', '∞')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if float(value).is_integer() and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"


def percent(value: float | None) -> str:
    """A share in per cent."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def _to(found: Mapping[str, Any], say: Any = number) -> str:
    return f"{say(found['low'])} to {say(found['high'])}"


def _row(name: str, found: Mapping[str, Any], say: Any = number) -> list[str]:
    """An estimate as cells: declared, bounds, bounds if named models are roots, interval."""
    further = [_to(found[part], say) if part in found else "" for part in ("named", "interval")]
    return [name, say(found["estimate"]), _to(found, say), *further]


def _numbers(found: LineageResult) -> Iterator[Table]:
    if not found.effective_founders:
        return
    rows = [_row("effective founders", found.effective_founders)]
    named = {"roots": "roots", "entropy_founders": "founders by entropy", "gini": "Gini of the shares"}
    rows += [_row(said, found.diversity[name]) for name, said in named.items()]
    rows.append(_row("two models share a root (HHI)", found.diversity["hhi"], percent))
    rows.append(_row("share of the largest root", found.diversity["largest_share"], percent))
    kin = {"mean": "mean kinship", "founder_genome_equivalents": "founder genome equivalents"}
    rows += [_row(said, found.kinship[name]) for name, said in kin.items() if name in found.kinship]
    rows += [_row(f"{name} depth", found.depth[name]) for name in ("mean", "longest")]
    yield Table("lineage", "lineage", COLUMNS, rows)


def _roots(found: LineageResult) -> Iterator[Table]:
    rows = [
        [root["name"], *_row("", root, percent)[1:], root["parents"], percent(root["share_of_downloads"])]
        for root in found.roots
    ]
    if rows:
        columns = ["root", "share", *COLUMNS[2:], "its parents", "of downloads"]
        yield cut("roots", f"largest of {found.count['roots']:,} roots", columns, rows)


def _withdrawn(found: LineageResult) -> Iterator[Table]:
    rows = [
        [
            each["root"], number(each["touched"]["estimate"]), _to(each["touched"]), number(each["wholly"]["estimate"]),
            _to(each["wholly"]), percent(each["share_touched"]), percent(each["share_of_downloads"]),
        ]
        for each in found.withdrawn
    ]  # fmt: skip
    if rows:
        columns = ["root", "models", "bounds", "with no other root", "bounds ", "of models", "of downloads"]
        yield cut("withdrawn", "what falls if a root is withdrawn", columns, rows)


def _spread(found: LineageResult) -> Iterator[Table]:
    rows = []
    for name, each in found.concentration.items():
        most = each["largest"][0]
        rows.append([*_row(f"HHI by {name}", each["hhi"]), each["categories"], each["unknown"], most["name"]])
        rows.append([*_row(f"effective number by {name}", each["effective_number"]), "", "", ""])
    if rows:
        columns = [*COLUMNS[:2], "bounds", "", "interval", "different", "unknown", "most frequent"]
        kept = [i for i in range(len(columns)) if i != 3]
        cells = [[row[i] for i in kept] for row in rows]
        yield Table("concentration", "concentration", [columns[i] for i in kept], cells)


def _months(found: LineageResult) -> Iterator[Table]:
    rows = [
        [
            each["month"], each["models"], *_row("", each["effective_founders"])[1:4], each["largest_root"],
            percent(each["largest_share"]), number(each["architecture_hhi"]), number(each["organisation_hhi"]),
        ]
        for each in found.months
    ]  # fmt: skip
    if rows:
        columns = [
            "month", "models", "effective founders", "bounds", "if named are roots", "largest root", "its share",
            "HHI of architectures", "HHI of organisations",
        ]  # fmt: skip
        more = f" (the last {SHOWN} of {len(rows)})" if len(rows) > SHOWN else ""
        yield Table("months", "models of each month" + more, columns, rows[-SHOWN:])


def _errors(found: LineageResult) -> Iterator[Table]:
    rows = [
        [*_row(term["name"], term)[:3], _to(term["interval"]), number(term["p"]), number(term["p_permuted"])]
        for term in found.shared_errors.get("terms", ())
    ]
    if rows:
        measure = found.shared_errors["measure"].replace("_", " ")
        title = f"kinship and {measure} of {found.shared_errors['pairs']:,} pairs"
        columns = ["term", "effect", "bounds", "interval", "p", "p by permutation"]
        yield Table("shared_errors", title, columns, rows)


def _unresolved(found: LineageResult) -> Iterator[Table]:
    rows = [[e["name"], e["times"], e["why"], e["nearest"] or ""] for e in found.unresolved.get("list", ())]
    if rows:
        count, share = found.unresolved["names"], percent(found.unresolved["share_of_edges"])
        title = f"{count:,} parents that are not listed, {share}" if count > 1 else f"1 parent is not listed, {share}"
        columns = ["parent", "times", "why", "nearest listed"]
        yield cut("unresolved", f"{title} of what models declare", columns, rows)


def _cycles(found: LineageResult) -> Iterator[Table]:
    rows = [[len(group), ", ".join(group[:6]) + (" ..." if len(group) > 6 else "")] for group in found.cycles]
    if rows:
        yield cut("cycles", "models that say they descend from each other", ["models", "from the oldest"], rows)


def _counted(found: LineageResult) -> Iterator[Table]:
    if found.counted:
        yield Table(
            "counted", "decisions about the input", ["what", "count"], [[k, v] for k, v in found.counted.items()]
        )


def _meaning(found: LineageResult) -> Iterator[Table]:
    if found.meaning:
        yield Table("meaning", "what the columns mean", ["", "meaning"], [[k, v] for k, v in found.meaning.items()])
