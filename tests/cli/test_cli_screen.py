"""What a person sees: help at once, progress, tables that are not cut, text that is not obeyed."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import fit, made, run, write

import polyculture
from polyculture.cli.screen import progress, show
from polyculture.progress import LOG, Steps

HEAVY = ("torch", "sklearn", "scipy", "polars", "numpy", "rich", "pandas", "transformers")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    code = f"""
import sys
from polyculture.cli import main
sys.argv = ["polyculture", {option!r}]
try:
    main()
finally:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert ("fit" in done.stdout) if option == "--help" else (done.stdout == f"polyculture {polyculture.__version__}\n")


@pytest.mark.parametrize("command", ["demo", "fit", "predict", "evaluate", "list"])
def test_every_command_has_help_json_and_quiet(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert "--json" in done.out
    assert "--quiet" in done.out


def test_steps_are_told_on_stderr_and_epochs_when_asked(items: Path, tmp_path: Path) -> None:
    plain = run("fit", items, "--out", tmp_path / "m", "--encoders", "lexical")
    assert "backbone done in" in plain.err
    assert " epoch " not in plain.err
    assert not [line for line in plain.err.splitlines() if line.endswith(" ...")]
    assert "done in" not in plain.out
    verbose = run("fit", items, "--out", tmp_path / "m", "--encoders", "lexical", "--verbose")
    assert " epoch 1: " in verbose.err


def test_quiet_says_nothing_on_stderr(items: Path, tmp_path: Path) -> None:
    done = fit(items, tmp_path / "m")
    assert (done.code, done.err) == (0, "")
    assert "what was chosen" in done.out


def test_the_log_is_left_as_it_was() -> None:
    before = (LOG.level, list(LOG.handlers))
    with pytest.raises(ValueError, match="x"), progress():
        raise ValueError("x")
    assert (LOG.level, LOG.handlers) == before


def test_a_terminal_gets_a_line_that_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress():
        with Steps().step("learn"):
            LOG.info("net epoch 1: loss 0.1")
        LOG.warning("look [red]out")
    err = capsys.readouterr().err
    assert "learn done in" in err
    assert "look [red]out" in err
    assert logging.getLogger("polyculture") is LOG


def test_wide_tables_are_not_cut_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show("title", ["a", "b"], [["x" * 300, "y" * 300]])
    assert "x" * 300 + "   " + "y" * 300 in capsys.readouterr().out


def test_text_from_outside_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    show("[bold]t", ["[red]c"], [["[link=x]\x1b[31mboo\nfoo"]])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    for part in ("[bold]t", "[red]c", "[link=x] [31mboo foo"):
        assert part in out


def test_odd_names_of_domains_stand_in_the_tables(tmp_path: Path) -> None:
    table = made()
    table["domain"] = [f"[i]{name}\x07" for name in table["domain"]]
    done = fit(write(tmp_path / "items.parquet", table), tmp_path / "m")
    assert done.code == 0
    assert "[i]books" in done.out
    assert "\x07" not in done.out
