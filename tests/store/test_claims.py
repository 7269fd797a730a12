"""One writer of an output at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from polyculture.errors import StoreError
from polyculture.store import claimed

HOLD = """
import sys, pathlib
from polyculture.store import claimed
with claimed([pathlib.Path(sys.argv[1])]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_named_and_its_end_lets_go(tmp_path: Path) -> None:
    output = tmp_path / "model"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(output)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"model: is being written by process {other.pid}; wait"):
            claimed([None, output]).__enter__()
        with claimed([tmp_path / "other"]):
            pass
        other.kill()
        other.wait()
    with claimed([output]):
        assert list(tmp_path.iterdir()) == []


def test_the_same_output_by_another_name_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "model")
    with claimed([tmp_path / "model"]), pytest.raises(StoreError, match="is being written"):
        claimed([tmp_path / "link"]).__enter__()


def test_where_nothing_can_be_held_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "nowhere"))
    with claimed([tmp_path / "model"]), claimed([tmp_path / "model"]):
        pass
