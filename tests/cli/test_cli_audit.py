"""``polyculture audit`` as a person and a script use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_runs import run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))


def answers(n: int = 200, models: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    label, hard = rng.integers(3, size=n), rng.random(n) < 0.4
    wide = {"item": np.arange(n), "label": label}
    for k in range(models):
        right = rng.random(n) < np.where(hard, 0.4, 0.9)
        wide[f"model {k}"] = np.where(right, label, (label + rng.integers(1, 3, size=n)) % 3)
    return pl.DataFrame(wide)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    answers().write_csv(path)
    return path


def test_prints_the_headline_and_writes_what_it_found(table: Path, tmp_path: Path) -> None:
    done = run("audit", table, "--json", tmp_path / "a.json", "--report", tmp_path / "a.html", "--quiet")
    assert done.code == 0, done.err
    assert done.out.startswith("4 models, ")
    assert "which few to keep" in done.out
    plain = json.loads((tmp_path / "a.json").read_text())
    assert plain["models"] == [f"model {k}" for k in range(4)]
    assert len(plain["pairs"]) == 6
    assert "model 3" in (tmp_path / "a.html").read_text()


def test_a_second_run_says_the_same(table: Path) -> None:
    assert run("audit", table, "--quiet").out == run("audit", table, "--quiet").out


def test_same_files_and_seed_give_the_same_bytes(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a report tells the time and the command, and nothing else of the run
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    for name in ("one", "two"):
        options = ("--json", tmp_path / f"{name}.json", "--report", tmp_path / f"{name}.html")
        run("audit", table, "--no-cache", "--quiet", *options)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    one, two = ((tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("one", "two"))
    assert one.replace("one.html", "two.html").replace("one.json", "two.json") == two


def test_layouts_of_the_same_answers_give_the_same_numbers(table: Path, tmp_path: Path) -> None:
    wide = answers()
    long = wide.unpivot(index=["item", "label"], variable_name="model", value_name="prediction")
    long.write_parquet(tmp_path / "long.parquet")
    each = []
    for (name,), rows in long.group_by("model", maintain_order=True):
        rows.drop("model").write_csv(tmp_path / f"{name}.csv")
        each.append(tmp_path / f"{name}.csv")
    found = []
    for paths in ([table], [tmp_path / "long.parquet"], each):
        assert run("audit", *paths, "--json", tmp_path / "a.json", "--quiet").code == 0
        found.append(json.loads((tmp_path / "a.json").read_text()))
    for other in found[1:]:
        assert other["accuracy"] == found[0]["accuracy"]
        assert other["pairs"] == found[0]["pairs"]


def test_embeddings_and_cards(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5))
    for k in range(6):
        np.save(tmp_path / f"m{k}.npy", x + k * rng.normal(size=(40, 5)))
    pl.DataFrame({"model": [f"m{k}" for k in range(6)], "company": list("aabbcc")}).write_csv(tmp_path / "cards.csv")
    paths = [tmp_path / f"m{k}.npy" for k in range(6)]
    done = run("audit", *paths, "--cards", tmp_path / "cards.csv", "--permutations", 19, "--neighbours", 3, "--quiet")
    assert done.code == 0, done.err
    assert "same company" in done.out
    assert "mutual_knn" in done.out


def test_detections(tmp_path: Path) -> None:
    objects = pl.DataFrame({
        "item": ["p1", "p1", "p2"], "x1": [0, 20, 0], "y1": [0, 20, 0], "x2": [10, 30, 10], "y2": [10, 30, 10],
        "label": ["cat", "dog", "cat"],
    })  # fmt: skip
    objects.write_csv(tmp_path / "objects.csv")
    found = objects.rename({"label": "prediction"}).with_columns(score=pl.lit(0.9))
    boxes = pl.concat([found.head(3).with_columns(model=pl.lit("a")), found.head(2).with_columns(model=pl.lit("b"))])
    boxes.write_csv(tmp_path / "boxes.csv")
    done = run(
        "audit", tmp_path / "boxes.csv", "--kind", "detections", "--truth", tmp_path / "objects.csv",
        "--json", tmp_path / "a.json", "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "a.json").read_text())["accuracy"] == pytest.approx({"a": 1, "b": 2 / 3})


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_nothing_that_is_read_is_overwritten(option: str, tmp_path: Path) -> None:
    path = tmp_path / ("answers.html" if option == "--report" else "answers.csv")
    answers().write_csv(path)
    before = path.read_bytes()
    done = run("audit", path, option, tmp_path / "." / path.name, "--quiet")
    assert done.code == 2
    assert "would be lost" in done.err
    assert path.read_bytes() == before


def test_cards_are_not_overwritten_either(table: Path, tmp_path: Path) -> None:
    (tmp_path / "cards.csv").write_text("model,company\nmodel 0,x\n")
    assert run("audit", table, "--cards", tmp_path / "cards.csv", "--json", tmp_path / "cards.csv").code == 2
    assert (tmp_path / "cards.csv").read_text() == "model,company\nmodel 0,x\n"


def test_a_link_stays_a_link(table: Path, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert run("audit", table, "--json", tmp_path / "link.json", "--quiet").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["items"] == 200


def test_a_pipe_is_refused_and_not_waited_for(table: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is a pipe" in run("audit", tmp_path / "pipe.csv").err
    assert "no ordinary file" in run("audit", table, "--json", tmp_path / "pipe.csv").err
    assert "no ordinary file" in run("audit", table, "--json", "-").err


def test_columns_that_are_no_models_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    answers().with_columns(year=pl.lit(1999)).write_csv(path)
    said = run("audit", path, "--quiet").out
    assert "taken for models (year)" in " ".join(said.split())
    names = "model 0,model 1"
    assert run("audit", path, "--models", names, "--quiet").out.startswith("2 models")
    long = answers().unpivot(index=["item", "label"], variable_name="model", value_name="prediction")
    long.write_csv(path)
    assert run("audit", path, "--models", names, "--quiet").out.startswith("2 models")


def test_answers_of_zeros_and_ones_can_be_told_from_right_and_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    pl.DataFrame({"item": range(30), "a": [0, 1] * 15, "b": [0, 0, 1] * 10}).write_csv(path)
    assert "joint_failure" in run("audit", path, "--quiet").out
    assert "joint_failure" not in run("audit", path, "--kind", "wide", "--quiet").out.split("not measured")[0]


def test_the_same_bytes_under_other_names_are_other_models(tmp_path: Path) -> None:
    rows = answers(models=1).rename({"model 0": "prediction"})
    for names in (("a", "b"), ("c", "d")):
        paths = []
        for name in names:
            (tmp_path / name).mkdir()
            rows.write_csv(tmp_path / name / "pred.csv")
            paths.append(tmp_path / name / "pred.csv")
        assert f"{names[0]}/pred" in run("audit", *paths, "--quiet").out


def test_cards_that_match_no_model_are_counted(table: Path, tmp_path: Path) -> None:
    (tmp_path / "cards.csv").write_text("model,company\nmodel 0,x\nmodel 9,y\n")
    said = run("audit", table, "--cards", tmp_path / "cards.csv", "--quiet").out
    assert "models without a card" in said
    assert "cards of no model" in said


BAD = {
    "no file": ((), "Missing argument"),
    "a file that is not there": (("none.csv",), "none.csv: does not exist"),
    "a folder": (("folder",), "is a folder"),
    "an unknown kind": (("answers.csv", "--kind", "answer"), "did you mean answers"),
    "an unknown column": (("answers.csv", "--label", "truth", "--kind", "answers"), "'truth'"),
    "a text that is no table": (("notes.txt",), "notes.txt"),
    "detections without objects": (("answers.csv", "--kind", "detections"), "truth"),
    "a level that is none": (("answers.csv", "--level", "2"), "--level 2"),
    "no measures": (("a.npy", "b.npy", "--measures", ""), "measures is empty"),
    "a measure of answers that is none": (("answers.csv", "--measures", "foo"), "foo"),
    "no permutations": (("answers.csv", "--permutations", "0"), "--permutations 0"),
    "an unknown adjustment": (("answers.csv", "--adjust", "bonferroni"), "benjamini-hochberg"),
    "an unknown measure": (("a.npy", "b.npy", "--measures", "ckaa"), "ckaa"),
    "cards of other models": (("answers.csv", "--cards", "cards.csv"), "no model has a card"),
    "cards without models": (("answers.csv", "--cards", "answers.csv"), "column 'model'"),
    "a choice among embeddings": (("a.npy", "b.npy", "--models", "a,b"), "--models names some of those that answer"),
    "a model that is not there": (("answers.csv", "--models", "model 0,model 9"), "'model 9', did you mean"),
    "embeddings of other items": (("a.npy", "c.npy"), "rows"),
    "embeddings beside answers": (("a.npy", "answers.csv"), "kind"),
    "a report that ends otherwise": (("answers.csv", "--report", "a.pdf"), ".html"),
    "a JSON in no folder": (("answers.csv", "--json", "nowhere/a.json"), "does not exist"),
    "one model": (("one.csv",), "one model"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_sentence(
    name: str, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("notes.txt").write_text("nothing")
    for file, rows in (("a", 9), ("b", 9), ("c", 8)):
        np.save(f"{file}.npy", np.random.default_rng(0).normal(size=(rows, 3)))
    pl.DataFrame({"model": ["x"], "company": ["y"]}).write_csv("cards.csv")
    answers(models=1).write_csv("one.csv")
    arguments, says = BAD[name]
    done = run("audit", *arguments, "--quiet")
    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    assert says in done.err
    assert not done.out
