"""The page as a whole: what stands in it, and that it is the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from made import Make
from pages import Page

from polyculture import store
from polyculture.errors import DataError
from polyculture.evaluation import Evaluation
from polyculture.evaluation.tables import tables
from polyculture.report import render, write_report
from polyculture.report.sections import TITLES
from polyculture.tables import cell, interval

QUESTIONS = (
    "classes",
    "comparison",
    "generalisation",
    "interpretability",
    "ablation",
    "fine_tuning",
    "homogenization",
    "calibration",
    "tasks",
    "choices",
)


@pytest.fixture
def page(make: Make) -> Page:
    return Page(render(make()))


def test_every_table_of_the_evaluation_is_there_number_by_number(make: Make, page: Page) -> None:
    for table in tables(make()):
        head, *rows = page.tables[table.title]
        assert head == [*table.columns]
        assert rows == [[cell(value) for value in row] for row in table.rows]


def test_the_answer_comes_first_then_three_figures(make: Make, page: Page) -> None:
    e = make()
    fused, lead = e.accuracy["fused"]["macro_f1"], e.lead["pooled"]
    text = page.text
    places = [
        text.index(part)
        for part in (
            e.homogenization["sentence"],
            f"{cell(fused['mean'])} %",
            interval(lead["mean"]),
            f"{cell(fused['worst'])} %",
            interval(lead["worst"]),
            "1.12",
            "[1.01, 1.23] of 4",
            "1.71 [1.60, 1.82]",
        )
    ]
    assert places == sorted(places)
    assert places[-1] < text.index(TITLES["comparison"])


def test_sections_and_headings_are_in_order(page: Page) -> None:
    titled = [s["id"] for s in page.all("section")]
    assert titled == list(TITLES)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_accuracy_alone_renders_and_says_what_was_not_measured(bare: Evaluation) -> None:
    page = Page(render(bare))
    assert [s["id"] for s in page.all("section")] == ["accuracy", "made", "unmeasured"]
    assert f"a mean macro-F1 of {cell(bare.accuracy['fused']['macro_f1']['mean'])} % over 4 domains" in page.text
    assert len(page.all("li")) == 3 + 1 + len(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_question_may_be_left_out_or_stand_alone(make: Make, bare: Evaluation, question: str) -> None:
    without = Page(render(make(**{question: {}})))
    assert question not in [s["id"] for s in without.all("section")]
    alone = Page(render(replace(bare, **{question: getattr(make(), question)})))
    assert question in [s["id"] for s in alone.all("section")]


def test_everything_measured_leaves_nothing_to_list(page: Page) -> None:
    assert "Every question was asked." in page.text


def test_the_record_of_a_fitted_model_alone_renders(make: Make) -> None:
    e = Evaluation(
        accuracy={"backbone": make().accuracy["backbone"]},
        data={"source": "items.csv", "items": 40, "domains": {"a": 20, "b": 20}},
        calibration={"judged items": {"before": float("nan"), "after": 0.02}},
        choices={"fused": ["ensemble", "stacking"]},
    )
    page = Page(render(e))
    assert "mean macro-F1, backbone" in page.text
    assert ["judged items", "–", "0.020"] in page.tables["expected calibration error of the fused model"]
    assert ["fused", "ensemble, stacking"] in page.tables["what was chosen"]


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_numbers_are_dashes(make: Make, missing: float | None) -> None:
    def holes(value: object) -> object:
        if isinstance(value, dict):
            return {k: holes(v) for k, v in value.items()}
        return missing if isinstance(value, float) else [holes(v) for v in value] if isinstance(value, list) else value

    e = make()
    page = Page(render(Evaluation(**{name: holes(getattr(e, name)) for name in ("accuracy", "lead", *QUESTIONS)})))
    assert not page.all("svg")
    assert "nan" not in page.text.lower()
    assert "None" not in page.text


def test_whole_intervals_may_be_missing(make: Make) -> None:
    e = make()
    populations = {n: p | {"kish": None, "cka": None} for n, p in e.homogenization["populations"].items()}
    lead = {row: {"mean": None, "worst": None} for row in e.lead} | {"ngrams": None}
    page = Page(render(replace(e, lead=lead, homogenization={"populations": populations})))
    assert "chart-lead" not in page.html
    assert "chart-likeness" in page.html


def test_numbers_of_numpy_are_numbers(bare: Evaluation) -> None:
    row = {"mean": np.float32(80.123), "worst": np.float64(79.0), "by_domain": {"a": np.float32(80.123)}}
    assert "80.1" in render(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}))


def test_fifty_domains_stay_readable_and_small(make: Make) -> None:
    html = render(make([f"domain {i}" for i in range(50)]))
    assert len(html.encode()) < 300_000
    assert "12 of 50 examples are shown" in Page(html).text


def test_a_realistic_report_is_small(page: Page) -> None:
    assert len(page.html.encode()) < 300_000


def test_the_same_evaluation_gives_the_same_bytes(make: Make, tmp_path: Path) -> None:
    write_report(make(), tmp_path / "a.html")
    make().report(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert not re.search(r"\d\d:\d\d:\d\d", (tmp_path / "a.html").read_text(encoding="utf-8"))


def test_it_is_written_whole_or_not_at_all(bare: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(store, "write_text", lambda path, text: written.append((path, text)))
    write_report(bare, str(tmp_path / "a.html"))
    assert written == [(tmp_path / "a.html", render(bare))]
    assert not list(tmp_path.iterdir())


def test_an_evaluation_without_accuracy_is_an_error() -> None:
    with pytest.raises(DataError, match="no row of accuracy"):
        render(Evaluation(accuracy={}))
