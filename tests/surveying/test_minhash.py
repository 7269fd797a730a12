"""Near-duplicates against comparing every pair."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from time import perf_counter

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest

from polyculture.errors import ParameterError
from polyculture.surveying.minhash import near_duplicates

WORDS = [f"w{i}" for i in range(400)]


def jaccard(one: str, other: str, words: int = 2) -> float:
    sets = [set(zip(*(text.split()[i:] for i in range(words)), strict=False)) for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def titles(count: int, seed: int = 0) -> list[str]:
    """Titles, and copies of half of them with some words changed."""
    rng = random.Random(seed)
    some = [rng.choices(WORDS, k=rng.randint(4, 18)) for _ in range(count)]
    copies = [list(text) for text in some[: count // 2]]
    for text in copies:
        for _ in range(rng.randint(0, 2)):
            text[rng.choice([0, -1, rng.randrange(len(text))])] = rng.choice(WORDS)
    return [" ".join(text) for text in some + copies]


def all_pairs(texts: list[str], threshold: float) -> np.ndarray:
    first = np.arange(len(texts))
    for i, j in combinations(range(len(texts)), 2):
        if jaccard(texts[i], texts[j]) >= threshold:
            first[first == first[j]] = first[i]
    return first


@pytest.mark.parametrize("threshold", [0.7, 0.8, 1.0])
def test_groups_are_those_of_comparing_all_pairs(threshold: float) -> None:
    texts = titles(300)
    found, long = near_duplicates(pl.Series(texts), threshold=threshold)
    exact = all_pairs(texts, threshold)
    assert long.all()
    same, true = found[:, None] == found, exact[:, None] == exact
    # Hashing may miss a pair now and then, and joins none that are not alike.
    assert not (same & ~true).any()
    assert (same & true).sum() - len(texts) >= 0.98 * (true.sum() - len(texts))
    assert (found != np.arange(len(found))).sum() > 40


def test_case_and_punctuation_do_not_count_but_short_texts_do_not_either() -> None:
    texts = ["A Study: of many THINGS!", "a study of many things", "Editorial", "editorial", None, "", "Preface to it"]
    found, long = near_duplicates(pl.Series(texts))
    assert found.tolist() == [0, 0, 2, 3, 4, 5, 6]
    assert long.tolist() == [True, True] + [False] * 5


def test_other_scripts() -> None:
    arabic = "التعلم العميق لتحليل اللغة العربية"
    texts = [
        arabic,
        f"\u200f{arabic}!",
        "глубокое обучение для анализа текстов",
        "Глубокое обучение для анализа текстов",
    ]
    assert near_duplicates(pl.Series(texts))[0].tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize("texts", [[], [None], ["one two three four"], ["x"] * 3])
def test_few_texts(texts: list[str | None]) -> None:
    found, _ = near_duplicates(pl.Series(texts, dtype=pl.String))
    npt.assert_array_equal(found, np.arange(len(texts)))


def test_runs_as_long_as_the_text_and_longer() -> None:
    texts = pl.Series(["one two three four", "one two three four five", "one two three four"])
    assert near_duplicates(texts, words=1)[0].tolist() == [0, 0, 0]
    assert near_duplicates(texts, words=6)[0].tolist() == [0, 1, 0]


def test_many_copies_take_no_longer_than_many_texts() -> None:
    some = titles(4000, seed=2)
    near = [f"the same {i} words stand in this one title again and again without end" for i in range(60_000)]
    start = perf_counter()
    found, _ = near_duplicates(pl.Series(some + near + ["a title that stands here very often"] * 200_000))
    assert len(np.unique(found[-200_000:])) == 1
    # Each title shares 11 of 15 pairs of words with any other: alike at 0.7, unlike at 0.8.
    assert len(np.unique(found[len(some) : len(some) + len(near)])) == len(near)
    assert perf_counter() - start < 30


def test_a_crowd_of_near_copies_is_one_group() -> None:
    words = "the same words stand in this one title again and again without any end at all"
    crowd = pl.Series([f"{words} {i}" for i in range(50_000)])
    assert len(np.unique(near_duplicates(crowd)[0])) == 1


def test_a_chain_of_texts_is_one_group_though_its_ends_differ() -> None:
    words = [f"w{i}" for i in range(512)]
    chain = pl.Series([" ".join(words[i : i + 12]) for i in range(500)])
    found, _ = near_duplicates(chain, threshold=0.8)
    assert len(np.unique(found)) <= 3
    assert jaccard(chain[0], chain[-1]) == 0


def test_the_seed_decides_the_hashes_and_parameters_are_checked() -> None:
    texts = pl.Series(titles(200))
    npt.assert_array_equal(near_duplicates(texts, seed=3)[0], near_duplicates(texts, seed=3)[0])
    with pytest.raises(ParameterError, match="threshold"):
        near_duplicates(texts, threshold=0)
    with pytest.raises(ParameterError, match="words is 0"):
        near_duplicates(texts, words=0)


def test_all_numbers_of_words_are_sets_of_runs() -> None:
    texts = ["a b a b a b", "a b a b"]
    assert set(pairwise(texts[0].split())) == set(pairwise(texts[1].split()))
    assert near_duplicates(pl.Series(texts), threshold=1.0)[0].tolist() == [0, 0]
