"""Rows of any source as papers: one set of policies for all of them, each counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from polyculture.data.audit_input.tables import text
from polyculture.data.papers.plan import Communities, Plan, truth
from polyculture.data.papers.raw import LEFT_OUT_NESTED, Raw
from polyculture.data.papers.types import COLUMNS, Papers
from polyculture.data.papers.years import FIRST, years

STATUSES = ("journal", "conference", "workshop", "preprint")
RETRACTED = "is_retracted"
PLACE = "_place"
"""Of a row without an id: where it stands, which becomes its id; not of what a paper says."""

_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]"
_BLANK = r"[\s\x00-\x1F\x7F-\x{9F}]+"


def tidy(raw: Raw, plan: Plan, communities: Communities) -> Papers:
    """Rows with what a paper needs, in the columns of `Papers` and a last one, `PLACE`; ids may repeat or be null.

    Parameters
    ----------
    raw : Raw
    plan : Plan
    communities : str, mapping or None
        See `read_papers`.

    Raises
    ------
    DataError
        If a column holds cells of a kind that it cannot.
    """
    counted = Counter[str](raw.counted)
    columns = {
        "paper_id": _text(raw, plan, "paper_id"),
        "community": _community(raw, plan, communities),
        "year": _year(raw, plan, counted),
        "title": _title(raw, plan, counted),
        "abstract": _abstract(raw, plan, counted),
        "venue": _text(raw, plan, "venue"),
        "status": _status(raw, plan, counted),
    }
    tags = {name: _tag(raw, name, counted) for name in plan.tags}
    further = _further(raw, {*plan.parts.values(), *plan.tags, *COLUMNS}, counted)
    frame = pl.DataFrame({**columns, **tags, **further, PLACE: _places(raw, columns["paper_id"])})
    return Papers(_kept(frame, counted, tagged=bool(tags)), raw.source, _said(counted), raw.partial, plan.tags)


def _kept(frame: pl.DataFrame, counted: Counter[str], *, tagged: bool) -> pl.DataFrame:
    """Rows that no rule leaves out; each row is counted under the first rule that does."""
    last = datetime.now(UTC).year + 1
    year = pl.col("year")
    rules = {
        "papers without a title, left out": pl.lit(not tagged) & (pl.col("title") == ""),
        "papers without a year that can be read, left out": year.is_null(),
        f"papers of a year before {FIRST} or after {last}, left out": ~year.is_between(FIRST, last),
        "papers without a community, left out": pl.col("community").is_null(),
        "papers of a community that is not mapped, left out": pl.col("community") == "",
    }
    if frame.schema.get(RETRACTED) == pl.Boolean:
        rules["retracted papers, left out"] = pl.col(RETRACTED).fill_null(value=False)
    for what, bad in rules.items():
        good = frame.filter(~bad)
        counted[what] += frame.height - good.height
        frame = good
    return frame


def _said(counted: Mapping[str, int]) -> dict[str, int]:
    return {what: count for what, count in counted.items() if count}


def _text(raw: Raw, plan: Plan, part: str) -> pl.Series:
    """A part as stripped text, null where there is none."""
    if part not in plan.parts:
        return pl.Series(part, [None] * raw.frame.height, dtype=pl.String)
    return text(raw.frame[plan.parts[part]], raw.source)


def _title(raw: Raw, plan: Plan, counted: Counter[str]) -> pl.Series:
    """Titles on one line; directions of writing are kept, as they are no control characters."""
    titles = _text(raw, plan, "title")
    counted["titles with control characters, which became spaces"] += int(titles.str.contains(_CONTROL).sum())
    return titles.str.replace_all(_BLANK, " ").str.strip_chars().fill_null("")


def _abstract(raw: Raw, plan: Plan, counted: Counter[str]) -> pl.Series:
    abstracts = _text(raw, plan, "abstract")
    odd = int(abstracts.str.contains(_CONTROL).sum())
    counted["abstracts with control characters, which became spaces"] += odd
    return abstracts.str.replace_all(_CONTROL, " ") if odd else abstracts


def _year(raw: Raw, plan: Plan, counted: Counter[str]) -> pl.Series:
    found, out_of_text = years(raw.frame[plan.parts["year"]], raw.source)
    counted["years read out of longer text"] += out_of_text
    return found


def _status(raw: Raw, plan: Plan, counted: Counter[str]) -> pl.Series:
    words = _text(raw, plan, "status").str.to_lowercase()
    known = words.is_in(STATUSES)
    counted[f"statuses other than {', '.join(STATUSES)}, taken for unknown"] += int((~known).sum() or 0)
    return words.set(~known, None)


def _community(raw: Raw, plan: Plan, communities: Communities) -> pl.Series:
    """Communities, null where the source names none and empty where no word of it is mapped."""
    if isinstance(communities, str):
        return pl.Series("community", [communities.strip()], dtype=pl.String).new_from_index(0, raw.frame.height)
    if communities is None:
        return _text(raw, plan, "community")
    words = pl.DataFrame([text(raw.frame[name], raw.source) for name in plan.lookups])
    mapped = pl.coalesce(pl.all().replace_strict(dict(communities), default=None, return_dtype=pl.String))
    unknown = pl.when(pl.any_horizontal(pl.all().is_not_null())).then(pl.lit(""))
    return words.select(community=pl.coalesce(mapped.str.strip_chars(), unknown))["community"]


def _tag(raw: Raw, name: str, counted: Counter[str]) -> pl.Series:
    found = truth(raw.frame[name], raw.source, raw.start)
    counted["empty cells of tags, taken for false"] += found.null_count()
    return found.fill_null(value=False)


def _further(raw: Raw, taken: set[str], counted: Counter[str]) -> dict[str, pl.Series]:
    """What else the source has, as numbers, truth, dates and text."""
    columns = {column.name: column for column in raw.frame if column.name not in taken}
    nested = {name for name, column in columns.items() if column.dtype.is_nested() or _opaque(column)}
    counted[LEFT_OUT_NESTED] += len(nested)
    words = (pl.Categorical, pl.Enum)
    return {
        name: column.cast(pl.String) if isinstance(column.dtype, words) else column
        for name, column in columns.items()
        if name not in nested
    }


def _opaque(column: pl.Series) -> bool:
    return isinstance(column.dtype, pl.Binary | pl.Object)


def _places(raw: Raw, ids: pl.Series) -> pl.Series:
    """The file and row of what has no id."""
    if not ids.null_count():
        return pl.Series(PLACE, [None] * len(ids), dtype=pl.String)
    row = pl.int_range(raw.start + 1, raw.start + 1 + len(ids)).cast(pl.String)
    place = pl.when(pl.col("id").is_null()).then(pl.lit(f"{raw.source}: row ") + row)
    return pl.DataFrame({"id": ids}).select(place.alias(PLACE))[PLACE]
