"""Outputs that are replaced are named, warnings have one line, and a run that is broken off says how to go on."""

from __future__ import annotations

import warnings
from pathlib import Path

import polars as pl
import pytest
from cli_runs import fit, made, run, write

from polyculture import store
from polyculture.cli.warned import one_line_each


@pytest.fixture
def table(tmp_path: Path) -> Path:
    frame = pl.DataFrame({"item": range(40), "a": [1, 0] * 20, "b": [1, 1, 0, 0] * 10})
    frame.write_csv(tmp_path / "outcomes.csv")
    return tmp_path / "outcomes.csv"


def test_files_that_were_there_are_named_once_written(table: Path) -> None:
    outputs = ("--json", table.with_suffix(".json"), "--report", table.with_suffix(".html"))
    first = run("audit", table, "--kind", "outcomes", "--quiet", *outputs)
    again = run("audit", table, "--kind", "outcomes", "--quiet", "--level", "0.9", *outputs)
    assert first.code == again.code == 0
    assert "Replaced" not in first.err
    assert [line for line in again.err.splitlines() if line.startswith("Replaced")] == [
        f"Replaced {outputs[1]}", f"Replaced {outputs[3]}",
    ]  # fmt: skip


def test_what_failed_before_it_was_written_is_not_named(table: Path) -> None:
    kept = table.with_suffix(".json")
    kept.write_text("{}")
    done = run("audit", table, "--kind", "detections", "--json", kept, "--quiet")
    assert done.code == 2
    assert "Replaced" not in done.err
    assert kept.read_text() == "{}"


def test_a_model_that_is_replaced_is_named_and_one_that_is_being_written_is_not_touched(tmp_path: Path) -> None:
    data = write(tmp_path / "items.csv", made(n=80))
    assert "Replaced" not in fit(data, tmp_path / "model").err
    assert f"Replaced {tmp_path / 'model'}" in fit(data, tmp_path / "model", "--seed", "1").err
    with store.claimed([tmp_path / "model"]):
        done = fit(data, tmp_path / "model")
    assert done.code == 2
    assert "is being written by process" in done.err


def test_warnings_have_no_path_and_are_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with one_line_each():
            for _ in range(2):
                warnings.warn("two\n   lines", stacklevel=1)
    assert capsys.readouterr().err == "Warning: two lines\n"


def test_a_run_that_is_broken_off_says_how_to_go_on(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("polyculture.auditing.entry._measured", stop)
    kept = table.parent / "run"
    done = run("audit", table, "--kind", "outcomes", "--quiet", "--run", kept)
    assert done.code == 130
    assert f"The same command goes on from the finished steps in {kept}." in done.err
    assert "goes on" not in run("audit", table, "--kind", "outcomes", "--quiet", "--no-cache").err
