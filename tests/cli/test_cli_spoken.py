"""Errors name the options of the command, and not the parameters of Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import fit, made, run, write

from polyculture.cli.spoken import as_options

OPTIONS = {"leakage": "--leakage", "near": "--near", "format": "--format"}


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("f.csv: use leakage='allow'", "f.csv: use --leakage allow"),
        ("give near=0.9, or near=None", "give --near 0.9, or --near None"),
        ("near is 2; use less", "--near is 2; use less"),
        ("near f.csv is another", "near f.csv is another"),
        ("the column 'near' is empty", "the column 'near' is empty"),
        ("format names none", "--format names none"),
        ("graph='knn' has no option here", "graph='knn' has no option here"),
        ("f.leakage='drop' and x-near=1 are names", "f.leakage='drop' and x-near=1 are names"),
    ],
)
def test_parameters_become_options_and_words_stay(said: str, spoken: str) -> None:
    assert as_options(said, OPTIONS) == spoken


def test_a_leak_is_told_in_options(tmp_path: Path) -> None:
    table = made(n=80)
    table["split"] = ["train"] * 60 + ["test"] * 20
    table["text"][-1] = table["text"][3]
    done = fit(write(tmp_path / "leak.csv", table), tmp_path / "model")
    assert done.code == 2
    assert "--leakage drop" in done.err
    assert "--leakage allow" in done.err
    assert "leakage=" not in done.err


def test_commands_of_a_group_have_options_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "likes.csv").write_text("user,item\na,x\nb,y\n")
    done = run("audit", tmp_path / "likes.csv", "--kind", "outcomes", "--level", "1.5")
    assert done.code == 2
    assert done.err.startswith("Error: --level")
