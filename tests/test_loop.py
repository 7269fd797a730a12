"""The whole loop on made data: every question answered, every row there, and the same again for the same seed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polyculture import DomainData, Evaluation, close_the_loop
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone
from polyculture.loop import QUESTIONS

WORDS = {"+": ["splendid", "lovely", "grand", "fine"], "-": ["awful", "dreary", "poor", "dull"]}
FILLER = ["film", "day", "meal", "street", "house", "song", "river", "hill", "letter", "garden"]


def made(n: int = 240, *, neutral: bool = False) -> DomainData:
    """Three domains; in the third the words mean the opposite, so that no one model serves all."""
    rng = np.random.default_rng(0)
    texts, labels, domains = [], [], []
    for i in range(n):
        domain, label = "abc"[i % 3], "+-"[(i // 3) % 2]
        spoken = label if domain != "c" else {"+": "-", "-": "+"}[label]
        texts.append(" ".join([*rng.choice(FILLER, 5), *rng.choice(WORDS[spoken], 2), f"{domain}{i}"]))
        labels.append("o" if neutral and i % 5 == 0 else label)
        domains.append(domain)
    return DomainData.of(texts, label=labels, domain=domains, ids=[f"i{i}" for i in range(n)], source="made")


def settings() -> dict:
    backbone = Backbone((64,), (0, 0), learning_rate=0.02, epochs=20)
    return {"encoders": ("lexical",), "components": 20, "explained": 4, "backbone": backbone}


@pytest.fixture(scope="module")
def found() -> Evaluation:
    # fine-tuning needs a Transformer: its own tests ask it of a tiny one
    questions = [question for question in QUESTIONS if question != "fine_tuning"]
    tasks = {"with neutral": made(neutral=True)}
    return close_the_loop(made(), seeds=(0, 1), questions=questions, tasks=tasks, **settings())


def test_every_row_of_the_table_is_there(found: Evaluation) -> None:
    rows = {"merged", "experts", "ensemble", "fused", "backbone", "specialists", "pooled", "ngrams", "encoder:lexical"}

    assert set(found.accuracy) == rows
    for scores in found.accuracy.values():
        for metric in ("macro_f1", "accuracy"):
            assert set(scores[metric]) == {"mean", "worst", "by_domain"}
            assert list(scores[metric]["by_domain"]) == ["a", "b", "c"]


def test_a_domain_where_words_mean_the_opposite_needs_its_expert(found: Evaluation) -> None:
    mean = {row: scores["macro_f1"]["mean"] for row, scores in found.accuracy.items()}

    assert mean["fused"] > mean["pooled"] + 5
    assert found.lead["pooled"]["mean"]["estimate"] == pytest.approx(mean["fused"] - mean["pooled"])


def test_every_question_is_answered(found: Evaluation) -> None:
    assert set(found.generalisation) == {"with", "without"}
    assert set(found.generalisation["without"]) == {"fused", "merged", "pooled", "ngrams"}
    assert set(found.interpretability["models"]) == {"pooled", "specialists", "fused"}
    assert {
        "whole",
        "without adapt",
        "without fuse",
        "without optimise",
        "without cleaning",
        "with augmentation",
    } <= set(found.ablation)
    assert set(found.comparison) == {"all", "16"}
    assert set(found.comparison["16"]["graph"]) == {"backbone", "merged", "specialists", "chosen"}
    assert set(found.homogenization["populations"]) == {
        "pooled",
        "specialists",
        "experts",
        "after fusion",
        "base models",
    }
    assert found.tasks["with neutral"]["classes"] == ["+", "-", "o"]
    assert set(found.calibration["test"]) == {"before", "after"}


def test_one_model_for_all_is_as_alike_as_can_be(found: Evaluation) -> None:
    populations = found.homogenization["populations"]

    assert populations["pooled"]["error_consistency"]["estimate"] == pytest.approx(1.0)
    assert populations["pooled"]["kish"]["estimate"] == pytest.approx(1.0)
    # the expert of the third domain is right where the others are wrong
    assert populations["experts"]["error_consistency"]["high"] < 0.95
    assert populations["experts"]["kish"]["estimate"] > populations["pooled"]["kish"]["estimate"] + 0.1


def test_an_unseen_domain_where_words_mean_the_opposite_is_served_badly_and_said_to_be(found: Evaluation) -> None:
    assert found.generalisation["without"]["fused"]["by_domain"]["c"] < 50


def test_the_result_is_json_with_a_schema_and_tables_and_frames(found: Evaluation, tmp_path) -> None:
    found.to_json(tmp_path / "demo.json")
    kept = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))

    assert kept["schema"] == "polyculture.evaluation/1"
    assert kept["seconds"] > 0
    assert {"name", "seconds"} == set(kept["steps"][0])
    assert kept["accuracy"]["fused"]["macro_f1"]["mean"] == pytest.approx(found.accuracy["fused"]["macro_f1"]["mean"])
    assert found.frames()["accuracy"].height == len(found.accuracy)
    assert "macro-F1 by domain" in str(found)
    found.report(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!")


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, again = (close_the_loop(made(120), questions=("homogenization",), **settings()) for _ in range(2))

    assert first.accuracy == again.accuracy
    assert json.dumps(first.homogenization) == json.dumps(again.homogenization)


def test_two_processes_give_the_numbers_of_one() -> None:
    one, two = (
        close_the_loop(made(120), questions=("generalisation", "ablation"), jobs=jobs, **settings()) for jobs in (1, 2)
    )

    assert one.generalisation == two.generalisation
    assert one.ablation == two.ablation


@pytest.mark.parametrize(
    ("wrong", "said"), [({"questions": ("colour",)}, "no question named 'colour'"), ({"seeds": ()}, "no seed")]
)
def test_what_is_asked_wrongly_is_said(wrong: dict, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        close_the_loop(made(30), **wrong)
