"""Reasons are the effects they claim to be, and a model without reasons is told from one with them."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.explain import domain_specificity, faithfulness, predictor, word_reasons

WEIGHTS = {"good": 2.0, "bad": -2.0, "very": 0.5}


def linear(texts: list[str], domain: np.ndarray) -> np.ndarray:
    """A logistic model of words, whose reasons are known."""
    z = np.array([sum(WEIGHTS.get(w, 0.0) for w in t.split()) for t in texts])
    p = 1 / (1 + np.exp(-z))
    return np.stack([1 - p, p], axis=1)


def deaf(texts: list[str], domain: np.ndarray) -> np.ndarray:
    """Answers by the number of characters' parity, whatever the words say."""
    p = np.array([0.9 if len(t) % 2 else 0.1 for t in texts])
    return np.stack([1 - p, p], axis=1)


def sentences(n: int = 40) -> list[str]:
    rng = np.random.default_rng(0)
    filler = ["the", "film", "was", "a", "day", "of", "rain"]
    return [" ".join(rng.permutation([*rng.choice(filler, 7), rng.choice(["good", "bad"]), "very"])) for _ in range(n)]


def test_of_a_linear_model_every_word_gets_its_coefficient_back() -> None:
    text = "a very good film"
    found = word_reasons(linear, [text], np.array(["x"]))[0]

    assert "".join(found.words) == text
    assert found.weights == pytest.approx([0.0, 0.5, 2.0, 0.0])
    assert found.predicted == 1


def test_weights_speak_for_the_class_that_was_predicted() -> None:
    found = word_reasons(linear, ["a bad film"], np.array(["x"]))[0]

    assert found.predicted == 0
    assert found.weights == pytest.approx([0.0, 2.0, 0.0])


def test_true_reasons_beat_a_random_order_and_made_up_ones_do_not() -> None:
    texts, domain = sentences(), np.repeat(["a", "b"], 20)
    reasons = word_reasons(linear, texts, domain)
    true = faithfulness(linear, reasons, domain)
    assert true["deletion"]["margin"]["low"] > 0
    assert true["insertion"]["margin"]["low"] > 0

    elsewhere = faithfulness(deaf, reasons, domain)
    assert elsewhere["deletion"]["margin"]["low"] < 0.05


def test_domains_with_words_of_their_own_are_told_from_domains_with_the_same() -> None:
    domain = np.repeat(["a", "b"], 30)
    own = word_reasons(linear, ["good film"] * 30 + ["bad day"] * 30, domain)
    assert domain_specificity(own, domain)["estimate"] == pytest.approx(1.0)
    assert domain_specificity(own, domain)["p"] < 0.01

    same = word_reasons(linear, sentences(60), domain)
    assert domain_specificity(same, domain)["p"] > 0.05


def test_a_text_without_spaces_is_explained_character_by_character() -> None:
    def predict(texts: list[str], domain: np.ndarray) -> np.ndarray:
        p = np.array([0.9 if "好" in t else 0.3 for t in texts])
        return np.stack([1 - p, p], axis=1)

    found = word_reasons(predict, ["电影很好"], np.array(["x"]))[0]
    assert found.words[int(found.weights.argmax())] == "好"


def test_the_fused_model_is_explained_by_its_own_answers(of_texts: CrossDomainClassifier) -> None:
    found = word_reasons(predictor(of_texts), ["a splendid meal"], np.array(["a"], dtype=object))[0]

    assert found.words[int(found.weights.argmax())] == "splendid "


def test_of_another_class_than_the_predicted_one_weights_have_the_other_sign() -> None:
    own, other = (
        word_reasons(linear, ["a very good film"], np.array(["x"]), predicted=np.array([c]))[0].weights for c in (1, 0)
    )

    assert own == pytest.approx(-other)


def test_what_belongs_to_a_text_goes_with_every_change_of_it() -> None:
    seen: list[tuple[str, str]] = []

    def predict(texts: list[str], domain: np.ndarray) -> np.ndarray:
        seen.extend(zip(texts, domain.tolist(), strict=True))
        return np.full((len(texts), 2), 0.5)

    word_reasons(predict, ["one two", "three"], np.array(["x", "y"]))
    assert seen == [("one two", "x"), ("two", "x"), ("one ", "x"), ("three", "y"), ("", "y")]
