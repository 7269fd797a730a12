"""A survey as tables that a person reads: estimates are shown less the bias of small samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyculture.surveying.headline import ASKED, known, main_level, plural
from polyculture.tables import Table, cut, interval, not_measured

if TYPE_CHECKING:
    from polyculture.surveying.result import SurveyResult

LIKENESS = ("jensen_shannon", "morisita_horn", "beta", "turnover", "nestedness")
VARIETY = ("hill_0", "hill_1", "hill_2", "hhi", "gini")
Row = Mapping[str, Any]


def tables(found: SurveyResult) -> list[Table]:
    """What is shown on the screen; empty tables are left out."""
    made = (_convergence, _divergence, _diversity, _adoption, _openings, _policies)
    return [*(table for make in made for table in make(found)), *not_measured(found.not_measured)]


def records(found: SurveyResult) -> dict[str, Sequence[Row]]:
    """Every table of a result by name: its own, and those inside what other questions found."""
    own = ("cells", "adoption", "adoption_curves", "diversity", "divergence", "pairs", "convergence", "policies")
    kept = {name: getattr(found, name) for name in own if getattr(found, name)}
    for name in ("transfer", "duplication", "openings", "exploration", "associations", "topics"):
        kept |= dict(_inside(name, getattr(found, name)))
    missing = [{"what": what, "why": why} for what, why in found.not_measured.items()]
    return kept | ({"not_measured": missing} if missing else {})


def _inside(name: str, part: Any) -> Iterator[tuple[str, Sequence[Row]]]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _inside(f"{name}.{key}", value)
    elif isinstance(part, Sequence) and part and isinstance(part[0], Mapping):
        yield name, part


def _one_less(row: Row) -> str:
    """Smallest and largest change without one community, and without which it would be least."""
    others = [each for each in row.get("without", ()) if known(each["estimate"])]
    if not others or not known(row["estimate"]):
        return "–"
    side = -1 if row["estimate"] < 0 else 1
    least = min(others, key=lambda each: side * each["estimate"])
    values = [each["estimate"] for each in others]
    return f"{min(values):.4f} to {max(values):.4f}; least without {least['community']}"


def _convergence(found: SurveyResult) -> Iterator[Table]:
    rows = [
        [row["level"], ASKED[row["conditional"]], row["measure"], _corrected(row, 4),
         _small(row["estimate"]), _one_less(row), *(_small(row[name]) for name in ("null", "p_adjusted")),
         f"{row['first_year']} to {row['last_year']}", len(row["communities"]), row["verdict"]]
        for row in found.convergence
    ]  # fmt: skip
    if rows:
        columns = [
            "level",
            "asked",
            "measure",
            "change",
            "as counted",
            "without one community",
            "by chance",
            "p adjusted",
            "years",
            "communities",
            "verdict",
        ]
        yield Table("convergence", "do communities come closer", columns, rows)


def _divergence(found: SurveyResult) -> Iterator[Table]:
    for conditional, asked in ASKED.items():
        chosen = [
            row for row in found.divergence if row["level"] == main_level(found) and row["conditional"] is conditional
        ]
        years = sorted({row["year"] for row in chosen})
        by = {(row["year"], row["measure"]): row for row in chosen}
        lines = [
            [year, by[year, "beta"]["communities"], *(_corrected(by.get((year, name)), 3) for name in LIKENESS)]
            for year in years
        ]
        if lines:
            title = f"difference between communities, {plural(found)}, {asked}"
            yield cut(f"divergence {_short(conditional)}", title, ["year", "communities", *LIKENESS], lines)


def _diversity(found: SurveyResult) -> Iterator[Table]:
    for conditional, asked in ASKED.items():
        chosen = [
            row for row in found.diversity if row["level"] == main_level(found) and row["conditional"] is conditional
        ]
        last = {row["community"]: row["year"] for row in sorted(chosen, key=lambda row: row["year"])}
        by = {(row["community"], row["year"], row["measure"]): row for row in chosen}
        lines = [
            [name, last[name], *(_corrected(by[name, last[name], measure], 3) for measure in VARIETY)]
            for name in sorted(last)
        ]
        if lines:
            title = f"diversity within communities in their last year, {plural(found)}, {asked}"
            yield cut(f"diversity {_short(conditional)}", title, ["community", "year", *VARIETY], lines)


def _adoption(found: SurveyResult) -> Iterator[Table]:
    level = main_level(found)
    last = [row for row in found.adoption if row["level"] == level and row["year"] == found.years[1]]
    ranked = sorted(last, key=lambda row: (-row["share"], row["community"], row[level]))
    rows = [[row["community"], row[level], _percent(row)] for row in ranked]
    if rows:
        title = f"{plural(found)} by share of a community's papers in {found.years[1]}, %"
        yield cut("adoption", title, ["community", level, "share"], rows)


def _openings(found: SurveyResult) -> Iterator[Table]:
    rows = [
        [row["community"], row["name"], interval(row | {"estimate": row["score"]}, 3),
         f"{row['rank_low']} to {row['rank_high']}", f"{100 * row['stability']:.0f}", row["reason"]]
        for row in map(dict, found.openings.get("found", ()))
    ]  # fmt: skip
    if rows:
        columns = ["community", "method", "score", "rank in draws", f"first {len(rows)}, % of draws", "because"]
        yield cut("openings", "where cooperation could start, the surest first", columns, rows)


def _policies(found: SurveyResult) -> Iterator[Table]:
    rows = [[row["what"], row["count"], row["done"]] for row in found.policies]
    if found.partial:
        rows.append(["only part of the source was read", "", found.partial])
    if rows:
        yield Table("policies", "decisions about the input", ["what", "count", "done"], rows)


def _corrected(row: Row | None, digits: int) -> str:
    """The estimate less its bias, with the interval: what was counted may lie at its end."""
    return interval(None if row is None else {**row, "estimate": row["corrected"]}, digits)


def _percent(row: Row) -> str:
    return interval({"estimate": 100 * row["share"], "low": 100 * row["low"], "high": 100 * row["high"]}, 1)


def _short(conditional: bool) -> str:
    return "conditional" if conditional else "unconditional"


def _small(value: float) -> str:
    return f"{value:.4f}" if known(value) else "–"
