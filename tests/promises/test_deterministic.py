"""The same input gives the same numbers: again, with another hash seed, and in another order where order is nothing."""

from __future__ import annotations

import json
import os
from typing import Any

import polars as pl
import pytest
from runs import COMMANDS, Case, finish, timeless, warm

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")


def test_again_and_with_another_hash_seed_the_bytes_are_the_same(tmp_path):
    with warm(hash_seed=1) as one, warm(hash_seed=2) as other:
        for command in COMMANDS:
            case = Case(command, tmp_path / command, report=command == "audit").write()
            first = finish(one, case, "first", kept=False)
            assert ("found.html" in first) == (command == "audit")
            assert finish(one, case, "again", kept=False) == first
            assert finish(other, case, "other", kept=False) == first


def test_in_another_order_the_numbers_are_the_same(tmp_path):
    with warm() as server:
        for command, told in (("fit", _all), ("survey", _all), ("recommend", _all), ("audit", _all)):
            case = Case(command, tmp_path / command).write()
            before = told(_found(server, case, "before"))
            rows = pl.read_csv(case.home / "data.csv")
            rows.sample(fraction=1, shuffle=True, seed=1).write_csv(case.home / "data.csv")
            after = told(_found(server, case, "after"))
            assert after.keys() == before.keys()
            assert len(after) > 20
            assert [place for place in after if not _same(after[place], before[place])] == []


def _found(server: Any, case: Case, name: str) -> dict[str, Any]:
    """What a command found, as numbers and words by their place."""
    finish(server, case, name, kept=False)
    found = timeless(json.loads((case.home / name / "found.json").read_text()))
    return dict(_leaves(found, ""))


def _leaves(value: Any, place: str) -> Any:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield place, value
        return
    for key, part in parts:
        yield from _leaves(part, f"{place}/{key}")


def _same(one: Any, other: Any) -> bool:
    """Equal, but for the last digits of sums, some of which are of single precision."""
    return one == other if not isinstance(one, float) else one == pytest.approx(other, rel=1e-6, abs=1e-9)


def _all(found: dict[str, Any]) -> dict[str, Any]:
    """All but the folder that the model was written to."""
    return {place: value for place, value in found.items() if place != "/model"}
