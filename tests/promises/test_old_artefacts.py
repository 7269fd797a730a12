"""What an earlier version kept is read, and answers as it did; see make_golden.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_models import GOLDEN, KINDS

from polyculture import store
from polyculture.errors import StoreError

MOST_BYTES = 300_000


@pytest.mark.parametrize("name", KINDS)
def test_a_kept_model_answers_as_it_did(name: str) -> None:
    kind = KINDS[name]
    answers = kind.asked(kind.load(GOLDEN / name))
    wanted = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    if isinstance(answers, np.ndarray):
        np.testing.assert_allclose(answers, np.array(wanted), atol=1e-4)
        assert np.ptp(answers) > 0.1
    else:
        assert answers == wanted


@pytest.mark.parametrize("name", KINDS)
def test_kept_again_it_answers_the_same(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    model = kind.load(GOLDEN / name)
    model.save(tmp_path / "again")
    first, second = kind.asked(model), kind.asked(kind.load(tmp_path / "again"))
    assert np.array_equal(first, second)


def test_they_are_of_every_schema_that_is_read_and_small() -> None:
    schemas = {json.loads((GOLDEN / name / "manifest.json").read_text())["schema"] for name in KINDS}
    assert store.SCHEMA in schemas
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("schema", [store.SCHEMA + 1, store.SCHEMA - 1, 0, "2", None])
def test_a_schema_that_is_not_known_is_named(schema: Any, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(GOLDEN / "texts", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema": schema}))
    with pytest.raises(
        StoreError, match=rf"has schema .*, this version reads {store.SCHEMA}; .*\(a model: fit it again\)"
    ):
        KINDS["texts"].load(folder)
