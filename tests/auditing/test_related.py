"""What alike models have in common, and which pairs are closer than that explains."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.auditing.related import NOTHING_KNOWN, related
from polyculture.auditing.settings import Settings
from polyculture.measure import PairMeasure

MODELS = [f"m{k}" for k in range(12)]
COMPANY = np.repeat(["a", "b", "c"], 4)


def measured(likeness: np.ndarray) -> PairMeasure:
    unknown = np.full(likeness.shape, np.nan)
    return PairMeasure(likeness, likeness - 0.02, likeness + 0.02, null=0 * likeness, p=unknown)


@pytest.fixture
def likeness() -> np.ndarray:
    """Alike within a company, but for one pair across companies that is as alike as those within."""
    noise = np.random.default_rng(0).normal(size=(12, 12)) / 50
    likeness = np.where(COMPANY[:, None] == COMPANY, 0.7, 0.2) + (noise + noise.T) / 2
    likeness[0, 5] = likeness[5, 0] = 0.7
    np.fill_diagonal(likeness, 1)
    return likeness


def test_a_pair_closer_than_its_lineage_suggests_is_a_near_twin(likeness: np.ndarray) -> None:
    cards = {model: {"company": company} for model, company in zip(MODELS, COMPANY.tolist(), strict=True)}
    found = related("cka", measured(likeness), MODELS, Settings(), cards=cards)
    assert [(twin["a"], twin["b"]) for twin in found.parts["near_twins"]] == [("m0", "m5")]
    assert found.parts["near_twins"][0]["expected"] == pytest.approx(0.2, abs=0.05)
    terms = {term["name"]: term["estimate"] for term in found.parts["regressions"]["cka"]["terms"]}
    assert terms["same company"] == pytest.approx(0.5, abs=0.05)


def test_without_cards_it_is_said_that_nothing_is_known(likeness: np.ndarray) -> None:
    found = related("cka", measured(likeness), MODELS, Settings())
    assert found.not_measured["regression"] == NOTHING_KNOWN
    assert found.parts["regressions"] == {}
    assert len(found.parts["families"]["families"]) == 3
