"""How much memory a command takes at most, by a formula, and a limit: work whose estimate is larger is refused.

The formulas are upper bounds, with factors measured by ``benchmarks/memory.py``; docs/reliability.md has the table.
Whoever sets a limit learns before the computing that it is too small, and what would be smaller. Nothing watches the
process afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from polyculture.errors import MemoryLimitError, ParameterError
from polyculture.progress import LOG

IMPORTED = 330e6
"""Bytes of the interpreter and of numpy, polars and scikit-learn."""
TORCH = 300e6
"""Bytes that torch adds to them."""
_PRETRAINED = 500e6
_PAPER = 5e3
"""Bytes of a usual paper: few have longer abstracts."""
_DENSE, _JUDGED = 20_000, 2000
"""Users or items up to which dense models are tried, and users by whom a recommender is chosen."""

_LISTS = 10_000
"""Lists from which a recommender learns an order."""

_CANDIDATES = 4096
"""Items that the next one is told from at once."""

_UNITS = {
    "": 2**30,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*", re.IGNORECASE | re.ASCII)
_SMALLEST, _LARGEST = 2**20, 2**60
_TENTH = 1e8
"""Of a GB."""
_LIMIT: ContextVar[float | None] = ContextVar("limit", default=None)


@dataclass(frozen=True)
class Need:
    """What some work takes at most.

    Parameters
    ----------
    what : str
        The work, as in "to audit 20 models on 100 items".
    size : float
        Bytes.
    smaller : str
        What makes it smaller.
    least : float
        Bytes that remain however much smaller it is made.
    """

    what: str
    size: float
    smaller: str
    least: float = IMPORTED


def size_of(words: str) -> int:
    """Bytes that words like ``4GB``, ``512 MiB`` and ``1.5`` (GiB) stand for.

    Raises
    ------
    ParameterError
        If they stand for none, for less than a MiB or for more than an EiB.

    Examples
    --------
    >>> size_of("4GB"), size_of("512 MiB"), size_of("1.5")
    (4000000000, 536870912, 1610612736)
    """
    found = _SIZE.fullmatch(words)
    unit = None if found is None else _UNITS.get(found[2].lower())
    size = 0.0 if found is None or unit is None else float(found[1]) * unit
    if not _SMALLEST <= size <= _LARGEST:
        raise ParameterError(f"--memory {words}: is no size between 1 MiB and 1 EiB; write it like 4GB")
    return int(size)


@contextmanager
def limited(size: float | None) -> Iterator[None]:
    """While this is open, work that may need more bytes is refused before it begins; None refuses nothing.

    Examples
    --------
    >>> with limited(2**20):
    ...     check(audit_answers(10, 2))
    Traceback (most recent call last):
    polyculture.errors.MemoryLimitError: to audit 2 models on 10 items needs up to 0.33 GB, and the limit is 1.05 MB...
    """
    token = _LIMIT.set(size)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def limit() -> float | None:
    """The limit that is set, or None.

    Examples
    --------
    >>> limit() is None
    True
    """
    return _LIMIT.get()


def check(need: Need) -> None:
    """Refuse work that may need more than the limit, where there is one.

    Raises
    ------
    MemoryLimitError
        Saying what it needs, and what would be smaller.
    """
    most = limit()
    if most is None:
        return
    told = f"{need.what} needs up to {written(need.size)}, and the limit is {written(most)}"
    if most < need.least:
        raise MemoryLimitError(f"{told}; {written(need.least)} are needed whatever the data, so allow more")
    if need.size > most:
        raise MemoryLimitError(f"{told}; {need.smaller}, or allow more")
    LOG.info("%s", told)


def written(size: float) -> str:
    """Bytes in the unit that shows digits: MB, or GB from a tenth of one.

    Examples
    --------
    >>> written(5e6), written(2**20), written(3.3e8)
    ('5 MB', '1.05 MB', '0.33 GB')
    """
    return f"{size / 1e9:.2f} GB" if size >= _TENTH else f"{size / 1e6:.3g} MB"


def audit_answers(items: int, models: int, *, blocks: float = 0.0) -> Need:
    """To audit answers: 22 bytes an answer, 200 a pair of models, and the blocks of a product.

    Examples
    --------
    >>> audit_answers(100_000, 200).size
    778000000.0
    """
    answers = float(items) * models
    size = IMPORTED + 22 * answers + 200.0 * models**2 + min(blocks, 8 * answers)
    return Need(f"to audit {models:,} models on {items:,} items", size, "leave out models or items")


def audit_embeddings(items: int, columns: int, layers: int, *, blocks: float = 0.0) -> Need:
    """To audit embeddings: 24 bytes a number, 16 a pair of columns, and the blocks of a product.

    Parameters
    ----------
    items : int
    columns, layers : int
        Of all models together.
    blocks : float
        Bytes that the blocks of a product may take at most.

    Examples
    --------
    >>> round(audit_embeddings(10_000, 2000, 10).size / 1e6)
    874
    """
    size = IMPORTED + 24.0 * items * columns + 16.0 * columns**2 + min(blocks, 8.0 * items**2)
    return Need(f"to audit {layers:,} layers on {items:,} items", size, "leave out models, layers or items")


def survey(size: float, batch: int) -> Need:
    """To survey papers: 6 bytes a byte of text, or of a batch at a time and half a byte of the rest.

    Of a batch it is what usual papers need: 5,000 bytes each. Papers with their full texts need more.

    Parameters
    ----------
    size : float
        Bytes of all files, unpacked.
    batch : int
        Papers at a time, 0 for all.

    Examples
    --------
    >>> survey(1e9, 0).size, survey(1e9, 10_000).size
    (6330000000.0, 1130000000.0)
    """
    held = min(size, _PAPER * batch) if batch else size
    need = IMPORTED + 6 * held + (0.5 * size if batch else 0.0)
    return Need(f"to survey {size / 1e6:,.0f} MB of papers", need, "read fewer at a time with --batch 20000")


def fit(items: int, characters: int, numbers: int, pixels: int, *, pretrained: bool = False) -> Need:
    """To fit a classifier or a regressor.

    Parameters
    ----------
    items : int
        Changed copies are items as well.
    characters : int
        Of all texts, those of copies too.
    numbers : int
        In all vectors.
    pixels : int
        Bytes of all images and spectrograms.
    pretrained : bool
        Whether pretrained base models are asked.

    Examples
    --------
    >>> round(fit(10_000, 5_000_000, 0, 0).size / 1e6)
    2445
    """
    least = IMPORTED + TORCH + (_PRETRAINED if pretrained else 0.0)
    size = least + 6500.0 * items + 350.0 * characters + 60.0 * numbers + 12.0 * pixels
    return Need(f"to fit {items:,} items", size, "take fewer items, shorter texts or smaller images", least)


def recommend(
    users: int,
    items: int,
    interactions: int,
    *,
    vectors: int = 512,
    dense: bool = True,
    timed: bool = False,
    ordered: bool = False,
) -> Need:
    """To fit a recommender: its graph, singular vectors, scores of those it is judged on, and maybe dense models.

    Parameters
    ----------
    users, items, interactions : int
    vectors : int
        Singular vectors at most.
    dense : bool
        Whether models of all pairs of items, or of users, are tried; by themselves only where these are few.
    timed : bool
        Whether one of all pairs of items is tried that knows when they were taken.
    ordered : bool
        Whether models are tried that tell the next item.

    Examples
    --------
    >>> round(recommend(1000, 500, 20_000).size / 1e6)
    600
    """
    fewest = min(users, items)
    pairs = float(fewest) ** 2 if dense and fewest <= _DENSE else 0.0
    size = IMPORTED + 400.0 * interactions + 24.0 * (users + items) * min(vectors, fewest)
    size += 80 * pairs + 48.0 * min(users, _JUDGED) * items
    size += 24.0 * items**2 if timed and items <= _DENSE else 0.0
    # windows of histories, scores of up to 3200 of their places, and pairs of items that stand near in a history
    size += TORCH + 2000.0 * interactions + 60_000.0 * min(items, _CANDIDATES) if ordered else 0.0
    # lists of a hundred items from which their order is learnt, and copies
    size += 20_000.0 * min(10 * users, _LISTS)
    what = f"to learn from {interactions:,} interactions of {users:,} users with {items:,} items"
    return Need(what, size, "leave out users or items that are rare, or name --set method=spectral")
