"""The command of the survey: what it prints, writes and passes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from survey_runs import QUICK, made_papers, run_survey, write_papers

from polyculture.cli.survey import FORMATS
from polyculture.data.papers import detect
from polyculture.surveying import SurveyResult
from polyculture.surveying.headline import headline
from polyculture.surveying.tables import tables


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return write_papers(tmp_path / "papers.csv")


def test_it_prints_the_answer_and_every_table_and_writes_both_files(papers: Path, tmp_path: Path) -> None:
    found, page = tmp_path / "found.json", tmp_path / "page.html"
    done = run_survey(papers, *QUICK, "--least", 10, "--json", found, "--report", page)
    assert done.code == 0, done.err
    result = SurveyResult.from_dict(json.loads(found.read_text()))
    assert result.schema == "polyculture.survey/1"
    assert result.papers == 128
    assert done.out.startswith(f"{headline(result)}\n")
    for table in tables(result):
        assert table.title in done.out
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert done.err == ""


def test_same_seed_same_bytes(papers: Path, tmp_path: Path) -> None:
    written = []
    for name, jobs in (("a", 1), ("b", 2)):
        path = tmp_path / f"{name}.json"
        done = run_survey(papers, *QUICK, "--jobs", jobs, "--json", path, "--questions", "divergence,convergence")
        assert done.code == 0, done.err
        found = json.loads(path.read_text())
        assert found["settings"].pop("jobs") == jobs
        written.append(found)
    assert written[0] == written[1]


def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command passes on."""
    seen: dict[str, Any] = {}

    def stand_in(paths: list[Path], **settings: Any) -> SurveyResult:
        seen.update(settings, paths=paths)
        return SurveyResult(1, ["CV"], [2020, 2021])

    monkeypatch.setattr("polyculture.surveying.survey", stand_in)
    return seen


def test_every_option_arrives(papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, vocabulary = given(monkeypatch), tmp_path / "own.toml"
    named = ("paper-id", "community", "year", "title", "abstract")
    columns = [part for name in named for part in (f"--{name}", name.upper())]
    done = run_survey(
        papers, *columns, "--tags", "S.*, extra", "--vocabulary", vocabulary, "--years", "2010-2020",
        "--communities", "CV, NLP", "--format", "csv", "--no-abstracts", "--questions", "openings",
        "--draws", 50, "--nulls", 30, "--least", 5, "--level", 0.9, "--seed", 7, "--jobs", 2, "--batch", 1000,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert seen == {
        "paths": [papers],
        "columns": {name.replace("-", "_"): name.upper() for name in named} | {"tags": ["S.*", "extra"]},
        "vocabulary": vocabulary,
        "years": (2010, 2020),
        "communities": ["CV", "NLP"],
        "format": "csv",
        "abstracts": False,
        "batch": 1000,
        "questions": ["openings"],
        "draws": 50,
        "nulls": 30,
        "least": 5,
        "confidence": 0.9,
        "seed": 7,
        "jobs": 2,
    }


@pytest.mark.parametrize(
    ("options", "communities"),
    [
        ((), None),
        (("--one-community", "NLP, and more"), "NLP, and more"),
        (("--communities", "CV"), ["CV"]),
        (("--communities", "cs.CL=NLP, cs.CV = CV"), {"cs.CL": "NLP", "cs.CV": "CV"}),
        (("--communities", "a=b=C"), {"a=b": "C"}),
    ],
)
def test_communities_are_chosen_or_made(
    papers: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], communities: Any
) -> None:
    seen = given(monkeypatch)
    assert run_survey(papers, *options).code == 0
    assert seen["communities"] == communities


@pytest.mark.parametrize(("written", "years"), [("2015", (2015, 2015)), (" 2015-2017 ", (2015, 2017))])
def test_years_are_a_span_or_one(
    papers: Path, monkeypatch: pytest.MonkeyPatch, written: str, years: tuple[int, int]
) -> None:
    seen = given(monkeypatch)
    assert run_survey(papers, "--years", written).code == 0
    assert seen["years"] == years


def test_columns_of_any_name_and_several_files(tmp_path: Path) -> None:
    table = made_papers()
    renamed = {"id": table["paper_id"], "field": table["community"], "when": table["year"], "name": table["title"]}
    frame = pl.DataFrame(renamed)
    paths = [tmp_path / "one.csv", tmp_path / "two.jsonl"]
    frame.head(64).write_csv(paths[0])
    frame.tail(64).write_ndjson(paths[1])
    options = ("--paper-id", "id", "--community", "field", "--year", "when", "--title", "name")
    out = tmp_path / "found.json"
    done = run_survey(*paths, *options, *QUICK, "--questions", "diversity", "--least", 10, "--json", out)
    assert done.code == 0, done.err
    assert json.loads(out.read_text())["papers"] == 128


def test_tagged_papers_need_no_vocabulary_and_no_titles(tmp_path: Path) -> None:
    tags = {"S.cnn": [i % 2 == 0 for i in range(128)], "S.rnn": [i % 3 == 0 for i in range(128)]}
    path, out = write_papers(tmp_path / "tagged.parquet", title=None, **tags), tmp_path / "found.json"
    done = run_survey(path, "--tags", "S.*", *QUICK, "--questions", "diversity", "--least", 5, "--json", out)
    assert done.code == 0, done.err
    found = json.loads(out.read_text())
    assert (found["families"], found["methods"]) == (["S"], ["cnn", "rnn"])


def test_a_vocabulary_of_ones_own_replaces_the_shipped(papers: Path, tmp_path: Path) -> None:
    own, out = tmp_path / "own.toml", tmp_path / "found.json"
    own.write_text('schema = 1\n[family.sequence.lstm]\npatterns = ["LSTM"]\n')
    done = run_survey(papers, "--vocabulary", own, *QUICK, "--questions", "adoption", "--json", out)
    assert done.code == 0, done.err
    assert json.loads(out.read_text())["families"] == ["sequence"]


def test_files_are_read_in_batches_where_asked(papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    done = run_survey(papers, *QUICK, "--batch", 30, "--questions", "diversity,duplication", "--json", out)
    assert done.code == 0, done.err
    found = json.loads(out.read_text())
    assert found["papers"] == 128
    assert "in batches" in found["not_measured"]["duplication"]


def test_a_file_that_is_cut_is_told_to_be_partial(papers: Path, tmp_path: Path) -> None:
    table = pl.DataFrame(made_papers())
    cut = tmp_path / "cut.jsonl"
    table.write_ndjson(cut)
    cut.write_bytes(cut.read_bytes()[:-40])
    out = tmp_path / "found.json"
    done = run_survey(cut, *QUICK, "--questions", "diversity", "--least", 10, "--json", out)
    assert done.code == 0, done.err
    assert "only part of the source was read" in done.out
    assert json.loads(out.read_text())["partial"]


def test_formats_are_those_of_the_reader() -> None:
    assert FORMATS == detect.FORMATS


def test_progress_is_on_stderr_alone(papers: Path) -> None:
    options = [option for option in QUICK if option != "--quiet"]
    done = run_survey(papers, *options, "--questions", "diversity", "--least", 10)
    assert "papers read" in done.err
    assert "papers read" not in done.out


def test_help_says_what_every_option_is() -> None:
    done = run_survey("--help")
    assert done.code == 0
    for option in ("--vocabulary", "--communities", "--years", "--no-abstracts", "--draws", "--json", "--report"):
        assert option in done.out
