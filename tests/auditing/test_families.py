"""Families against planted ones, scikit-learn's silhouette, scipy's cuts, and pools that have none."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import pytest
from scipy.cluster.hierarchy import cut_tree, is_valid_linkage, leaves_list
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score

from polyculture.auditing.families import families
from polyculture.auditing.tree import CUTS, Tree, best_cut
from polyculture.errors import DataError, ShapeError
from polyculture.measure import error_consistency_matrix


def planted(sizes: list[int], within: float = 0.6, between: float = 0.2, noise: float = 0.02, seed: int = 0):
    family = np.repeat(np.arange(len(sizes)), sizes)
    similarity = np.where(family[:, None] == family, within, between)
    similarity = similarity + np.triu(np.random.default_rng(seed).normal(0, noise, similarity.shape), 1)
    return family, np.triu(similarity, 1) + np.triu(similarity, 1).T + np.eye(len(family))


def pool(m: int, n: int, rng: np.random.Generator, *, alike: int = 0) -> np.ndarray:
    """Right answers of models that share the difficulty of items and, if asked, the quirks of one of two families."""
    skill, hard = rng.normal(0.8, 0.7, m), rng.normal(0, 1.3, (n, 1))
    quirks = rng.normal(0, 2, (n, 2))[:, np.arange(m) % 2] if alike else 0.0
    return rng.random((n, m)) < 1 / (1 + np.exp(-(skill - hard + quirks)))


def points(m: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(m, 3))
    return np.sqrt(((x[:, None] - x) ** 2).sum(axis=-1))


@pytest.mark.parametrize("sizes", [[2, 2], [3, 2], [5, 4, 3], [30, 20, 10, 1, 1], [50, 40, 30]])
def test_planted_families_are_found(sizes: list[int]) -> None:
    family, similarity = planted(sizes)
    shuffled = np.random.default_rng(1).permutation(len(family))
    found = families(similarity[np.ix_(shuffled, shuffled)])
    alone = np.array([sizes[f] == 1 for f in family[shuffled]])
    npt.assert_array_equal(found.labels < 0, alone)
    assert adjusted_rand_score(family[shuffled][~alone], found.labels[~alone]) == 1
    assert [len(members) for members in found.members] == [size for size in sizes if size > 1]
    assert len(family) < 5 or found.p <= 0.05
    assert found.silhouette > found.null
    assert not found.reason


def test_best_cut_is_the_one_that_scikit_learn_rates_highest() -> None:
    for m in (3, 4, 9, 40):
        distances = points(m, seed=m)
        tree = Tree.of(distances)
        rated = [silhouette_score(distances, tree.labels(k), metric="precomputed") for k in range(2, m)]
        count, silhouettes = best_cut(distances, tree)
        expected = silhouette_samples(distances, tree.labels(count), metric="precomputed")
        npt.assert_allclose(silhouettes, expected, atol=1e-12)
        assert count == 2 + int(np.argmax(np.round(rated, 12)))


@pytest.mark.parametrize("ordered", [False, True])
def test_cuts_and_leaves_are_those_of_scipy(ordered: bool) -> None:
    distances = points(CUTS + 20)
    tree = Tree.of(distances, ordered=ordered)
    npt.assert_array_equal(tree.order, leaves_list(tree.linkage))
    assert is_valid_linkage(tree.linkage)
    for count in (1, 2, 7, CUTS + 5, CUTS + 20):
        expected = cut_tree(tree.linkage, count)[:, 0]
        assert adjusted_rand_score(expected, tree.labels(count)) == 1
        assert len(set(tree.labels(count).tolist())) == count


def test_leaves_put_models_that_are_alike_side_by_side() -> None:
    family, similarity = planted([4, 3, 3])
    shuffled = np.random.default_rng(0).permutation(10)
    found = families(similarity[np.ix_(shuffled, shuffled)])
    along = family[shuffled][found.order]
    assert (np.diff(along) != 0).sum() == 2


def test_models_that_share_only_difficulty_are_hardly_ever_families() -> None:
    rng = np.random.default_rng(0)
    without = [families(error_consistency_matrix(pool(10, 400, rng)), draws=39) for _ in range(40)]
    related = [families(error_consistency_matrix(pool(10, 400, rng, alike=2)), draws=39) for _ in range(10)]
    # 7 of 40 would happen once in 300 times at 5 %.
    assert sum(bool(found.members) for found in without) < 7
    assert all(not found.members and "reach a silhouette" in found.reason for found in without if found.p > 0.05)
    assert sum(found.members == ((0, 2, 4, 6, 8), (1, 3, 5, 7, 9)) for found in related) >= 9


def test_other_items_find_planted_families_again_but_not_forced_ones() -> None:
    rng = np.random.default_rng(0)

    def again(correct: np.ndarray):
        return (error_consistency_matrix(correct[rng.integers(len(correct), size=len(correct))]) for _ in range(15))

    related, unrelated = pool(10, 500, rng, alike=2), pool(10, 500, rng)
    firm = families(error_consistency_matrix(related), replicates=again(related))
    npt.assert_array_less(0.9, firm.stability)
    assert firm.stable == (True, True)
    similarity = error_consistency_matrix(unrelated)
    forced = families(similarity, threshold=float(np.median(similarity)), replicates=again(unrelated))
    assert forced.members
    assert forced.stability.min() < 0.75
    assert False in forced.stable


def test_stability_is_the_mean_jaccard_similarity_to_the_nearest_cluster() -> None:
    _, first = planted([3, 3], noise=0)
    moved = np.array([0, 0, 1, 1, 1, 1])
    second = np.where(moved[:, None] == moved, 0.6, 0.2)
    found = families(first, replicates=[first, second])
    # {0, 1, 2} is likest {0, 1}: 2 of 3; {3, 4, 5} is likest {2, 3, 4, 5}: 3 of 4.
    npt.assert_allclose(found.stability, [(1 + 2 / 3) / 2, (1 + 3 / 4) / 2])
    assert np.isnan(families(first).stability).all()


def test_two_models_and_three() -> None:
    two = families([[1, 0.9], [0.9, 1]])
    assert two.members == ()
    assert "Two models" in two.reason
    assert np.isnan([two.silhouette, two.null, two.p, two.cut]).all()
    assert families([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]]).members == ((0, 1),)
    none = families([[1, 0.30, 0.25], [0.30, 1, 0.2], [0.25, 0.2, 1]])
    assert none.members == ()
    assert "below 0.25" in none.reason


@pytest.mark.parametrize(("within", "believed"), [(0.9, True), (0.35, False)])
def test_a_silhouette_of_one_half_is_believed_untested(within: float, believed: bool) -> None:
    # One draw cannot make p less than 0.5.
    found = families(planted([3, 3], within=within)[1], draws=1)
    assert found.p == 0.5
    assert (found.silhouette >= 0.5) == believed
    assert bool(found.members) == believed


def test_threshold_cuts_where_it_is_told_to() -> None:
    similarity = np.array([[1, 0.9, 0.5, 0.1], [0.9, 1, 0.5, 0.1], [0.5, 0.5, 1, 0.1], [0.1, 0.1, 0.1, 1]])
    assert families(similarity, threshold=0.8).members == ((0, 1),)
    assert families(similarity, threshold=0.5).members == ((0, 1, 2),)
    assert families(similarity, threshold=0.0).members == ((0, 1, 2, 3),)
    nobody = families(similarity, threshold=0.95)
    assert nobody.members == ()
    assert "as alike as that" in nobody.reason
    assert families([[1, 0.9], [0.9, 1]], threshold=0.5).members == ((0, 1),)


def test_a_pair_without_a_value_makes_no_family() -> None:
    _, similarity = planted([4, 4], within=0.9)
    similarity = np.block([[similarity, np.full((8, 1), np.nan)], [np.full((1, 9), np.nan)]])
    found = families(similarity)
    assert found.members == ((0, 1, 2, 3), (4, 5, 6, 7))
    assert found.labels[8] == -1
    assert families(np.full((5, 5), np.nan)).members == ()


def test_pools_in_which_all_pairs_are_equal_have_no_families() -> None:
    for value in (0.0, 0.4, 1.0):
        assert families(np.full((7, 7), value)).members == ()


def test_models_that_only_happen_to_be_a_little_closer_stay_alone() -> None:
    _, similarity = planted([3] + [1] * 10)
    assert families(similarity).members == ((0, 1, 2),)


def test_rounding_above_one_is_no_negative_distance() -> None:
    similarity = np.full((4, 4), 1 + 1e-12)
    assert families(similarity).linkage[:, 2].min() == 0


def test_same_seed_same_families_and_plain_values() -> None:
    _, similarity = planted([3, 3, 1], within=0.9)
    found = families(similarity, seed=3, replicates=[similarity])
    again = families(similarity, seed=3, replicates=[similarity])
    assert json.dumps(found.to_dict()) == json.dumps(again.to_dict())
    named = found.to_dict(list("abcdefg"))
    assert [family["models"] for family in named["families"]] == [list("abc"), list("def")]
    assert named["alone"] == ["g"]
    assert sorted(named["order"]) == list("abcdefg")


def test_errors_say_what_to_pass() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 1\); pass a square matrix of at least 2"):
        families([[1.0]])
    with pytest.raises(DataError, match="not symmetric"):
        families([[1, 0.2], [0.3, 1]])
    with pytest.raises(DataError, match="infinite"):
        families([[1, np.inf], [np.inf, 1]])
    with pytest.raises(ShapeError, match="replicate has 2 models and similarity 4"):
        families(planted([2, 2])[1], replicates=[np.eye(2)])
