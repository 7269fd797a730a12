"""The options of engines, and addresses in place of paths."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from polyculture.cli import app

ROWS = "item,label,m1,m2,m3\n" + "".join(f"{i},{i % 3},{i % 3},{(i * i) % 3},{(i + i // 7) % 3}\n" for i in range(60))


def run(*arguments):
    found = CliRunner().invoke(app, [str(a) for a in arguments])
    return found.exit_code, found.output


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(ROWS)
    return path


def test_processes_give_what_one_does(table, tmp_path):
    for name, options in (("one", []), ("two", ["--engine", "local", "--workers", 2])):
        assert run("audit", table, "--no-cache", "--quiet", "--json", tmp_path / f"{name}.json", *options)[0] == 0
    assert json.loads((tmp_path / "one.json").read_text()) == json.loads((tmp_path / "two.json").read_text())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "spark"], "--engine: engine is 'spark'; use one of local, dask, ray"),
        (["--workers", "0"], "--workers: workers is 0; use a number from 1"),
        (["--engine", "dask://127.0.0.1:9", "--workers", "2"], "--workers: is for processes started here"),
    ],
)
def test_an_engine_that_cannot_be_is_one_sentence(table, options, said):
    code, output = run("audit", table, "--no-cache", "--quiet", *options)
    assert code == 2
    assert said in " ".join(output.split())


def test_who_waits_for_a_scheduler_is_told_for_how_long(table, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("polyculture.engine.dask_engine.PATIENCE", 0.2)
    command = ["audit", table, "--no-cache", "--engine", "dask://127.0.0.1:1"]
    code, output = run(*command)
    said = " ".join(output.split())
    assert code == 2
    assert said.startswith("Note: asking for the scheduler at dask://127.0.0.1:1: at most 0.2 seconds for it")
    assert "Error: no Dask scheduler with a worker answers at tcp://127.0.0.1:1" in said
    assert "Note:" not in run(*command, "--quiet")[1]


def test_an_address_is_read_and_a_run_kept_at_one(table, tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    command = ["audit", f"file://{table}", "--no-cache", "--quiet", "--run", "memory://kept/run"]
    assert run(*command)[0] == 0
    kept = [path for path in fsspec.filesystem("memory").find("/kept/run") if path.endswith("manifest.json")]
    assert kept
    assert run(*command)[0] == 0


def test_an_address_with_nothing_is_one_sentence(tmp_path, monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    code, output = run("audit", "memory://nothing/here.csv")
    assert code == 2
    assert "memory://nothing/here.csv: does not exist; check the address" in " ".join(output.split())
