"""Numbers of a survey over its years: in one drawing, or in a small one for each community."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.facts import shown
from polyculture.report.language import later, say
from polyculture.report.survey_rows import Row, all_years, by_year, chosen, ended, largest
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

MEASURED = (later("less bias"), later("as counted"), later("by chance"))
UNCORRECTED = later("measured")
"""What a series is called whose bias is not known."""


def timeline(
    key: str, title: str, about: str, years: Sequence[int], series: Sequence[Series], unit: str, digits: int = 3
) -> Chart | None:
    """Lines over years with the numbers of each."""
    if not series or not any(math.isfinite(value) for each in series for value in each.values):
        return None
    rows = [[year, *(value_of(each, i, digits) for each in series)] for i, year in enumerate(years)]
    # series have their names in the language of the page, or from the data
    table = shown(Table(key, title, ["year", *(each.name for each in series)], rows, range(1, 1 + len(series))))
    first, last = _ends(years, series[0])
    said = say("From {first} to {last}.", first=first, last=last) if first else about
    return lines(key, title, (said, about), Places(years), [("", series)], table, unit=unit)


def _ends(years: Sequence[int], series: Series) -> tuple[str, str]:
    known = [f"{value:.3g} ({year})" for year, value in zip(years, series.values, strict=True) if math.isfinite(value)]
    return (known[0], known[-1]) if known else ("", "")


def value_of(series: Series, i: int, digits: int) -> str:
    """A value of a line with its interval, in words."""
    if series.low:
        return ended({"estimate": series.values[i], "low": series.low[i], "high": series.high[i]}, digits=digits)
    return "–" if math.isnan(series.values[i]) else f"{series.values[i]:.{digits}f}"


def measured(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    """What was measured less its bias, as it was counted, and what chance gives."""
    names = [say(name) for name in MEASURED]
    ends = (by_year(rows, years, "low"), by_year(rows, years, "high"))
    return [
        Series(names[0], "line", by_year(rows, years, "corrected"), *ends),
        Series(names[1], "counted", by_year(rows, years, "estimate")),
        Series(names[2], "chance", by_year(rows, years, "null")),
    ]


def by_community(
    key: str, title: str, about: str, named: Mapping[str, Sequence[Row]], found: SurveyResult
) -> Chart | None:
    """A small drawing for each community, of the one of several numbers that the reader picks."""
    years, panels, options, rows = all_years(found), [], [], []
    for i, (name, some) in enumerate(named.items()):
        for community in largest(found):
            own = chosen(some, community=community)
            series = _series(own, years) if own else []
            if series:
                panels.append((community, series))
                options.append(i)
                rows.append([name, community, *(value_of(series[0], y, 1) for y in range(len(years)))])
    if not panels:
        return None
    table = shown(Table(key, title, ["what", "community", *map(str, years)], rows))
    pick = Pick("what", say("what"), list(named))
    return lines(key, title, (about, about), Places(years), panels, table, pick=pick, options=options)


def _series(rows: Sequence[Row], years: Sequence[int]) -> list[Series]:
    if "corrected" in rows[0]:
        return measured(rows, years)
    return [Series(say(UNCORRECTED), "line", *(by_year(rows, years, part) for part in ("estimate", "low", "high")))]
