"""Likeness of populations with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.evaluation.homogenization import Population, each_domain, likeness, one_for_all, sentence


def independent(models: int = 4, items: int = 3000, seed: int = 0) -> tuple[Population, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, items)
    said = np.where(rng.random((items, models)) < 0.3, 1 - y[:, None], y[:, None])
    views = [rng.normal(size=(items, 8)) for _ in range(models)]
    return Population([f"m{i}" for i in range(models)], said, views, "made"), y


def test_independent_models_count_as_many_and_copies_as_one() -> None:
    population, y = independent()
    found = likeness(population, y, samples=100)
    assert found["kish"]["low"] < 4 < found["kish"]["high"] + 0.5
    assert abs(found["error_consistency"]["estimate"]) < 0.05
    assert abs(found["cka"]["estimate"]) < 0.05

    copies = likeness(
        one_for_all("m", population.predictions[:, 0], population.representations[0], "abcd", "copies"), y, samples=100
    )
    assert copies["kish"]["estimate"] == pytest.approx(1.0)
    assert copies["error_consistency"]["estimate"] == pytest.approx(1.0)
    assert copies["cka"]["estimate"] == pytest.approx(1.0)
    assert len(copies["models"]) == 4


def test_all_fail_together_as_often_as_independence_says_if_they_are_independent() -> None:
    population, y = independent(models=2, items=20_000)
    found = likeness(population, y, samples=200)

    assert found["joint_failure"]["estimate"] == pytest.approx(0.09, abs=0.01)
    assert found["joint_failure_ratio"]["low"] < 1 < found["joint_failure_ratio"]["high"]


def test_one_model_a_domain_is_judged_on_the_items_of_all_domains() -> None:
    probabilities = {"a": np.array([[0.9, 0.1], [0.2, 0.8]]), "b": np.array([[0.4, 0.6], [0.1, 0.9]])}
    population = each_domain("expert", probabilities, {"a": np.eye(2), "b": np.eye(2)}, "made")

    assert population.predictions.tolist() == [[0, 1], [1, 1]]
    assert list(population.models) == ["expert a", "expert b"]


@pytest.mark.parametrize(
    ("before", "after", "gain", "said"),
    [
        (0.3, 0.6, 1.0, "likeness rose (κ of errors 0.30 to 0.60"),
        (0.6, 0.3, 1.0, "they fail less alike, and less often"),
        (0.6, 0.3, -1.0, "at a price in accuracy"),
        (0.5, 0.505, 1.0, "likeness did not move beyond its intervals"),
    ],
)
def test_the_sentence_says_which_way_likeness_went_and_at_what_price(before, after, gain, said) -> None:
    def of(kappa: float) -> dict:
        return {
            "error_consistency": {"estimate": kappa, "low": kappa - 0.02, "high": kappa + 0.02},
            "kish": {"estimate": 1 / kappa},
        }

    assert said in sentence(of(before), of(after), 80.0, 80.0 + gain, names=("specialists", "fused models"))
