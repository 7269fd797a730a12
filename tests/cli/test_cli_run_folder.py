"""``--run`` on the command line; what kills and resumes is tested among the promises."""

from __future__ import annotations

import json

import pytest
from cli_runs import fit, made, run, write


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
