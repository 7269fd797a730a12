"""The command that finds ancestors: what it prints, writes, and refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from polyculture.cli.common import PlainErrors
from polyculture.cli.lineage import lineage_command

app = typer.Typer(cls=PlainErrors, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("lineage")(lineage_command)


@app.callback()
def _several() -> None:
    """Commands."""


TABLE = "name,parents,org,date\nbase,none,x,2021-01\n\x1b[31mred,BASE,y,2022-02\nc,red2;base,y,2022-02\n"


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["lineage", *map(str, arguments)])


def test_it_prints_tables_and_writes_what_it_found(models, tmp_path):
    done = run(models, "--json", tmp_path / "l.json", "--report", tmp_path / "l.html", "--quiet")
    assert done.exit_code == 0
    assert done.output.startswith("3 models descend from 2 roots")
    assert "\x1b" not in done.output
    plain = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert plain["schema"] == "polyculture.lineage/1"
    assert plain["source"] == str(models)
    assert (tmp_path / "l.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_progress_is_told_unless_it_is_not_wanted(models):
    assert "roots and their shares done in" in run(models).stderr
    assert run(models, "-q").stderr == ""


def test_columns_and_kinds_are_taken(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("title,up,type\nd,none,dataset\nm,d,model\n", encoding="utf-8")
    done = run(path, "--columns", "name=title, parents=up", "--kinds", "model", "-q")
    assert done.output.startswith("1 model descends from 1 root,")


def test_an_audit_is_compared(tmp_path):
    path = tmp_path / "m.csv"
    rows = [f"{root}{i},{'none' if i == 0 else root + '0'}" for root in "ab" for i in range(4)]
    path.write_text("\n".join(["name,parents", *rows]) + "\n", encoding="utf-8")
    from polyculture import audit

    rng = np.random.default_rng(0)
    right = {f"{root}{i}": rng.integers(0, 2, 60) for root in "ab" for i in range(4)}
    audit(right, kind="outcomes").to_json(tmp_path / "audit.json")
    done = run(path, "--audit", tmp_path / "audit.json", "--permutations", 50, "-q")
    assert done.exit_code == 0
    assert "kinship and error consistency of 28 pairs" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.csv"], "does not exist"),
        ([], "Missing argument"),
        (["MODELS", "--level", "2"], "--level"),
        (["MODELS", "--top", "0"], "--top"),
        (["MODELS", "--columns", "name"], "--columns"),
        (["MODELS", "--columns", "name=nothing"], "no column 'nothing'"),
        (["MODELS", "--columns", "colour=name"], "'colour'"),
        (["MODELS", "--kinds", "model"], "kinds"),
        (["MODELS", "--audit", "no.json"], "does not exist"),
        (["MODELS", "--json", "MODELS"], "would be lost"),
        (["MODELS", "--report", "r.pdf"], "--report"),
        (["MODELS", "MODELS"], "given twice"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(models, arguments, said):
    done = run(*[models if each == "MODELS" else each for each in arguments], "-q")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
