"""A fitted model on labelled items: which of them it had learnt from, and how far it is ahead of its parts."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation import Evaluation, evaluate
from polyculture.evaluation.tables import on_new_items, tables
from polyculture.features.backbone import Backbone
from polyculture.report import page_of

TEXTS = [f"{'good' if i % 2 else 'bad'} {what} {i}" for i in range(60) for what in ("day", "meal")]
LABELS = ["+" if i % 2 else "-" for i in range(60) for _ in range(2)]
DOMAIN = ["days", "meals"] * 60


@pytest.fixture(scope="module")
def model() -> CrossDomainClassifier:
    labels = [label if i < 110 else None for i, label in enumerate(LABELS)]
    return CrossDomainClassifier(("lexical",), components=4, augment=0.2).fit(TEXTS, labels, domain=DOMAIN)


def judged(model: CrossDomainClassifier, texts: list[str], labels: list[str]) -> Evaluation:
    return evaluate(model, DomainData.of(texts, label=labels, domain=["days", "meals"] * (len(texts) // 2)))


def test_items_that_it_learnt_from_are_counted_whatever_their_case(model: CrossDomainClassifier, tmp_path) -> None:
    new = ["a good one", "a bad one", "good, and again", "bad, and again"]
    model.save(tmp_path / "model")
    loaded = CrossDomainClassifier.load(tmp_path / "model")
    for each in (model, loaded):
        found = judged(each, [TEXTS[0].upper() + "!", TEXTS[1], *new], ["-", "-", *["+", "-"] * 2])
        assert found.data["learnt"] == 2
        assert "2 of 6 items were also training items" in str(found)


def test_items_without_a_label_and_copies_are_none_that_it_learnt_from(model: CrossDomainClassifier) -> None:
    assert model.learnt_from(TEXTS).tolist() == [True] * 110 + [False] * 10
    assert len(model.learnt_) == 110


def test_new_items_raise_no_concern(model: CrossDomainClassifier) -> None:
    found = judged(model, ["a good one", "a bad one"], ["+", "-"])
    assert found.data["learnt"] == 0
    assert [table for table in tables(found) if table.name == "new"] == []
    assert status(found, "training items") == "passed"


def test_a_model_that_does_not_remember_is_not_checked(model: CrossDomainClassifier) -> None:
    state = model.state()
    del state["learnt"]
    found = judged(CrossDomainClassifier.from_state(state), TEXTS[:4], LABELS[:4])
    assert found.data["learnt"] is None
    assert "not checked" in on_new_items(found)
    assert status(found, "training items") == "not checked"


def test_a_domain_that_arrives_is_remembered(model: CrossDomainClassifier) -> None:
    films = ["good film", "bad film", "a good film", "a bad film"]
    more = CrossDomainClassifier.from_state(model.state()).adapt(films[:2], ["+", "-"], domain="films")
    assert more.learnt_from(films).tolist() == [True, True, False, False]
    again = CrossDomainClassifier.from_state(more.state())
    assert again.learnt_from(films).tolist() == [True, True, False, False]


def test_images_and_numbers_are_told_apart_by_content() -> None:
    rng = np.random.default_rng(0)
    numbers, labels = rng.normal(size=(60, 3)), np.arange(60) % 2
    numbers[:, 0] += 3 * labels
    model = CrossDomainClassifier(("vectors",)).fit(numbers, labels)
    asked = np.vstack([numbers[:3], numbers[:3] + 0.01])
    assert model.learnt_from(asked).tolist() == [True] * 3 + [False] * 3
    assert model.learnt_from(asked.astype(np.float32)).tolist() == [True] * 3 + [False] * 3


def test_each_part_is_compared_item_by_item(model: CrossDomainClassifier) -> None:
    found = judged(model, TEXTS[:40], LABELS[:40])
    assert set(found.lead) == set(found.accuracy) - {"fused"}
    lead = found.lead["encoder:lexical"]["mean"]
    assert lead["low"] <= lead["estimate"] <= lead["high"]
    gap = [found.accuracy[row]["macro_f1"]["mean"] for row in ("fused", "encoder:lexical")]
    assert lead["estimate"] == pytest.approx(gap[0] - gap[1])
    told = {finding.status for finding in page_of(found).findings}
    assert "not applicable" not in told


def status(found: Evaluation, words: str) -> str:
    (hit,) = [finding for finding in page_of(found).findings if words in finding.title]
    return str(hit.status)


def test_items_in_another_order_give_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    x, domain = rng.normal(size=(160, 4)), np.array(["days", "meals"])[rng.integers(0, 2, 160)]
    y = (x[:, 0] + rng.normal(size=160) > 0).astype(int)
    model = CrossDomainClassifier(backbone=Backbone(hidden=(8,), epochs=2)).fit(x[:80], y[:80], domain=domain[:80])
    rows = np.arange(80, 160)
    one, other = (
        evaluate(model, DomainData.of(x[order], label=y[order], domain=domain[order])).to_dict()["lead"]
        for order in (rows, rng.permutation(rows))
    )
    assert any(of["mean"]["low"] < of["mean"]["high"] for of in one.values())
    assert one == other
