"""Works of OpenAlex, asked of its server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from polyculture.data.papers.http import GaveUpError, Patience, get_json
from polyculture.data.papers.openalex import of_works
from polyculture.data.papers.page_cache import PageCache
from polyculture.data.papers.plan import Communities, check_columns, check_communities
from polyculture.data.papers.raw import Columns
from polyculture.data.papers.reading import of_raw
from polyculture.data.papers.types import Papers
from polyculture.errors import DataError, ParameterError

ADDRESS = "https://api.openalex.org/works"
PER_PAGE = 100
_FIELDS = (
    "id,title,publication_year,publication_date,type,primary_location,primary_topic,abstract_inverted_index,"
    "is_retracted,is_paratext"
)


def fetch_openalex(
    filter: str,  # noqa: A002 - what OpenAlex calls it
    *,
    search: str | None = None,
    most: int | None = None,
    columns: Columns | None = None,
    communities: Communities = None,
    address: str = ADDRESS,
    folder: str | Path | None = None,
    days: float = 7.0,
    patience: Patience | None = None,
) -> Papers:
    """Papers of OpenAlex that a filter selects, page after page.

    The key, which the server has asked for since February 2026 and gives for nothing, is taken from the environment
    variable ``OPENALEX_API_KEY``, an address of mail for its operators from ``OPENALEX_MAILTO``. Neither is stored or
    named in a message. Pages are kept on the disk. To read very many works, fetch the snapshot and use `read_papers`.

    Parameters
    ----------
    filter : str
        As OpenAlex writes it: ``"publication_year:2015-2024,primary_topic.subfield.id:1702"``.
    search : str, optional
        Words that works must hold.
    most : int, optional
        How many works to fetch at most, rounded up to a page of 100; all otherwise.
    columns, communities
        See `read_papers`; communities are by default the subfields of the primary topics.
    address : str
        Where the server is.
    folder : path, optional
        Where pages are kept; see `polyculture.store.cache_folder`. ``"off"`` keeps none.
    days : float
        After how many days a page is fetched again.
    patience : Patience, optional
        How often a page is asked for and how long is waited.

    Returns
    -------
    Papers
        With `partial` saying why, if the server gave only some of the pages, or there are more than `most`.

    Raises
    ------
    DataError
        If not even the first page could be had, or no work is a paper.
    ParameterError
        If a parameter is outside its range.

    Examples
    --------
    >>> from polyculture.data.papers import fetch_openalex
    >>> fetch_openalex("publication_year:2020", most=0)
    Traceback (most recent call last):
    polyculture.errors.ParameterError: most is 0; give a number from 1, or None for all
    """
    _check(filter, most, address)
    columns, communities = check_columns(columns), check_communities(communities)
    query = {"filter": filter, "select": _FIELDS, "per_page": str(PER_PAGE)}
    pages = _Pages(address, query | ({"search": search} if search else {}), PageCache(folder, days), patience)
    works: list[Any] = []
    for found in pages:
        works += found
        if most is not None and len(works) >= most:
            pages.stop(len(works))
            break
    raw = of_works(works, pages.source, pages.partial)
    return of_raw([raw], columns, communities)


def _check(words: str, most: int | None, address: str) -> None:
    if not words.strip():
        raise ParameterError("filter is empty; give one, such as 'publication_year:2024'")
    if most is not None and most < 1:
        raise ParameterError(f"most is {most}; give a number from 1, or None for all")
    if urlsplit(address).scheme not in ("http", "https"):
        raise ParameterError(f"address is {address!r}; give one that begins with https://")


class _Pages:
    """Lists of works; after the last, why there are no more if there should be."""

    def __init__(self, address: str, query: Mapping[str, str], cache: PageCache, patience: Patience | None) -> None:
        self.source = f"OpenAlex ({query['filter']})"
        self.partial: str | None = None
        self._address, self._query, self._cache = address, query, cache
        self._patience = patience or Patience()
        self._count: int | None = None
        self._left = False

    def __iter__(self) -> Iterator[list[Any]]:
        cursor, number, given = "*", 0, 0
        seen = {cursor}
        while cursor:
            number += 1
            try:
                page = self._page(cursor)
            except GaveUpError as error:
                self._give_up(error, number, given)
                return
            works, cursor = page["results"], _next(page)
            given += len(works)
            self._left = bool(cursor and works)
            if not works:
                return
            if cursor in seen:
                self.partial = f"{self.source}: page {number} points back; {given} works were read"
                return
            seen.add(cursor)
            yield works

    def stop(self, given: int) -> None:
        """Note that no more is wanted."""
        if self._left:
            of = f" of {self._count}" if self._count else ""
            self.partial = f"{self.source}: {given}{of} works were asked for"

    def _page(self, cursor: str) -> dict[str, Any]:
        address = f"{self._address}?{urlencode({**self._query, 'cursor': cursor})}"
        page = self._cache.get(address)
        if page is None:
            page = get_json(address + _secrets(), self._patience)
            if not isinstance(page.get("results"), list):
                raise GaveUpError("the server sent a page without results")
            self._cache.put(address, page)
        count = page.get("meta", {}).get("count") if isinstance(page.get("meta"), dict) else None
        self._count = count if isinstance(count, int) else self._count
        return page

    def _give_up(self, error: GaveUpError, number: int, given: int) -> None:
        """Say after which page the server gave no more.

        Raises
        ------
        DataError
            If it gave none.
        """
        if not given:
            hint = "" if os.environ.get("OPENALEX_API_KEY") else ", or set OPENALEX_API_KEY"
            raise DataError(f"{self.source}: {error}; try again later{hint}") from error
        of = f" of {self._count}" if self._count else ""
        self.partial = f"{self.source}: {given}{of} works were read, as page {number} could not be had: {error}"


def _next(page: Mapping[str, Any]) -> str:
    meta = page.get("meta")
    cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    return cursor if isinstance(cursor, str) else ""


def _secrets() -> str:
    """What goes with a question and is part of no name: the key and the address of mail."""
    found = {"api_key": os.environ.get("OPENALEX_API_KEY"), "mailto": os.environ.get("OPENALEX_MAILTO")}
    words = urlencode({name: value for name, value in found.items() if value})
    return f"&{words}" if words else ""
