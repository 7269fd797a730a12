"""Pieces of work that other processes can import."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path

import pytest

from polyculture import engine
from polyculture.errors import DataError, MissingExtraError


def installed(name):
    """Skip where the package of an engine is not there; Ray must not be imported before its engine does."""
    package = {"dask": "distributed"}.get(name, name)
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def added(common, own):
    return float(common.sum()) + own, os.getpid()


def inside(n):
    return engine.elsewhere(), engine.run(pow, [(n, 2), (n, 3)])


def refused(row):
    if row == 3:
        raise DataError(f"row {row} is not a number; mend it")
    return row


def lacking():
    raise MissingExtraError("the encoder", "train")


def ends_once(mark, n):
    """A piece that ends its process the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os._exit(1)
    return n


def noted(log, seconds, common, n):
    """A piece that writes down that it ran."""
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(f"{n}\n")
    time.sleep(seconds)
    return float(common.sum()) * n
