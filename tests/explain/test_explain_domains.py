"""Whose knowledge decided: the domain whose expert knows it, and nobody else's."""

from __future__ import annotations

import numpy as np
import pytest
from explained import SMALL

from polyculture import CrossDomainClassifier
from polyculture.errors import ParameterError
from polyculture.explain import Asked, domain_shares
from polyculture.explain.domains import Coalitions, kept_domains
from polyculture.explain.odds import margins
from polyculture.fuse import average

ITEMS = np.array([[3.2, 4.5, 3.0, 3.0, 3.0], [2.0, 5.0, 3.0, 3.0, 3.0]])


def test_one_alone_is_the_expert_none_is_the_backbone_and_all_are_the_average(
    of_numbers: CrossDomainClassifier,
) -> None:
    asked = Asked.of(of_numbers, ITEMS)
    game, experts = Coalitions(asked), of_numbers.experts_
    wanted = {
        (False, False): of_numbers.backbone_.weights_,
        (True, False): experts["a"],
        (False, True): experts["b"],
        (True, True): average(of_numbers.backbone_.weights_, list(experts.values())),
    }
    for present, weights in wanted.items():
        logits = of_numbers.backbone_.logits(asked.encoded.vectors, weights)
        assert game.odds(np.array(present)) == pytest.approx(margins(logits, asked.predicted), abs=1e-4)


def test_the_domain_that_agrees_speaks_for_the_class_and_the_other_against_it(
    of_numbers: CrossDomainClassifier,
) -> None:
    found = {}
    for domain in ("a", "b"):
        asked = Asked.of(of_numbers, ITEMS[:1], domain=[domain])
        found[domain] = dict(zip(of_numbers.experts_, domain_shares(asked).shares[0], strict=True))

    # the two domains read the second column in opposite ways, and so do the predictions
    assert found["a"]["a"] > found["a"]["b"]
    assert found["b"]["b"] > found["b"]["a"]


def test_kept_domains_answer_as_their_coalition_item_by_item(of_numbers: CrossDomainClassifier) -> None:
    asked = Asked.of(of_numbers, ITEMS)
    masks = [np.array(m) for m in ((True, False), (False, True), (True, False))]
    rows = np.array([0, 1, 1])
    found = kept_domains(asked)(rows, masks)

    for p, row, mask in zip(found, rows, masks, strict=True):
        odds = Coalitions(asked).odds(mask)[row]
        assert p == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)


def test_without_experts_there_is_nothing_to_share() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    model = CrossDomainClassifier(graph="none", adapt="none", backbone=SMALL).fit(x, x[:, 0] > 0)

    with pytest.raises(ParameterError, match="fit with adapt"):
        domain_shares(Asked.of(model, x[:1]))
