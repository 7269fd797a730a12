"""A planted opening is found, is stable, and is not read from the future."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import pytest
from scipy.spatial.distance import cdist

from polyculture.errors import ParameterError
from polyculture.surveying.counts import Counts
from polyculture.surveying.neighbours import Rules, likeness, recent, scores, taken_up
from polyculture.surveying.openings import openings

YEARS = tuple(range(2015, 2021))


def planted(seed: int = 0) -> np.ndarray:
    """Shares of six methods: c0 is like c1 and c2, which took up the last; c3 is like nobody."""
    share = np.array(
        [
            [0.30, 0.20, 0.10, 0.00, 0.05, 0.00],
            [0.28, 0.22, 0.09, 0.01, 0.05, 0.15],
            [0.25, 0.20, 0.12, 0.00, 0.06, 0.20],
            [0.00, 0.01, 0.00, 0.40, 0.00, 0.00],
        ]
    )
    return np.random.default_rng(seed).binomial(500, np.broadcast_to(share[:, None], (4, len(YEARS), 6)))


def counts(holds: np.ndarray, papers: int = 500) -> Counts:
    names, communities = tuple("abcdef"), tuple(f"c{i}" for i in range(4))
    return Counts(communities, YEARS, names, np.full(holds.shape[:-1], papers), holds.sum(-1), holds, holds)


def resampled(holds: np.ndarray, draws: int = 200) -> Counts:
    return counts(np.random.default_rng(1).binomial(500, holds / 500, (draws, *holds.shape)))


def test_a_planted_opening_is_the_first_and_stays_it() -> None:
    holds = planted()
    found = openings(counts(holds), resampled(holds), top=2).found
    first = found.row(0, named=True)
    assert (first["community"], first["name"]) == ("c0", "f")
    assert first["neighbours"] == ["c2", "c1"]
    assert (first["rank_low"], first["rank_high"]) == (1, 1)
    assert first["stability"] == 1
    assert first["low"] < first["score"] < first["high"]
    assert "in 0.0 % of the papers of c0 (2018 to 2020), but in" in first["reason"]


def test_a_sure_opening_stands_before_a_large_one_that_chance_may_have_made() -> None:
    """Two candidates; the score of the first is higher as counted, and may be anything in draws."""
    papers = np.full((3, 1), 1000)
    holds = np.array([[[300, 0, 0, 0]], [[300, 100, 90, 0]], [[300, 110, 90, 0]]])
    rng = np.random.default_rng(0)
    drawn = np.broadcast_to(holds, (200, *holds.shape)).copy()
    drawn[:, 1:, 0, 1] = rng.integers(0, 220, (200, 2))
    one, many = (
        Counts(("a", "b", "c"), (2020,), ("x", "loud", "sure", "y"), np.broadcast_to(papers, part.shape[:-1]),
               part.sum(-1), part, part)
        for part in (holds, drawn)
    )  # fmt: skip
    found = openings(one, many).found
    assert found["name"].to_list() == ["sure", "loud"]
    assert found["score"][0] < found["score"][1]
    assert found["low"].is_sorted(descending=True)


def test_nothing_later_than_the_year_asked_for_is_read() -> None:
    holds = planted()
    later = holds.copy()
    later[:, 4:] = 0
    one, other = (openings(counts(h), resampled(holds), year=2018).found for h in (holds, later))
    assert one["score"].to_list() == other["score"].to_list()
    npt.assert_array_equal(taken_up(counts(later), 2018, 2020)["taken"], False)


def test_openings_that_were_taken_up() -> None:
    holds = planted()
    holds[0, 4:, 5] = 60
    found = taken_up(counts(holds), 2018, 2020)
    where = (found["community"] == 0) & (found["name"] == 5)
    assert where.sum() == 1
    assert found["taken"][where].all()
    assert not found["taken"][~where].any()
    assert found["score"][where] == found["score"].max()


def test_likeness_is_morisita_and_horns() -> None:
    share = recent(counts(planted()), 2020)

    def horn(x: np.ndarray, z: np.ndarray) -> float:
        return 2 * float(x @ z) / float(x @ x + z @ z)

    expected = cdist(share, share, horn)
    np.fill_diagonal(expected, 0)
    npt.assert_allclose(likeness(share), expected, atol=1e-12)
    npt.assert_allclose(scores(np.stack([share, share[::-1]]))[1], scores(share)[::-1])


def test_communities_without_papers_are_no_opening() -> None:
    holds = planted()
    holds[0] = 0
    one = counts(holds)
    papers = np.asarray(one.papers).copy()
    papers[0] = 0
    empty = Counts(one.communities, one.years, one.names, papers, holds.sum(-1), holds, holds)
    found = openings(empty, resampled(planted()))
    assert "c0" not in found.found["community"].to_list()
    assert found.candidates == len(found.found)


def test_no_openings_plain_records_and_wrong_parameters() -> None:
    even = np.full((4, len(YEARS), 6), 50)
    found = openings(counts(even), resampled(even))
    assert found.candidates == 0
    assert found.found.is_empty()
    holds = planted()
    json.dumps(openings(counts(holds), resampled(holds)).to_dict(), allow_nan=False)
    with pytest.raises(ParameterError, match="year is 2030"):
        openings(counts(even), resampled(even), year=2030)
    with pytest.raises(ParameterError, match="absent must be less"):
        openings(counts(even), resampled(even), rules=Rules(absent=0.1, strong=0.1))
