"""The steps together."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from polyculture.data import DomainData
from polyculture.errors import LeakageError
from polyculture.preprocess import Preprocessor, duplicates


def made() -> DomainData:
    rng = np.random.RandomState(0)
    words = [f"w{i}" for i in range(200)]
    texts = [" ".join(rng.choice(words, 25)) for _ in range(100)]
    texts += [f"{text} &amp; more" for text in texts[:30]] + [""]
    label = rng.choice(["+", "-"], len(texts))
    label[100:130] = np.where(np.arange(30) % 2, label[:30], np.where(label[:30] == "+", "-", "+"))
    return DomainData.of(texts, label=label, domain=["a", "b"] * 65 + ["a"])


def test_each_step_is_counted() -> None:
    step = Preprocessor(augment=0.5, near=0.8)
    done = step.fit_transform(made())
    report = step.report_
    assert report.items == 131
    assert (report.cleaned, report.empty) == (30, 1)
    assert report.duplicates is not None
    assert (report.duplicates.near, report.duplicates.conflicting) == (30, 15)
    assert sum(report.splits.values()) == len(done) == 131 - report.duplicates.dropped + report.augmented
    assert report.augmented > 20


def test_duplicates_that_stay_are_in_one_part() -> None:
    done = Preprocessor(near=0.8).fit_transform(made())
    groups = duplicates(done.texts, threshold=0.8)
    assert len(set(groups.tolist())) < len(done), "there are such duplicates"
    assert len(set(zip(groups.tolist(), np.asarray(done.split).tolist(), strict=True))) == len(set(groups.tolist()))


def test_the_same_seed_gives_the_same_data() -> None:
    first, again = (Preprocessor(augment=0.3, random_state=5).fit_transform(made()) for _ in range(2))
    assert first.ids.tolist() == again.ids.tolist()
    assert first.texts.tolist() == again.texts.tolist()
    assert np.asarray(first.split).tolist() == np.asarray(again.split).tolist()


def test_leakage_between_given_splits_is_found_after_cleaning() -> None:
    data = DomainData.of(
        ["fish &amp; chips", "fish & chips", "dull"], label=list("++-"), split=["train", "test", "train"]
    )
    with pytest.raises(LeakageError):
        Preprocessor().fit_transform(data)


def test_every_step_can_be_left_out() -> None:
    data = made()
    step = Preprocessor(clean=False, deduplicate=False)
    assert step.fit_transform(data).texts.tolist() == data.texts.tolist()
    assert step.report_.duplicates is None


def test_data_without_text_are_only_split() -> None:
    data = DomainData.of({"vector": np.ones((20, 2))}, label=["+", "-"] * 10)
    done = Preprocessor(augment=0.5).fit_transform(data)
    assert len(done) == 20
    assert len(done.rows("test")) == 6


def test_new_items_are_cleaned_and_all_of_them_stay() -> None:
    assert Preprocessor().transform(DomainData.of(["a<br>b", "a b"])).texts.tolist() == ["a b", "a b"]


def test_it_is_cloned_as_estimators_are() -> None:
    assert clone(Preprocessor(near=None, random_state=3)).get_params()["random_state"] == 3
