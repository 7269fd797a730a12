"""Addresses of files and folders that lie elsewhere, and what of them nobody else should read."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, TypeGuard

from polyculture.errors import MissingExtraError

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_USER = r"[^\s/?#]*@|[^\s/?#:\[]*:(?!\d)\S*@"  # a password may hold a slash, where one forgot to encode it
_SECRET = re.compile(rf"([a-zA-Z][a-zA-Z0-9+.-]+:/{{1,2}})(?:{_USER})?([^\s?#]*)(?:[?#]\S*)?")


def without_secrets(text: str) -> str:
    """A text whose addresses have lost user, password and query, which may let whoever reads them in.

    Signed addresses carry their signature in the query. What is told of an address, in a message, a report or the name
    of a file, goes through here.

    Parameters
    ----------
    text : str
        An address, or anything that may hold some.

    Examples
    --------
    >>> from polyculture.addresses import without_secrets
    >>> without_secrets("https://me:secret@example.org/answers.csv?Signature=abc")
    'https://example.org/answers.csv'
    >>> without_secrets("--truth=s3://bucket/a@b.csv")
    '--truth=s3://bucket/a@b.csv'
    """
    return _SECRET.sub(r"\1\2", text)


def is_remote(where: str | Path) -> TypeGuard[str]:
    """Whether this is an address, such as ``s3://bucket/papers.parquet``, and no path.

    Examples
    --------
    >>> from polyculture.addresses import is_remote
    >>> is_remote("s3://bucket/papers.parquet"), is_remote("papers.parquet")
    (True, False)
    """
    return isinstance(where, str) and _SCHEME.match(where) is not None


def opened(where: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises
    ------
    MissingExtraError
        If fsspec is not installed. What it lacks for this kind of address is an error of its own.
    """
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError as error:
        raise MissingExtraError("an address", "remote") from error
    system, path = fsspec.core.url_to_fs(where)
    return system, str(path)
