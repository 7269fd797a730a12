"""Routing: whose expert answers, when none does, and that what is calibrated is the best of what was tried."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from polyculture.errors import DataError, ParameterError
from polyculture.fuse.routing import SHARES, TEMPERATURES, Router, calibrated
from polyculture.fuse.similarity import Similarity, moments


def clouds(apart, each=60, domains=4):
    rng = np.random.RandomState(0)
    names = np.array(list("abcdef"[:domains]))
    centres = apart * np.eye(domains, 5)
    return rng.randn(domains * each, 5) + np.repeat(centres, each, axis=0), np.repeat(names, each)


def answers(y, chance):
    """Probabilities of two classes that give the right one this much."""
    right = np.full(len(y), chance)
    return np.where(np.arange(2) == y[:, None], right[:, None], 1 - right[:, None])


def task(apart, own, other, static):
    """Experts that are right in their own domain and elsewhere by so much, and a static merge."""
    x, domain = clouds(apart)
    y = np.random.RandomState(1).randint(0, 2, len(x))
    names = sorted(set(domain))
    experts = np.stack([answers(y, np.where(domain == name, own, other)) for name in names])
    merge = answers(y, static)
    router = calibrated(moments(x, domain), x, y, domain, experts, dict.fromkeys(names, merge))
    return router, x, y, domain, experts, merge


class TestCalibration:
    def test_specialists_of_domains_that_can_be_told_apart_are_routed_and_others_fall_back(self):
        router, x, _, domain, experts, merge = task(apart=12.0, own=0.95, other=0.05, static=0.7)
        shares = router.weights(x)
        own = shares[np.arange(len(x)), np.searchsorted(sorted(set(domain)), domain)]
        assert np.median(own) > 0.9
        stranger = np.full((1, 5), 40.0) * [0, 0, 0, 0, 1]
        assert router.weights(stranger).sum() == 0
        found = router.answers(stranger, experts[:, :1], merge[:1])
        np.testing.assert_array_equal(found, merge[:1])

    def test_experts_that_are_worse_than_the_merge_are_never_asked(self):
        router, x, *_ = task(apart=12.0, own=0.6, other=0.1, static=0.9)
        assert router.threshold == -np.inf
        assert not router.weights(x).any()

    def test_where_experts_are_good_everywhere_nothing_falls_back(self):
        router, x, *_ = task(apart=1.0, own=0.95, other=0.9, static=0.6)
        assert router.threshold == np.inf
        np.testing.assert_allclose(router.weights(x).sum(axis=1), 1.0)

    @pytest.mark.parametrize("apart", [0.0, 2.0, 6.0])
    def test_is_the_best_of_what_is_tried_when_each_domain_is_left_out(self, apart):
        router, x, y, domain, experts, merge = task(apart, own=0.95, other=0.3, static=0.6)
        sums = moments(x, domain)

        def loss(temperature, share):
            losses = []
            for place, name in enumerate(sums):
                similarity = Similarity.of({other: each for other, each in sums.items() if other != name})
                known = domain != name
                bound = {1.0: np.inf, 0.0: -np.inf}.get(share, np.quantile(similarity.strangeness(x)[known], share))
                blind = Router(similarity, temperature, bound)
                found = blind.answers(x, np.delete(experts, place, axis=0), merge)
                each = -np.log(found[np.arange(len(y)), y])
                losses.append((each[known].mean() + each[~known].mean()) / 2)
            return np.mean(losses)

        temperature, share = min(product(TEMPERATURES, SHARES), key=lambda each: loss(*each))
        strange = router.similarity.strangeness(x)
        assert router.temperature == temperature
        assert (strange <= router.threshold).mean() == pytest.approx(share, abs=1 / len(x))


class TestRouter:
    x, domain = clouds(apart=6.0)
    similarity = Similarity.of(moments(x, domain))

    def test_weights_are_shares_of_domains(self):
        shares = Router(self.similarity, 2.0, np.inf).weights(self.x)
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1.0)

    def test_a_higher_temperature_evens_them_out(self):
        sharp, even = (Router(self.similarity, t, np.inf).weights(self.x).max(axis=1) for t in (1.0, 1e9))
        assert (sharp >= even - 1e-12).all()
        np.testing.assert_allclose(even, 0.25, atol=1e-6)

    def test_answers_are_the_weighted_mean_of_the_experts(self):
        router = Router(self.similarity, 4.0, np.inf)
        experts = np.random.RandomState(2).dirichlet([1, 1], size=(4, len(self.x)))
        by_hand = sum(w[:, None] * p for w, p in zip(router.weights(self.x).T, experts, strict=True))
        np.testing.assert_allclose(router.answers(self.x, experts, np.zeros((len(self.x), 2))), by_hand)

    def test_a_group_is_surer_than_its_items_and_of_one_mind(self):
        router = Router(self.similarity, 16.0, np.inf)
        rows = self.domain == "b"
        alone, together = router.weights(self.x[rows]), router.weights(self.x[rows], np.zeros(rows.sum()))
        assert together[0, 1] > alone[:, 1].mean()
        np.testing.assert_allclose(together, np.broadcast_to(together[0], together.shape))

    def test_groups_of_one_item_are_their_items(self):
        router = Router(self.similarity, 4.0, 1.0)
        np.testing.assert_allclose(router.weights(self.x, np.arange(len(self.x))), router.weights(self.x))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda g: g | {"sums": {"a": g["sums"]["a"]}}, ParameterError, "fewer than two domains"),
        (lambda g: g | {"experts": g["experts"][:2]}, ParameterError, "4 domains, 2 experts and 4 merges"),
        (lambda g: g | {"static": {"a": g["static"]["a"]}}, ParameterError, "4 domains, 4 experts and 1 merges"),
        (lambda g: g | {"domain": np.full(len(g["X"]), "a")}, DataError, "no item of the domain b is held out"),
    ],
)
def test_what_does_not_fit_is_one_sentence(change, error, says):
    x, domain = clouds(1.0)
    y = np.zeros(len(x), dtype=int)
    experts = np.full((4, len(x), 2), 0.5)
    given = {"sums": moments(x, domain), "X": x, "y": y, "domain": domain, "experts": experts}
    given["static"] = dict.fromkeys("abcd", experts[0])
    with pytest.raises(error, match=says):
        calibrated(**change(given))
