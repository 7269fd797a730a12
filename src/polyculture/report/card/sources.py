"""What a card is made from: folders of models, and the JSON that commands write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyculture import store
from polyculture.errors import DataError, StoreError

KINDS = ("CrossDomainClassifier", "CrossDomainRegressor", "recommender")
"""Of models, as their folders call them."""
SCHEMAS = {
    "polyculture.evaluation/1": "evaluation",
    "polyculture.audit/1": "audit",
    "polyculture.fit/1": "fit",
    "polyculture.recommend-fit/1": "recommendation",
    "polyculture.recommend-evaluate/1": "recommendation",
}
LARGEST = 256 * 2**20
"""Bytes of the largest JSON that is read."""
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Source:
    """One thing that was given: ``what`` it is, where it lies, what it holds, and its SHA-256."""

    what: str
    path: Path
    found: Mapping[str, Any]
    sha256: str


def read_sources(paths: Sequence[str | Path]) -> dict[str, Source]:
    """Each path by what it holds: ``model``, ``fit``, ``evaluation``, ``recommendation`` or ``audit``.

    Raises
    ------
    DataError
        If there is none, two hold the same, or one holds none of these.
    StoreError
        If a folder holds no model or a damaged one.

    Examples
    --------
    >>> from polyculture.report.card.sources import read_sources
    >>> read_sources([])
    Traceback (most recent call last):
    polyculture.errors.DataError: nothing is given; name the folder of a model, or the JSON of an evaluation or an audit
    """
    if not paths:
        raise DataError("nothing is given; name the folder of a model, or the JSON of an evaluation or an audit")
    found: dict[str, Source] = {}
    for path in map(Path, paths):
        source = _model(path) if path.is_dir() else _result(path)
        if source.what in found:
            first = found[source.what].path
            raise DataError(f"{path}: is of the same kind as {first} ({source.what}); give one of each kind")
        found[source.what] = source
    return found


def _model(folder: Path) -> Source:
    kind = _kind(folder)
    facts = store.facts(folder, kind=kind)
    # a recommender's state is as large as its interactions, and its facts say enough
    state = {} if kind == "recommender" else store.load(folder, kind=kind)
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    return Source("model", folder, {"kind": kind, "facts": facts, "state": state}, digest)


def _kind(folder: Path) -> str:
    """The first kind that the store knows the folder as; its last refusal where there is none."""
    refused: StoreError | None = None
    for kind in KINDS:
        try:
            store.facts(folder, kind=kind)
        except StoreError as error:
            refused = refused or error
        else:
            return kind
    assert refused is not None  # noqa: S101 - there is at least one kind
    raise refused


def _result(path: Path) -> Source:
    data = _bytes(path)
    try:
        found = json.loads(data)
        what = SCHEMAS[found["schema"]]
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON that can be read ({error}); write it again with --json") from error
    except (LookupError, TypeError) as error:
        raise DataError(
            f"{path}: is none of {', '.join(SCHEMAS)}; give what --json of one of these commands wrote"
        ) from error
    return Source(what, path, found, hashlib.sha256(data).hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise DataError(f"{path}: is no file and no folder; check the path")
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path}: is larger than {LARGEST >> 20} MiB, which no result is; check the path")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
