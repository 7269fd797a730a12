"""What is drawn of a survey: difference over years, adoption, variety, transfer, copies and new methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from polyculture.report.audit_drawing import Drawing, label
from polyculture.report.facts import shown
from polyculture.report.survey_grid import grid
from polyculture.report.survey_lines import Series, timeline
from polyculture.report.survey_matrix import matrix
from polyculture.report.survey_rows import (
    Row,
    all_years,
    by_year,
    chosen,
    ended,
    largest,
    number,
    only_some,
    plural,
)
from polyculture.report.survey_transfer import edges
from polyculture.surveying.headline import ASKED, main_level
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

FAMILIES = 20
"""Families that are drawn: those that most papers name."""
NOVEL = {"entering": "methods that enter, %", "incumbent": "papers on methods in use before, %", "age": "age, years"}


def differences(found: SurveyResult) -> Iterator[Drawing | None]:
    """Jensen-Shannon divergence over years at both levels, conditional and not, and of pairs in the last year."""
    about = (
        "Lower is more alike. The line and its band take off what small samples add; dots are as counted, dashes what "
        "is counted with communities shuffled within years: compare dots with dashes."
    )
    for level in dict.fromkeys((main_level(found), "method")):
        for conditional, asked in ASKED.items():
            own = chosen(found.divergence, level=level, conditional=conditional, measure="jensen_shannon")
            title = f"Difference of communities, {level} level, {asked}"
            key = f"difference-{level}-{'conditional' if conditional else 'unconditional'}"
            yield timeline(key, title, about, all_years(found), _measured(own, all_years(found)), "bits")
    yield _pairs(found)


def _measured(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    """What was measured less its bias, as it was counted, and what chance gives."""
    low, high = by_year(rows, years, "low"), by_year(rows, years, "high")
    return [
        Series("less bias", "line", by_year(rows, years, "corrected"), low, high),
        Series("as counted", "counted", by_year(rows, years, "estimate")),
        Series("by chance", "chance", by_year(rows, years, "null")),
    ]


def _pairs(found: SurveyResult) -> Drawing | None:
    level = main_level(found)
    own = chosen(found.pairs, level=level, conditional=True, measure="jensen_shannon")
    year = max((row["year"] for row in own), default=0)
    drawn = largest(found)
    rows = [row for row in chosen(own, year=year) if row["a"] in drawn and row["b"] in drawn]
    values: dict[tuple[str, str], float] = {}
    titles: dict[tuple[str, str], str] = {}
    for row in rows:
        for pair in ((row["a"], row["b"]), (row["b"], row["a"])):
            values[pair] = number(row, "corrected")
            titles[pair] = f"{label(pair[0], 40)}, {label(pair[1], 40)}: {_corrected(row)} bits"
    ranked = sorted(rows, key=lambda row: (number(row, "corrected"), row["a"], row["b"]))
    if not ranked:
        return None
    least, most = ranked[0], ranked[-1]
    said = (
        f"Most alike are {label(least['a'], 30)} and {label(least['b'], 30)}, least alike {label(most['a'], 30)} and "
        f"{label(most['b'], 30)}."
    )
    about = f"{said} Jensen-Shannon divergence in bits, {ASKED[True]}, {year}.{only_some(found)}"
    table = Table("pairs", f"difference of pairs, {year}", ["first", "second", "bits"],
                  [[row["a"], row["b"], _corrected(row)] for row in ranked])  # fmt: skip
    title = f"How much pairs of communities differ, {plural(level)}, {year}"
    return matrix("pairs", title, (said, about), drawn, values, titles, set(), shown(table), digits=2)


def _corrected(row: Row) -> str:
    return ended({**row, "estimate": row["corrected"]})


def shares(found: SurveyResult) -> Iterator[Drawing | None]:
    """Share of papers that name a family, by community and year."""
    level = main_level(found)
    rows = chosen(found.adoption, level=level)
    total: dict[str, float] = {}
    own: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        total[row[level]] = total.get(row[level], 0) + row["naming"]
        own.setdefault((row[level], row["community"]), []).append(row)
    kept = sorted(total, key=lambda name: (-total[name], name))[:FAMILIES]
    years, names = all_years(found), largest(found)
    cells = {
        pair: [Series("share", "line", *(by_year(some, years, name) for name in ("share", "low", "high")))]
        for pair, some in own.items()
    }
    lines = [
        [each, name, *(_share(own.get((each, name), ()), year) for year in years)] for each in kept for name in names
    ]
    table = Table("shares", f"papers that name a {level}, %", [level, "community", *map(str, years)], lines)
    few = f" The {FAMILIES} of {len(total)} {plural(level)} with most papers." * (len(total) > FAMILIES)
    about = (
        "Share of all papers of a community and year, with its interval. Every row has a scale of its own, told at its "
        f"left, so that communities can be compared, and {plural(level)} cannot.{few}{only_some(found)}"
    )
    yield grid("adoption-curves", f"Adoption of {plural(level)}", about, (kept, names), years, cells, shown(table),
               times=100, unit=" %")  # fmt: skip


def _share(rows: Sequence[Row], year: int) -> str:
    some = chosen(rows, year=year)
    return ended(some[0], "share", 1, 100) if some else "–"


def variety(found: SurveyResult) -> Iterator[Drawing | None]:
    """Effective number of families, by community and year."""
    level = main_level(found)
    rows = chosen(found.diversity, level=level, measure="hill_1")
    about = (
        f"Hill number of order 1: as many {plural(level)}, each named as often as the others, would be as varied. Line "
        "and band are less the bias of small samples, dots as counted, dashes with communities shuffled."
        f"{only_some(found)}"
    )
    years = all_years(found)
    asked = {words: chosen(rows, conditional=conditional) for conditional, words in ASKED.items()}
    brief = {words: "of papers naming one" if conditional else "of all papers" for conditional, words in ASKED.items()}
    named = {brief[words]: some for words, some in asked.items()}
    yield _by_community("variety", f"Effective number of {plural(level)}", about, named, found, years)


def new_methods(found: SurveyResult) -> Iterator[Drawing | None]:
    """Entry of methods, papers on incumbents, and age, by community and year."""
    rows = found.exploration.get("by_year", ())
    percent = {name: 1 if name == "age" else 100 for name in NOVEL}
    named = {
        said: [
            {**row, **{part: percent[name] * number(row, part) for part in ("estimate", "low", "high")}}
            for row in chosen(rows, measure=name)
        ]
        for name, said in NOVEL.items()
    }
    about = (
        "Share of a community's methods of a year that were not in use there before; share of its mentions that go to "
        f"those that were; mean years since the methods in use became known.{only_some(found)}"
    )
    yield _by_community("novelty", "New methods and old", about, named, found, all_years(found))


def _by_community(
    key: str, title: str, about: str, named: Mapping[str, Sequence[Row]], found: SurveyResult, years: Sequence[int]
) -> Drawing | None:
    """A row of small drawings for each name, one a community."""
    names, cells, lines = largest(found), {}, []
    for name, rows in named.items():
        for community in names:
            own = chosen(rows, community=community)
            if own:
                cells[name, community] = _series(own, years)
                first = cells[name, community][0]
                ends = zip(first.values, first.low, first.high, strict=True)
                told = [ended(dict(zip(("estimate", "low", "high"), each, strict=True)), digits=1) for each in ends]
                lines.append([name, community, *told])
    table = Table(key, title, ["what", "community", *map(str, years)], lines)
    return grid(key, title, about, (list(named), names), years, cells, shown(table))


def _series(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    if "corrected" in rows[0]:
        return _measured(rows, years)
    return [Series("estimate", "line", *(by_year(rows, years, name) for name in ("estimate", "low", "high")))]


def transfers(found: SurveyResult) -> Iterator[Drawing | None]:
    """How many methods each community took up after each leader."""
    at, every = edges(found)
    drawn = largest(found)
    rows = [row for row in every if row["leader"] in drawn and row["follower"] in drawn]
    if not rows:
        return
    values = {(row["leader"], row["follower"]): number(row, "methods") for row in rows}
    titles = {pair: f"{label(pair[0], 40)} → {label(pair[1], 40)}: {value:.0f}" for pair, value in values.items()}
    sure = {(row["leader"], row["follower"]) for row in rows if number(row, "p_adjusted") < 1 - _level(found)}
    said = " ".join(
        f"{label(str(row['leader']), 30)} → {label(str(row['follower']), 30)}: {row['methods']:.0f}."
        for row in rows[:5]
    )
    about = (
        f"Rows lead, columns follow: methods that reached {100 * at:g} % of the papers of the first before any other, "
        f"and of the second later. Outlined: more than if each method's order were random ({len(sure)} of {len(rows)})."
        f"{only_some(found)}"
    )
    table = Table("network", "from whom to whom", ["leader", "follower", "methods", "by chance", "p adjusted"],
                  [[row["leader"], row["follower"], ended({**row, "estimate": row["methods"]}, digits=0),
                    f"{number(row, 'expected'):.1f}", number(row, "p_adjusted")] for row in rows])  # fmt: skip
    title = "Transfer of methods: leader to follower"
    yield matrix("transfers", title, (said, about), drawn, values, titles, sure, shown(table))


def _level(found: SurveyResult) -> float:
    return float(found.settings.get("confidence", 0.95))


def copies(found: SurveyResult) -> Iterator[Drawing | None]:
    """Share of papers that have a near-duplicate in their community, and in another."""
    rows = [row for row in found.duplication.get("by_year", ()) if row.get("year") is not None]
    years = all_years(found)
    for kind in ("within", "between"):
        named = {name: [100 * v for v in by_year(rows, years, name)] for name in
                 (kind, f"{kind}_low", f"{kind}_high", f"{kind}_expected")}  # fmt: skip
        seen, low, high, expected = named.values()
        lines = [Series("papers", "line", seen, low, high), Series("by chance", "chance", expected)]
        about = "Dashes: the same groups of copies with communities shuffled within years."
        where = "the same community" if kind == "within" else "another community"
        yield timeline(f"copies-{kind}", f"Papers with a copy in {where}, %", about, years, lines, "%", digits=2)
