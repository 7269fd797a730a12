"""What others wrote and a report carries is what it was, with its licence beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import polyculture.report

VENDOR = Path(polyculture.report.__file__).parent / "vendor"
KNOWN = json.loads((VENDOR / "versions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["vega", "vega-lite", "vega-interpreter"])
def test_a_library_is_the_one_that_is_named(name: str) -> None:
    script = (VENDOR / f"{name}.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == KNOWN[name]["sha256"]
    assert b"</script" not in script.lower()
    licence = (VENDOR / f"{name}.LICENSE").read_text(encoding="utf-8")
    assert "Redistribution and use in source and binary forms" in licence


def test_nothing_else_is_carried() -> None:
    names = {path.name for path in VENDOR.iterdir() if path.is_file()}
    assert names == {f"{name}.{end}" for name in KNOWN for end in ("js", "LICENSE")} | {"versions.json"}


def test_together_they_are_small() -> None:
    assert sum(path.stat().st_size for path in VENDOR.glob("*.js")) < 900_000
