"""Small things that a first user stumbled over."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from cli_runs import fit, made, run, write

from polyculture import CrossDomainClassifier, lineage
from polyculture.ancestry.tables import tables
from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import headline
from polyculture.cli.screen import in_the_middle
from polyculture.report.audit_sentences import lead

LONG = "organisation/a-model-of-so-many-words-that-no-screen-holds-it-in-one-column"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    frame = pl.DataFrame({"item": range(40), f"{LONG}-one": [1, 0] * 20, f"{LONG}-two": [1, 1, 0, 0] * 10})
    frame.write_csv(tmp_path / "outcomes.csv")
    return tmp_path / "outcomes.csv"


def test_long_names_are_cut_on_a_screen_alone_and_stay_apart(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = ("audit", table, "--kind", "outcomes", "--quiet", "--json", table.with_suffix(".json"))
    assert LONG in run(*how).out
    monkeypatch.setattr("polyculture.cli.screen.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "400")
    done = run(*how)
    assert LONG not in done.out
    assert done.out.count("…") > 3
    assert json.loads(table.with_suffix(".json").read_text())["models"] == [f"{LONG}-one", f"{LONG}-two"]
    assert in_the_middle(f"{LONG}-one") != in_the_middle(f"{LONG}-two")
    assert in_the_middle("/" + "folder/" * 20) == "/" + "folder/" * 20
    assert in_the_middle("many short words " * 20) == "many short words " * 20


def test_a_size_without_a_unit_is_told(table: Path) -> None:
    said = run("audit", table, "--kind", "outcomes", "--quiet", "--memory", "5").err
    assert "--memory 5 has no unit and is taken for GiB" in said
    assert "unit" not in run("audit", table, "--kind", "outcomes", "--quiet", "--memory", "5GB").err


def test_a_run_folder_says_which_file_is_another_and_no_hash(table: Path, tmp_path: Path) -> None:
    how = ("audit", table, "--kind", "outcomes", "--quiet", "--run", tmp_path / "run")
    assert run(*how).code == 0
    table.write_text(table.read_text() + "40,1,1\n")
    done = run(*how)
    assert done.code == 2
    assert "the file outcomes.csv holds something else than it did; name another folder" in done.err
    cards = tmp_path / "cards.csv"
    pl.DataFrame({"model": [f"{LONG}-one", f"{LONG}-two"], "size": [1, 2]}).write_csv(cards)
    assert "the file cards.csv was not read then" in run(*how, "--cards", cards).err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try on")
def test_a_full_standard_output_is_named() -> None:
    import subprocess
    import sys

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "polyculture", "list", "measures"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("Error: standard output: ")


def test_more_independent_models_than_there_are_need_a_word() -> None:
    def found(kish: float) -> AuditResult:
        ends = {"kish": {"estimate": kish, "low": 2.0, "high": 4.0}}
        return AuditResult("answers", ["a", "b", "c"], 10, effective_models=ends)

    assert "more than there are" in headline(found(3.2))
    assert "more than there are" in lead(found(3.2))[0]
    assert "more than there are" not in headline(found(2.9)) + lead(found(2.9))[0]


def test_one_parent_is_one_and_a_root_that_is_silent_does_not_say() -> None:
    found = lineage({"name": ["a", "b", "c"], "parents": ["none", "a;lost", ""]})
    titles = [table.title for table in tables(found)]
    assert any(title.startswith("1 parent is not listed") for title in titles)
    assert {root["name"]: root["parents"] for root in found.roots}["c"] == "does not say"


def test_the_column_of_parents_is_asked_for_as_an_option(tmp_path: Path) -> None:
    (tmp_path / "models.csv").write_text("name,size\na,1\nb,2\n")
    done = run("lineage", tmp_path / "models.csv")
    assert "name it, as in --columns parents=base" in done.err
    assert "{" not in done.err


def test_neighbours_are_called_by_their_texts_where_these_are_given(tmp_path: Path) -> None:
    table = made(n=60)
    model = CrossDomainClassifier(("lexical",), graph="same", hops=(1,), neighbours=3, components=4)
    model.fit(table["text"], table["label"], domain=table["domain"]).save(tmp_path / "model")
    data = write(tmp_path / "items.csv", table)
    how = ("explain", tmp_path / "model", data, "--rows", "1", "--kinds", "neighbours", "--quiet")
    told = run(*how, "--known", data, "--json", tmp_path / "e.json")
    assert told.code == 0, told.err
    for of in json.loads((tmp_path / "e.json").read_text())["items"][0]["neighbours"]:
        assert of["name"] == table["text"][of["item"]][:59] + "…" * (len(table["text"][of["item"]]) > 60)
    assert "“a " in told.out
    assert "a fitted item (--known names it)" in " ".join(run(*how).out.split())


def test_two_labelled_items_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("text,label\ngood day,+\nbad day,-\n")
    done = fit(tmp_path / "two.csv", tmp_path / "model")
    assert done.code == 2
    assert "has 2 labelled items, of which none can be held out" in done.err
    assert not (tmp_path / "model").exists()


def test_a_number_beyond_single_precision_is_located(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_text("a,b,label\n1,2,x\n1e39,2,y\n1,3,x\n2,3,y\n")
    done = run("fit", tmp_path / "big.csv", "--vector", "a,b", "--out", tmp_path / "model", "--quiet")
    assert done.code == 2
    assert "big.csv: row 2 has the number 1e+39 in 'a' beyond 3.4e+38" in done.err
    assert "Warning" not in done.err


@pytest.mark.parametrize("tested", [False, True])
def test_labels_that_are_measured_numbers_point_to_regression(tmp_path: Path, *, tested: bool) -> None:
    table = made() | {"label": [f"{i / 7:.3f}" for i in range(120)]}
    halves = {"split": ["train", "train", "test", "test"] * 30} if tested else {}
    done = fit(write(tmp_path / "items.csv", table | halves), tmp_path / "model")
    assert done.code == 2
    assert "items.csv: its 120 labels are 120 different numbers, and fit learns classes" in done.err
    assert "polyculture.CrossDomainRegressor" in done.err


def test_options_are_told_as_they_were_typed(table: Path) -> None:
    assert "--options is a; give two or more" in run("audit", table, "--options", "a").err
    assert "--models is empty; name" in run("audit", table, "--models", ",").err


@pytest.mark.parametrize("option", ["--report", "--json"])
def test_an_output_at_an_address_is_refused_before_anything_is_read(option: str, tmp_path: Path) -> None:
    done = run("audit", tmp_path / "absent.csv", option, "https://me:secret@example.org/a.html")
    assert done.code == 2
    assert f"{option} https://example.org/a.html: is an address, and this is written here; name a path" in done.err
    place = tmp_path / "a:" / "b"
    place.mkdir(parents=True)
    assert "absent.csv: does not exist" in run("audit", tmp_path / "absent.csv", option, place / "a.html").err


def test_a_model_folder_at_an_address_is_refused(tmp_path: Path) -> None:
    done = run("fit", write(tmp_path / "items.csv", made()), "--out", "s3://bucket/model")
    assert "--out s3://bucket/model: is an address" in done.err


@pytest.mark.parametrize("command", [("audit", ""), ("fit", "", "--out", "model"), ("lineage", ""), ("survey", "")])
def test_an_empty_word_is_no_file(command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.code == 2
    assert done.err == "Error: a file is named by an empty word; give its path\n"
