"""Inside a run folder an audit gives the same numbers, computed or kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyculture import store
from polyculture.auditing import audit

RNG = np.random.default_rng(0)
SHARED = RNG.normal(size=(60, 6))
LAYERS = {
    name: {str(depth): SHARED @ RNG.normal(size=(6, 5)) + RNG.normal(size=(60, 5)) for depth in range(2)}
    for name in "abc"
}
ANSWERS = {name: RNG.integers(0, 3, 80) for name in "abcd"}
SOURCES: dict[str, tuple[Any, dict[str, Any]]] = {
    "embeddings": (LAYERS, {"measures": ("cka", "mutual_knn", "rsa"), "permutations": 20}),
    "answers": (ANSWERS, {"labels": RNG.integers(0, 3, 80)}),
    "outcomes": ({name: answers > 0 for name, answers in ANSWERS.items()}, {"kind": "outcomes"}),
}


def found(name: str, folder: Path) -> str:
    source, settings = SOURCES[name]
    audit(source, **settings).to_json(folder / "found.json")
    return (folder / "found.json").read_text()


@pytest.mark.parametrize("name", SOURCES)
def test_an_audit_that_goes_on_is_the_audit(name, tmp_path):
    plain, run = found(name, tmp_path), tmp_path / "run"
    for _ in range(3):
        with store.run(run):
            assert found(name, tmp_path) == plain
        for step in [*run.glob("audit-*/audit-*/"), *sorted(run.glob("audit-*/[f-z]*/"))[::2]]:
            shutil.rmtree(step)
    begun = [json.loads(line)["step"] for line in (run / "journal.jsonl").read_text().splitlines()]
    assert len(begun) > 8
    assert len(list(run.glob("audit-*"))) == 1


def test_each_measure_of_representations_is_kept_by_itself(tmp_path):
    with store.run(tmp_path / "run"):
        found("embeddings", tmp_path)
    assert len(list((tmp_path / "run").glob("audit-*/representations-*"))) == 3
