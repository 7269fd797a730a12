"""``--run`` on the command line; what kills and resumes is tested among the promises."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from cli_runs import fit, made, run, write
from survey_runs import QUICK, made_papers


def test_a_fit_that_goes_on_tells_the_same(items, tmp_path):
    told = []
    for name in ("first", "second"):
        done = fit(items, tmp_path / "model", "--json", tmp_path / f"{name}.json", "--run", tmp_path / "run")
        assert done.code == 0, done.err
        found = json.loads((tmp_path / f"{name}.json").read_text())
        told.append({key: value for key, value in found.items() if key != "steps"})
    assert told[0] == told[1]
    assert not list(tmp_path.glob("run/**/*.tmp"))


def test_other_data_are_refused_and_the_model_stays(items, tmp_path):
    assert fit(items, tmp_path / "model", "--run", tmp_path / "run").code == 0
    before = (tmp_path / "model" / "manifest.json").read_bytes()
    write(items, made(n=100))
    done = fit(items, tmp_path / "model", "--run", tmp_path / "run")
    assert done.code == 2
    assert "is the run of something else: the file" in done.err
    assert (tmp_path / "model" / "manifest.json").read_bytes() == before


def test_the_folder_of_another_command_is_named(items, tmp_path):
    assert fit(items, tmp_path / "model", "--run", tmp_path / "run").code == 0
    done = run("audit", items, "--run", tmp_path / "run")
    assert done.code == 2
    assert "is the run of fit, and this is audit; name another folder" in done.err


@pytest.mark.parametrize("option", ["--out", "--json"])
def test_a_run_folder_is_no_output(option, items, tmp_path):
    places = {"--out": tmp_path / "model", "--json": tmp_path / "found.json"}
    done = run("fit", items, "--out", places["--out"], "--json", places["--json"], "--run", places[option])
    assert done.code == 2
    assert "name a folder of its own" in done.err


def test_a_run_folder_of_other_things_is_refused(items, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    done = fit(items, tmp_path / "model", "--run", tmp_path / "run")
    assert done.code == 2
    assert "holds other things than a run" in done.err


def test_input_that_cannot_be_read_leaves_the_folder_free_for_another(items, tmp_path):
    strange = write(tmp_path / "strange.csv", {"a": [1], "b": [2]})
    assert fit(strange, tmp_path / "model", "--run", tmp_path / "run").code == 2
    assert fit(items, tmp_path / "model", "--run", tmp_path / "run").code == 0


def test_a_model_of_other_base_models_is_judged_itself(items, tmp_path, monkeypatch):
    write(items, made() | {"split": ["test" if i % 5 == 4 else "train" for i in range(120)]})
    # no base models named: those that are installed, which may be others the next time
    command = ("fit", items, "--out", tmp_path / "model", "--run", tmp_path / "run", "--quiet", "--json")
    found = {}
    for name in ("lexical:words", "lexical:characters"):
        monkeypatch.setattr("polyculture.cli.learn.TEXTS", {name: ()})
        assert run(*command, tmp_path / "found.json").code == 0
        found[name] = json.loads((tmp_path / "found.json").read_text())["choices"]
    assert found["lexical:words"] != found["lexical:characters"]
    parts = [place for place in (tmp_path / "run").glob("evaluate-*/") if place.is_dir()]
    assert len(parts) == 2


def again(folder, *args):
    """The same command once more: how it ended, and the steps that it added."""
    before = sorted(folder.glob("*/*/"))
    done = run(*args)
    return done.code, done.err, [place.parent.name for place in sorted(folder.glob("*/*/")) if place not in before]


def test_what_changes_no_number_may_differ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"item": range(40), "a": [1, 0] * 20, "b": [1, 1, 0, 0] * 10, "label": [1] * 40}).write_csv("a.csv")
    audit = ("audit", "--quiet", "--run", "run", "--memory")
    assert again(tmp_path / "run", *audit, "400MB", "a.csv")[0] == 0
    assert again(tmp_path / "run", *audit, "4GB", tmp_path / "a.csv") == (0, "", [])
    shutil.copy("a.csv", "b.csv")
    assert "is the run of something else: the file a.csv was" in run(*audit, "4GB", "b.csv").err

    write(tmp_path / "p.csv", made_papers())
    survey = ("survey", "--run", "papers", *QUICK, "--least", 5)
    assert again(tmp_path / "papers", *survey, "p.csv")[0] == 0
    assert again(tmp_path / "papers", *survey, tmp_path / "p.csv", "--jobs", 2) == (0, "", [])


def test_a_fit_knows_its_file_by_what_it_holds(items, tmp_path, monkeypatch):
    monkeypatch.chdir(items.parent)
    options = ("--out", tmp_path / "model", "--encoders", "lexical", "--run", tmp_path / "run", "--quiet")
    assert run("fit", items, *options).code == 0
    assert again(tmp_path / "run", "fit", items.name, *options) == (0, "", [])
