"""Which format a file of papers is in."""

from __future__ import annotations

import json
import re
from pathlib import Path

from polyculture.data.papers.acl import is_anthology
from polyculture.data.papers.lines import Lines
from polyculture.errors import DataError, ParameterError

FORMATS = ("auto", "parquet", "csv", "json", "openalex", "arxiv", "bibtex", "acl")

_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".bib": "bibtex"}
_JSON = (".json", ".jsonl", ".ndjson", "")
_PACKED = (".gz", ".zst")
_OPENALEX = re.compile(rb'"abstract_inverted_index"|"publication_year"|"primary_topic"|"https://openalex\.org/W')
_ARXIV = re.compile(rb'"categories"\s*:\s*"')
_ARXIV_TOO = re.compile(rb'"(update_date|versions)"\s*:')
_BEGIN = 2**16


def check_format(format: str) -> str:  # noqa: A002 - the name of the parameter
    """The name of a format.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if format not in FORMATS:
        raise ParameterError(f"format is {format!r}; give one of {', '.join(FORMATS)}")
    return format


def detect(path: Path) -> str:
    """The format of a file, by its ending and, of JSON, by its first lines.

    Raises
    ------
    DataError
        If neither tells.
    """
    if path.is_dir():
        if is_anthology(path):
            return "acl"
        raise DataError(
            f"{path}: is a folder; name the files in it, or the folder 'data' of the ACL Anthology, with its 'xml'"
        )
    ending = bare_ending(path)
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if ending == ".xml":
        raise DataError(f"{path}: is one file of XML; name the ACL Anthology's folder 'data', which holds 'xml'")
    if ending in _JSON or path.suffix.lower() in _PACKED:
        return _of_json(path)
    known = ", ".join((*_ENDINGS, *(ending for ending in _JSON if ending), *_PACKED))
    raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in {known}, or its format")


def bare_ending(path: Path) -> str:
    """The ending of what a packed file holds."""
    return (path.with_suffix("") if path.suffix.lower() in _PACKED else path).suffix.lower()


def _of_json(path: Path) -> str:
    begin = beginning(path)
    if not begin.startswith((b"{", b"[")):
        raise DataError(f"{path}: does not begin like JSON; name its format")
    if _OPENALEX.search(begin) or re.match(rb'\{\s*"(meta|results)"', begin):
        return "openalex"
    if _ARXIV.search(begin) and _ARXIV_TOO.search(begin):
        return "arxiv"
    return "json"


def beginning(path: Path) -> bytes:
    """The first lines, up to 64 KiB or one line."""
    found = b""
    with Lines(path) as lines:
        for line in lines:
            found += line if found.strip() else line.removeprefix(b"\xef\xbb\xbf").lstrip()
            if len(found) >= _BEGIN:
                break
    return found


def one_a_line(path: Path) -> bool:
    """Whether a file of JSON holds an object, or a page of them, a line, and not one document on several lines."""
    first = next((line for line in beginning(path).split(b"\n") if line.strip()), b"")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True
