"""Which column of a table is the user, which the item, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from polyculture.data.interactions.coding import Values
from polyculture.data.interactions.raw import PARTS, Raw
from polyculture.errors import DataError

KNOWN: Mapping[str, Sequence[str]] = {
    "user": ("user", "user_id", "userid", "uid", "reviewerid", "customer_id", "session_id"),
    "item": (
        "item",
        "item_id",
        "itemid",
        "iid",
        "movieid",
        "movie_id",
        "product_id",
        "parent_asin",
        "asin",
        "track_id",
    ),
    "domain": ("domain",),
    "rating": ("rating", "ratings", "stars", "score", "overall"),
    "time": ("time", "timestamp", "unixreviewtime", "datetime", "date"),
    "split": ("split",),
    "text": ("text", "title", "movie_title", "item_name", "item_text", "description"),
}
"""Names under which a column is looked for when none is given, whatever their case, the likeliest first."""
NEEDED = ("user", "item")


def named_columns(
    columns: Mapping[str, Values],
    names: Mapping[str, str | None],
    source: str,
    *,
    lines: Sequence[int] | None = None,
    elsewhere: Sequence[str] = (),
) -> Raw:
    """Columns by the parts that they play; the names of those in `elsewhere` belong to another file."""
    found = {}
    for part in PARTS:
        name = None if part in elsewhere else find(columns, part, names.get(part), source)
        if name is not None:
            found[part] = name
    if found["user"] == found["item"]:
        raise DataError(f"{source}: the column {found['user']!r} cannot hold users and items; name another for one")
    return Raw({part: columns[name] for part, name in found.items()}, source, lines)


def find(columns: Mapping[str, Values], part: str, name: str | None, source: str) -> str | None:
    """The column that plays a part: the one that was named, else the likeliest, else none.

    Raises
    ------
    DataError
        If there is no column of the name, or none for a user or an item.

    Examples
    --------
    >>> find({"userId": [1], "movieId": [2]}, "item", None, "ratings.csv")
    'movieId'
    """
    if name is None:
        lower = {column.lower(): column for column in reversed(list(columns))}
        name = next((lower[known] for known in KNOWN[part] if known in lower), None)
        if name is None and part in NEEDED:
            raise DataError(
                f"{source}: has no column {part!r}; name the one that holds the {part}s, out of {', '.join(columns)}"
            )
        return name
    if name in columns:
        return name
    near = get_close_matches(name, list(columns), n=1)
    hint = f", did you mean {near[0]!r}?" if near else ";"
    raise DataError(f"{source}: has no column {name!r}{hint} its columns are {', '.join(columns)}")
