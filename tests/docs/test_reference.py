"""The reference leaves nothing out: every register, and every name of the package."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from code_blocks import ROOT

import polyculture
from polyculture import errors
from polyculture.cli.list_ import KINDS

REFERENCE = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs/reference").glob("*.md")))


def described() -> Iterator[Any]:
    """What the directives of all pages describe."""
    for found in re.finditer(r"```\{public\} (?P<asked>[^\n]+)\n```", REFERENCE):
        package, *names = found["asked"].split()
        module = import_module(package)
        yield from (getattr(module, name) for name in names or module.__all__)


@pytest.mark.parametrize("kind", KINDS)
def test_every_register_has_a_table(kind: str) -> None:
    assert f"```{{facts}} {kind}\n```" in REFERENCE


def test_every_public_name_is_described() -> None:
    ours = {name: getattr(polyculture, name) for name in polyculture.__all__}
    known = [value for value in described() if callable(value)]
    missing = [name for name, value in ours.items() if callable(value) and value not in known and name != "fuse"]
    assert missing == []


def test_every_error_is_described() -> None:
    ours = {value for _, value in inspect.getmembers(errors, inspect.isclass) if value.__module__ == errors.__name__}
    assert ours - {value for value in described() if inspect.isclass(value)} == set()
