"""The page of an evaluation: every number of it, and what it says where something is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made import Make
from pages import Page

from polyculture.errors import DataError
from polyculture.evaluation import Evaluation
from polyculture.evaluation.tables import tables
from polyculture.report import page_of, render
from polyculture.report.evaluation_sections import TITLES
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
    assert places[-1] < text.index("Findings\n\n")


def test_sections_are_in_order(page: Page) -> None:
    assert [s["id"] for s in page.all("section")] == ["findings", *TITLES, "made", "unmeasured"]


def test_accuracy_alone_renders_and_says_what_was_not_measured(bare: Evaluation) -> None:
    page = Page(render(bare))
    assert [s["id"] for s in page.all("section")] == ["findings", "accuracy", "made", "unmeasured"]
    assert f"a mean macro-F1 of {cell(bare.accuracy['fused']['macro_f1']['mean'])} % over 4 domains" in page.text
    findings = page_of(bare).findings
    # links, findings, and a sentence for each question that was not asked, and for the lead
    assert len(page.all("li")) == 4 + len(findings) + 1 + len(QUESTIONS)
    assert {finding.status for finding in findings if "reasons" in finding.title} == {"not checked"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_question_may_be_left_out_or_stand_alone(make: Make, bare: Evaluation, question: str) -> None:
    without = Page(render(make(**{question: {}})))
    assert question not in [s["id"] for s in without.all("section")]
    alone = Page(render(replace(bare, **{question: getattr(make(), question)})))
    assert question in [s["id"] for s in alone.all("section")]


def test_everything_measured_leaves_nothing_to_list(page: Page) -> None:
    assert "Everything that this kind of input allows was measured." in page.text


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
    assert not page.all("figure")
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
    assert len(html.encode()) < 1_200_000
    assert "12 of 50 examples are shown" in Page(html).text


def test_weights_differ_without_colour(page: Page) -> None:
    assert ".p1, .p2, .p3, .p4 { text-decoration-style: solid" in page.html
    assert ".m1, .m2, .m3, .m4 { text-decoration-style: dashed" in page.html


def test_each_word_carries_its_weight(make: Make, page: Page) -> None:
    words = [w for example in make().interpretability["examples"] for w in example["words"]]
    spans = [s for s in page.all("span") if "title" in s]
    assert len(spans) == len(words)
    for word, span in zip(words, spans, strict=True):
        assert float(str(span["title"])) == pytest.approx(word["weight"], abs=6e-4)
        if "class" in span:
            assert str(span["class"])[0] == ("p" if word["weight"] > 0 else "m")


def test_long_examples_are_cut(make: Make) -> None:
    found = dict(make().interpretability)
    found["examples"] = [{"domain": "a", "predicted": "b", "words": [{"word": "w ", "weight": 0.1}] * 1000}]
    page = Page(render(make(interpretability=found)))
    assert "and 850 more words" in page.text


def test_the_words_that_weigh_most_have_a_bar_for_each_item(make: Make) -> None:
    e = make()
    chart = next(chart for chart in page_of(e).charts if chart.key == "chart-why")
    for i, example in enumerate(e.interpretability["examples"]):
        drawn = [row["v"] for row in chart.spec["data"]["values"] if row["item"] == i]
        weights = sorted((w["weight"] for w in example["words"]), key=lambda weight: -abs(weight))[:15]
        assert drawn == pytest.approx(weights, abs=1e-5)


def test_long_names_keep_both_ends(make: Make) -> None:
    text = Page(render(make(["first" + "x" * 10_000 + "last", "b"]))).text
    assert "first" in text
    assert "…" + "x" * 19 in text.replace("x" * 20, "x" * 19)
    assert "x" * 500 not in text


def test_an_evaluation_without_accuracy_is_an_error() -> None:
    with pytest.raises(DataError, match="no row of accuracy"):
        render(Evaluation(accuracy={}))
