"""Abstracts that are stored as the places of their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def from_inverted(index: Any) -> str | None:
    """The text of an inverted index, None if it is none.

    Parameters
    ----------
    index : mapping of word to list of int
        At which places, from 0, each word stands. Places may be missing; two words at one place stand there in turn.

    Returns
    -------
    str or None
        Words in order with a space between.

    Examples
    --------
    >>> from_inverted({"parsing": [1, 3], "On": [0], "and": [2]})
    'On parsing and parsing'
    >>> from_inverted({"On": "first"}) is None
    True
    """
    if not isinstance(index, Mapping):
        return None
    # sorted, and not put in place: a place may be any number, and memory must not depend on it
    placed = []
    for word, places in index.items():
        if not isinstance(places, list) or not all(type(place) is int for place in places):
            return None
        placed += [(place, word) for place in places]
    placed.sort(key=lambda pair: pair[0])
    return " ".join(word for _, word in placed) or None
