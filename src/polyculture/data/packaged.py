"""Real datasets by name."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from polyculture.data.dataset import DomainData
from polyculture.errors import ParameterError
from polyculture.registry import Part, Registry

DATASETS = Registry(
    "dataset",
    {
        "vader-domains": Part(
            "polyculture.data.vader_domains:load",
            "sentiment of tweets, movie reviews, product reviews and editorials, rated by the same people",
            paper="Hutto & Gilbert 2014, VADER, ICWSM",
        ),
        "digits-domains": Part(
            "polyculture.data.digits_domains:load",
            "images of handwritten digits: plain, rotated, inverted, blurred, noisy, thick and faint",
            paper="Alpaydin & Kaynak 1998, Cascading classifiers, Kybernetika 34(4)",
        ),
        "emoji-styles": Part(
            "polyculture.data.emoji_styles:load",
            "images of emoji in nine categories, as five houses draw them",
            paper="Noto, Twemoji, Fluent and OpenMoji; of the kind of Li et al. 2017, PACS, ICCV",
            extra="emoji",
        ),
    },
)
"""The packaged datasets: what each is, and where it comes from."""


def load_dataset(name: str, *, cache: str | Path | None = None, **options: Any) -> DomainData:
    """A packaged dataset, fetched when first asked for and then kept.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    cache : path or None
        Folder to keep the download in; see `polyculture.store.cache_folder`.
    **options
        What the dataset leaves open: ``classes=3`` of vader-domains, ``size=64`` of images.

    Raises
    ------
    ParameterError
        If there is no dataset of this name, or it has no such option or not this value of it.
    DataError
        If it cannot be fetched, or what was fetched is not what it should be.

    Examples
    --------
    >>> from polyculture.data import DATASETS
    >>> DATASETS["vader-domains"].paper
    'Hutto & Gilbert 2014, VADER, ICWSM'
    >>> load_dataset("vader-domain")
    Traceback (most recent call last):
    polyculture.errors.ParameterError: there is no dataset named 'vader-domain'; did you mean vader-domains...
    """
    load = DATASETS.load(name)
    known = [option for option in inspect.signature(load).parameters if option != "cache"]
    if unknown := [option for option in options if option not in known]:
        raise ParameterError(f"{name} has no option {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    data: DomainData = load(cache=cache, **options)
    return data
