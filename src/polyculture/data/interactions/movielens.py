"""MovieLens as GroupLens releases it: ``u.data``, ``ratings.dat``, ``ratings.csv``, with what the films are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from polyculture.data.graphs.files import bounded
from polyculture.data.interactions.columns import named_columns
from polyculture.data.interactions.raw import Raw
from polyculture.data.interactions.text import rows, table
from polyculture.data.readers import read_table
from polyculture.errors import DataError

COLUMNS = ("user", "item", "rating", "time")
FILES = ("u.data", "ratings.dat", "ratings.csv")
"""What a release calls its ratings."""
GENRES = "genres"
"""What to name as the domain, to have the first genre of a film for it."""

Names = Mapping[str, str | None]
Film = tuple[str, str, str]


def read_lines(path: Path, names: Names) -> Raw:
    """``user item rating time``, apart by tabs, or by ``::`` where the name ends in ``.dat``; no header."""
    separator = "::" if path.name.lower().removesuffix(".gz").endswith(".dat") else "\t"
    columns, lines = table(rows(path), separator, COLUMNS, str(path))
    of_films = ("domain",) if names.get("domain") == GENRES else ()
    raw = named_columns(columns, names, str(path), lines=lines, elsewhere=of_films)
    return with_films(raw, path.parent, genres=bool(of_films))


def with_films(raw: Raw, folder: Path, *, genres: bool) -> Raw:
    """The same with titles as texts, and with first genres as domains if they are asked for."""
    films = _films(folder)
    if genres:
        if films is None:
            raise DataError(f"{raw.source}: has no movies.dat or movies.csv beside it, where genres are; add it")
        first = {item: words.partition("|")[0] for item, _, words in films}
        raw = replace(raw, columns={**raw.columns, "domain": [first.get(str(i), "") for i in raw.columns["item"]]})
    if films is None or "text" in raw.columns:
        return raw
    return replace(raw, item_text={item: title for item, title, _ in films if title})


def _films(folder: Path) -> list[Film] | None:
    """Id, title and genres of each film; None if there is no such file."""
    for name, read in (("movies.dat", _dat), ("movies.csv", _csv), ("u.item", _u_item)):
        if (path := folder / name).is_file():
            return list(read(path))
    return None


def _dat(path: Path) -> Iterator[Film]:
    columns, _ = table(_latin(path), "::", ("item", "title", "genres"), str(path))
    yield from zip(*columns.values(), strict=True)


def _u_item(path: Path) -> Iterator[Film]:
    for number, line in _latin(path):
        cells = line.split("|")
        if len(cells) < 2:
            raise DataError(f"{path}: line {number} is not an id and a title apart by '|'; mend it")
        yield cells[0], cells[1], ""


def _csv(path: Path) -> Iterator[Film]:
    columns = read_table(path)
    if not {"movieId", "title", "genres"} <= set(columns):
        raise DataError(f"{path}: has not the columns movieId, title and genres; mend its header")
    for item, title, genres in zip(*(columns[name] for name in ("movieId", "title", "genres")), strict=True):
        yield str(item), title or "", genres or ""


def _latin(path: Path) -> Iterator[tuple[int, str]]:
    """The lists of films are older than UTF-8 is common."""
    for number, line in enumerate(bounded(path).decode("latin-1").split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")
