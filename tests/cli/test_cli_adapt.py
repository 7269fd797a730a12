"""``polyculture adapt``: one domain more, and whatever is wrong is one sentence and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runs import BAD, GOOD, run, write

THINGS = ("waiter", "soup", "table", "menu")


def meals(n: int = 60) -> dict[str, list[Any]]:
    """A domain that the model has not seen, said with the same words for good and bad; the last third are test rows."""
    table: dict[str, list[Any]] = {"text": [], "label": [], "split": []}
    for i in range(n):
        words, label = ((GOOD, "+"), (BAD, "-"))[i % 2]
        table["text"].append(f"a {words[i % 6]} {THINGS[i % 4]} m{i} and {words[i % 5]} n{i * 3}")
        table["label"].append(label)
        table["split"].append("test" if i >= 2 * n // 3 else "train")
    return table


def adapt(data: Path, model: Path, out: Path, *options: object):
    return run("adapt", model, data, "--as", "meals", "--out", out, "--quiet", *options)


def test_a_domain_is_learnt_and_served(fitted: Path, tmp_path: Path):
    data = write(tmp_path / "meals.csv", meals())
    done = adapt(data, fitted / "model", tmp_path / "more", "--json", tmp_path / "a.json")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["schema"] == "polyculture.adapt/1"
    assert (found["domain"], found["labels"]) == ("meals", 40)
    assert set(found["accuracy"]) == {"before", "after"}
    assert found["method"] in found["losses"]
    assert "chosen" in done.out
    asked = write(tmp_path / "asked.csv", meals() | {"domain": ["meals"] * 60})
    served = run("predict", tmp_path / "more", asked, "--out", tmp_path / "said.csv", "--quiet")
    assert served.code == 0
    assert "not seen" not in served.err


def test_rows_without_a_label_join_as_they_are(fitted: Path, tmp_path: Path):
    table = meals()
    table["label"] = [label if i < 8 else None for i, label in enumerate(table["label"])]
    del table["split"]
    done = adapt(write(tmp_path / "m.csv", table), fitted / "model", tmp_path / "more", "--json", tmp_path / "a.json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "a.json").read_text())["labels"] == 8


def no_labels(table: dict[str, list[Any]]) -> None:
    table["label"] = [None] * len(table["label"])


def unknown_label(table: dict[str, list[Any]]) -> None:
    table["label"][3] = "perhaps"


def no_texts(table: dict[str, list[Any]]) -> None:
    table["words"] = table.pop("text")


@pytest.mark.parametrize(
    ("change", "said"), [(no_labels, "no item has a label"), (unknown_label, "perhaps"), (no_texts, "'text'")]
)
def test_what_is_wrong_in_the_file_is_said(
    fitted: Path, tmp_path: Path, change: Callable[[dict[str, list[Any]]], None], said: str
):
    table = meals()
    change(table)
    done = adapt(write(tmp_path / "m.csv", table), fitted / "model", tmp_path / "more")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "magic"], "--method magic: is not known"),
        (["--as", " "], "--as: is empty"),
        (["--as", "books"], "was fitted on the domain 'books'"),
        (["--label", "grade"], "'grade'"),
        (["--json", "nowhere/a.json"], "does not exist"),
    ],
)
def test_what_is_wrong_in_the_options_is_said(fitted: Path, tmp_path: Path, options: list[str], said: str):
    done = adapt(write(tmp_path / "m.csv", meals()), fitted / "model", tmp_path / "more", *options)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_model_that_is_read_is_not_replaced(fitted: Path, model: Path, tmp_path: Path):
    done = adapt(write(tmp_path / "m.csv", meals()), model, model)
    assert done.code == 2
    assert "is the model that is read" in done.err


def test_a_folder_with_other_things_is_not_replaced(fitted: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    done = adapt(write(tmp_path / "m.csv", meals()), fitted / "model", tmp_path / "mine")
    assert done.code == 2
    assert "holds other things than a model" in done.err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
