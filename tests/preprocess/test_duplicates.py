"""Duplicates: every pair is found, and what is done about them follows the labels, domains and splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from polyculture.data import DomainData
from polyculture.errors import LeakageError, ParameterError
from polyculture.preprocess import deduplicate, duplicates

LONG = "the quick brown fox jumps over the lazy dog and runs far away into the deep dark wood to sleep until dawn"


def brute(texts: list[str], threshold: float) -> list[int]:
    """Groups by comparing every pair as the definition says."""
    sets = [{tuple(words[i : i + 3]) for i in range(len(words) - 2)} for words in (text.split() for text in texts)]
    alike = np.array(
        [
            [
                bool(a and b and len(a & b) / len(a | b) >= threshold - 1e-12) or s == t != ""
                for b, t in zip(sets, texts, strict=True)
            ]
            for a, s in zip(sets, texts, strict=True)
        ]
    )
    member = connected_components(alike, directed=False)[1]
    return [int(np.argmax(member == m)) for m in member]


TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), min_size=1, max_size=25)


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS, threshold=st.sampled_from([0.05, 0.3, 0.5, 2 / 3, 0.9, 1.0]), crowd=st.booleans())
def test_the_groups_are_those_of_comparing_every_pair(texts: list[str], threshold: float, crowd: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if crowd:  # both ways of counting what two texts share must agree
            patch.setattr("polyculture.preprocess.alike._CROWD", 0)
            patch.setattr("polyculture.preprocess.alike._CHUNK", 4)
        assert duplicates(texts, threshold=threshold).tolist() == brute(texts, threshold)


def test_case_and_punctuation_make_no_difference() -> None:
    assert duplicates(["It's GOOD!", "its good", "it s good"]).tolist() == [0, 0, 2]


def test_marks_that_mean_something_make_a_difference() -> None:
    assert duplicates([":)", ":(", "good 😀", "good 😡", "C++", "C", "कि", "की"]).tolist() == list(range(8))


def test_empty_texts_are_never_alike() -> None:
    assert duplicates(["", " ", ""]).tolist() == [0, 1, 2]


def test_short_texts_are_only_ever_the_same() -> None:
    assert duplicates(["so good", "so bad", "So good."], threshold=0.1).tolist() == [0, 1, 0]


def test_one_word_more_in_a_long_text_is_a_near_duplicate() -> None:
    assert duplicates([LONG, f"{LONG} today"]).tolist() == [0, 0]
    assert duplicates([LONG, f"{LONG} today"], threshold=None).tolist() == [0, 1]


def test_characters_of_scripts_without_spaces_are_tokens() -> None:
    text = "这部电影非常好看我非常喜欢它的音乐和画面"
    assert duplicates([text, text + "呀"], threshold=0.9).tolist() == [0, 0]
    assert duplicates([text, text[::-1]], threshold=0.9).tolist() == [0, 1]


def test_no_texts_make_no_groups() -> None:
    assert duplicates([]).tolist() == []


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ParameterError, match="above 0 and is at most 1"):
        duplicates(["a"], threshold=threshold)


def items(*rows: tuple[str, object, str, str]) -> DomainData:
    text, label, domain, part = zip(*rows, strict=True)
    return DomainData.of(list(text), label=label, domain=domain, split=part, source="reviews")


def test_the_first_of_the_same_text_and_label_in_a_split_stays() -> None:
    data = items(("good one", "+", "a", "train"), ("Good one!", "+", "a", "train"), ("good one", "-", "a", "train"))
    once, report = deduplicate(data)
    assert once.ids.tolist() == ["0", "2"]
    assert (report.exact, report.near, report.conflicting, report.dropped) == (2, 0, 1, 1)


def test_near_duplicates_are_left_out_and_counted_apart() -> None:
    data = items((LONG, "+", "a", "train"), (f"{LONG} now", "+", "a", "train"), (LONG, "+", "a", "train"))
    once, report = deduplicate(data)
    assert (len(once), report.exact, report.near, report.dropped) == (1, 1, 1, 2)
    assert len(deduplicate(data, near=None)[0]) == 2


def test_copies_in_another_domain_stay_and_are_counted() -> None:
    data = items(("good one", "+", "a", "train"), ("good one", "+", "b", "train"))
    once, report = deduplicate(data)
    assert (len(once), report.across_domains, report.dropped) == (2, 1, 0)
    assert once is data


LEAKING = [
    ("good one", "+", "a", "train"),
    ("good one", "+", "a", "test"),
    ("dull", "-", "a", "validation"),
    ("Dull.", "+", "b", "test"),
    ("fine", "+", "a", "train"),
]


def test_a_training_item_that_is_tested_is_an_error_that_names_both() -> None:
    with pytest.raises(LeakageError, match=r"reviews: 2 training items .* '0' as '1'; .*leakage='drop'"):
        deduplicate(items(*LEAKING))


def test_leaking_items_are_left_out_of_training_and_never_of_the_test() -> None:
    once, report = deduplicate(items(*LEAKING), leakage="drop")
    assert once.ids.tolist() == ["1", "3", "4"]
    assert (report.across_splits, report.dropped) == (2, 2)


def test_leaking_items_stay_when_they_are_allowed_and_are_counted() -> None:
    once, report = deduplicate(items(*LEAKING), leakage="allow")
    assert (len(once), report.across_splits, report.dropped) == (5, 2, 0)


def test_an_unknown_way_with_leakage_is_refused() -> None:
    with pytest.raises(ParameterError, match="use one of error, drop, allow"):
        deduplicate(items(*LEAKING), leakage="ignore")  # type: ignore[arg-type]


def test_images_are_the_same_to_the_last_pixel() -> None:
    images = np.zeros((4, 2, 2, 3), dtype=np.uint8)
    images[2, 0, 0, 0] = 1
    once, report = deduplicate(DomainData.of({"image": images}, label=["a", "a", "a", "b"]))
    assert once.ids.tolist() == ["0", "2", "3"]
    assert (report.exact, report.near, report.conflicting) == (2, 0, 1)


def test_items_of_several_modalities_are_the_same_if_all_of_them_are() -> None:
    images = np.zeros((3, 2, 2, 3), dtype=np.uint8)
    images[1] = 9
    data = DomainData.of({"text": ["A film", "a film", "a film!"], "image": images})
    assert deduplicate(data)[0].ids.tolist() == ["0", "1"]
