"""Ratings of tweets, movie reviews, product reviews and editorials by the same twenty people."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from polyculture.data.dataset import DomainData
from polyculture.data.fetch import Distribution, fetch
from polyculture.errors import DataError, ParameterError

DISTRIBUTION = Distribution(
    "vaderSentiment", "3.3.2", "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
)
FILES = {
    "tweets": "tweets_GroundTruth.txt",
    "movies": "movieReviewSnippets_GroundTruth.txt",
    "products": "amazonReviewSnippets_GroundTruth.txt",
    "editorials": "nytEditorialSnippets_GroundTruth.txt",
}

_INNER = "additional_resources/hutto_ICWSM_2014.tar.gz"
_ENCODING = "utf-8"


def load(*, classes: int = 2, cache: str | Path | None = None) -> DomainData:
    """The four domains, each text with the class of its mean rating between -4 and 4.

    Parameters
    ----------
    classes : int, 2 or 3
        Above 0.5 is "positive", below -0.5 "negative"; the rest is left out (2) or "neutral" (3).
    cache : path or None
        See `polyculture.store.cache_folder`.

    Raises
    ------
    ParameterError
        If `classes` is another number.
    DataError
        If the data cannot be fetched or read.
    """
    if classes not in (2, 3):
        raise ParameterError(f"vader-domains has 2 or 3 classes, not {classes}; give classes=2 or classes=3")
    return parse(fetch(DISTRIBUTION, cache), classes=classes)


def parse(archive: bytes, *, classes: int = 2) -> DomainData:
    """The four domains from the bytes of the source archive, which is read in memory and never unpacked.

    Raises
    ------
    DataError
        If the archive does not hold the four files in their form.
    """
    try:
        inner = _member(archive, _INNER)
        rows = [row for domain, name in FILES.items() for row in _rows(domain, name, _member(inner, name))]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{DISTRIBUTION.file} cannot be read ({error}); delete it and fetch it again") from error
    rows = [row for row in rows if classes == 3 or row[2] != "neutral"]
    ids, domain, label, text = zip(*rows, strict=True) if rows else ((), (), (), ())
    return DomainData.of(list(text), label=label, domain=domain, ids=ids, source="vader-domains")


def _member(archive: bytes, ending: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith("/" + ending) and (file := tar.extractfile(member)):
                return file.read()
    raise DataError(f"{DISTRIBUTION.file} holds no {ending}; delete it and fetch it again")


def _rows(domain: str, name: str, data: bytes) -> Iterator[tuple[str, str, str, str]]:
    # Lines end in \r\n alone; splitlines would also cut at \x85, which is half a letter in text decoded byte by byte.
    for number, line in enumerate(data.decode(_ENCODING).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            key, score, text = line.rstrip("\r").split("\t")
            label = _label(float(score))
        except ValueError as error:
            raise DataError(
                f"{name}: line {number} is not id, score and text; delete the download and fetch it again"
            ) from error
        yield f"{domain}/{key}", domain, label, text.strip()


def _label(score: float) -> str:
    return "positive" if score > 0.5 else "negative" if score < -0.5 else "neutral"
