"""Copies by chance, in closed form, against communities that were shuffled."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt

from polyculture.surveying.copies import copies_of, expected_copies, expected_pairs, kinds_of, observed_copies


def drawn(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Groups, years and communities of a few papers, all of them in groups or alone."""
    rng = np.random.default_rng(seed)
    group = np.concatenate([np.repeat(np.arange(8), [2, 2, 3, 2, 4, 2, 5, 2]), np.full(20, -1)])
    year = rng.integers(0, 3, len(group))
    return group, year, rng.choice(3, len(group), p=[0.5, 0.3, 0.2])


def test_expected_is_the_mean_over_shuffled_communities() -> None:
    group, year, community = drawn()
    cells = np.zeros((3, 3))
    np.add.at(cells, (community, year), 1)
    some = group >= 0
    copies = copies_of(group[some], year[some], cells)
    rng, sums = np.random.default_rng(1), {"within": 0.0, "between": 0.0}
    for _ in range(4000):
        shuffled = community.copy()
        for y in range(3):
            shuffled[year == y] = rng.permutation(shuffled[year == y])
        for kind, part in observed_copies(copies, group[some], shuffled[some], year[some]).items():
            sums[kind] = sums[kind] + part / 4000
    expected = expected_copies(copies)
    for kind, mean in sums.items():
        npt.assert_allclose(expected[kind], mean, atol=0.06)


def test_expected_pairs_are_the_mean_over_shuffled_communities() -> None:
    group, year, community = drawn(2)
    cells = np.zeros((3, 3))
    np.add.at(cells, (community, year), 1)
    some = group >= 0
    rng, mean = np.random.default_rng(1), np.zeros((3, 3))
    for _ in range(4000):
        shuffled = community.copy()
        for y in range(3):
            shuffled[year == y] = rng.permutation(shuffled[year == y])
        has = np.zeros((8, 3))
        has[group[some], shuffled[some]] = 1
        mean += has.T @ has / 4000
    off = ~np.eye(3, dtype=bool)
    npt.assert_allclose(expected_pairs(copies_of(group[some], year[some], cells))[off], mean[off], atol=0.08)


def test_groups_of_one_kind_are_reckoned_once() -> None:
    group, year = np.repeat(np.arange(100), 2), np.tile([0, 1, 0, 2, 1, 1, 0, 1], 25)
    copies = copies_of(group, year, np.full((2, 3), 200.0))
    some, place, count = kinds_of(copies)
    assert sorted(count.tolist()) == [25, 25, 50]
    npt.assert_array_equal(some.year[place], copies.year)
    npt.assert_array_equal(some.size[place], copies.size)


def test_observed_counts_papers_with_mates_at_home_and_elsewhere() -> None:
    group, year = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    community = np.array([0, 0, 1, 2, 2])
    copies = copies_of(group, year, np.full((3, 2), 10.0))
    found = observed_copies(copies, group, community, year)
    npt.assert_array_equal(copies.group, [0, 0, 1])
    npt.assert_array_equal(found["within"], [2, 0, 2])
    npt.assert_array_equal(found["between"], [2, 1, 0])


def test_one_community_has_all_copies_within() -> None:
    copies = copies_of(np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([[5.0, 3.0]]))
    expected = expected_copies(copies)
    npt.assert_allclose(expected["within"], [2, 1])
    npt.assert_allclose(expected["between"], [0, 0], atol=1e-12)
