"""The command card, on a model that was fitted here."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from cli_runs import made, run, write


def test_a_fitted_model_with_its_scores(fitted: Path, tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", made(n=40))
    assert run("evaluate", fitted / "model", test, "--json", tmp_path / "scores.json", "--quiet").code == 0
    out, told = tmp_path / "CARD.md", tmp_path / "card.json"
    done = run("card", fitted / "model", tmp_path / "scores.json", fitted / "fit.json", "--out", out, "--json", told)
    assert (done.code, done.out) == (0, "")
    page = out.read_text(encoding="utf-8")
    head = yaml.safe_load(page.split("---\n")[1])
    assert head["pipeline_tag"] == "text-classification"
    assert "polyculture fit DATA --out MODEL --encoders lexical" in page
    assert "| base models | lexical |" in page
    card = json.loads(told.read_text(encoding="utf-8"))
    assert card["data"]["by_domain"]["books"] == {"train": 50, "validation": 10, "judged": 20}
    assert card["model"]["domains"] == ["books", "films"]
    assert card["repeat"]["inputs"][0]["what"] == "model"


def test_without_out_it_is_printed(fitted: Path) -> None:
    done = run("card", fitted / "model", "--name", "Mine")
    assert done.code == 0
    assert "\n# Mine\n" in done.out
    assert "neither an evaluation nor an audit was given" in done.out


def test_a_damaged_model_is_one_sentence(model: Path) -> None:
    part = next(model.glob("state-*.json"))
    part.write_bytes(part.read_bytes()[:-9] + b"         ")
    done = run("card", model)
    assert done.code == 2
    assert "is damaged" in done.err
    assert done.err.count("\n") == 1


def test_bad_outputs_are_found_before_the_work(fitted: Path, tmp_path: Path) -> None:
    done = run("card", fitted / "model", "--out", tmp_path / "card.txt")
    assert done.code == 2
    assert ".md" in done.err
    assert run("card", fitted / "fit.json", "--json", fitted / "fit.json").code == 2


def test_other_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    done = run("card", tmp_path / "x.json")
    assert done.code == 2
    assert "polyculture.evaluation/1" in done.err
