"""Planted copies within and between communities."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from polyculture.data.papers.types import Papers
from polyculture.surveying.duplication import duplication


def papers(count: int = 3000, copied: int = 150, *, between: bool, seed: int = 0) -> Papers:
    """Titles of random words, some of which stand in the next community again, or in the same one."""
    rng = np.random.default_rng(seed)
    title = [" ".join(f"w{x}" for x in words) for words in rng.integers(0, 5000, (count, 9))]
    community, year = rng.integers(0, 3, count), rng.integers(2018, 2021, count)
    twin = (community[:copied] + between) % 3
    frame = pl.DataFrame(
        {
            "community": [f"c{i}" for i in np.concatenate([community, twin])],
            "year": np.concatenate([year, year[:copied]]).astype(np.int32),
            "title": title + [f"{text.upper()}." for text in title[:copied]],
        }
    )
    return Papers(frame, "memory")


def test_planted_copies_are_counted_where_they_are() -> None:
    found = duplication(papers(between=True), samples=200)
    whole = found.by_year.filter(pl.col("year").is_null()).row(0, named=True)
    assert (found.groups, found.papers) == (150, 300)
    assert whole["between"] == pytest.approx(300 / 3150)
    assert whole["within"] == 0
    assert whole["between_low"] < 300 / 3150 < whole["between_high"]
    # Two papers of a year meet in two of three communities by chance.
    assert whole["between_expected"] == pytest.approx(300 / 3150 * 2 / 3, rel=0.02)
    assert whole["between_ratio_low"] > 1
    inside = duplication(papers(between=False), samples=200).by_year
    assert inside["between"].to_list() == [0] * 4
    assert inside["within_ratio_low"].min() > 1
    assert found.pairs["groups"].sum() == 150


def test_with_communities_shuffled_the_ratio_is_one() -> None:
    held = []
    for seed in range(20):
        one = papers(between=True, seed=seed)
        order = pl.col("community").shuffle(seed=seed).over("year")
        found = duplication(Papers(one.frame.with_columns(order), "memory"), samples=200, seed=seed)
        whole = found.by_year.filter(pl.col("year").is_null())
        held.append(whole["between_ratio_low"][0] <= 1 <= whole["between_ratio_high"][0])
    assert np.mean(held) >= 0.85


def test_resampled_groups_give_the_spread_of_new_corpora() -> None:
    shares, widths = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        whole = duplication(papers(copied=int(rng.poisson(150)), between=True, seed=seed), samples=200).by_year.tail(1)
        shares.append(whole["between"][0])
        widths.append(whole["between_high"][0] - whole["between_low"][0])
    assert np.mean(widths) == pytest.approx(3.92 * np.std(shares), rel=0.4)


def test_a_hundred_thousand_copies_are_one_group() -> None:
    frame = pl.DataFrame(
        {"community": ["a", "b"] * 50_000, "year": [2020] * 100_000, "title": ["one title for all of them"] * 100_000}
    )
    found = duplication(Papers(frame, "memory"), samples=50)
    assert (found.groups, found.papers) == (1, 100_000)
    assert found.largest["communities"].to_list() == [["a", "b"]]
    assert found.by_year["between"].to_list() == [1, 1]


def test_no_copies_at_all_leave_a_bound_and_a_plain_record() -> None:
    found = duplication(papers(count=500, copied=0, between=True), samples=50)
    whole = found.by_year.tail(1).row(0, named=True)
    assert (whole["between"], whole["between_low"]) == (0, 0)
    assert whole["between_high"] == pytest.approx(-np.log(0.025) / 500)
    assert whole["between_ratio"] is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_abstracts_tell_equal_titles_apart() -> None:
    abstract = ["one text about many fish in the sea", "quite other words on birds of the air"]
    frame = pl.DataFrame({"community": ["a", "b"], "year": [2020] * 2, "title": ["A study of things"] * 2})
    one = Papers(frame.with_columns(abstract=pl.Series(abstract)), "memory")
    assert duplication(one, samples=10).groups == 1
    assert duplication(one, abstracts=True, samples=10).groups == 0
