"""Items that nobody took."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.data.interactions import Interactions
from polyculture.recommend import CrossDomainRecommender, cold_items
from polyculture.recommend.cold_items import lent, within


def told(two_domains: Interactions) -> Interactions:
    """Texts that tell an item's taste; the first two items of domain b were taken by nobody."""
    from dataclasses import replace

    words = ("green leaf", "iron wheel")
    texts = {name: f"{words[int(name[1:]) % 2]} {name}" for name in two_domains.items.tolist()}
    data = replace(two_domains, item_text=texts)
    return data.take(~np.isin(data.items[data.item], ["b00", "b01"]))


def test_borrows_from_items_of_its_domain_that_share_words(two_domains: Interactions) -> None:
    data = told(two_domains)
    found = lent(data)
    assert found is not None
    new = data.items.tolist().index("b00")
    others = data.items[found[[new]].indices]
    assert all(name[0] == "b" and int(name[1:]) % 2 == 0 for name in others)
    np.testing.assert_allclose(found.sum(axis=1)[new], 1, rtol=1e-6)
    assert np.flatnonzero(np.diff(found.indptr)).tolist() == [new, new + 1]


def test_no_texts_or_no_new_item(two_domains: Interactions) -> None:
    assert lent(two_domains) is None


def test_within_sums_to_one_again(two_domains: Interactions) -> None:
    data = told(two_domains)
    part = within(lent(data), np.flatnonzero(data.item_domain == 1))
    sums = part.sum(axis=1)
    np.testing.assert_allclose(sums[sums > 0], 1, rtol=1e-6)


def test_a_new_item_is_recommended_to_those_of_its_taste(two_domains: Interactions) -> None:
    model = CrossDomainRecommender("ease", others=(1.0,), k=3).fit(told(two_domains))
    scores = model.scores(["u004", "u005"], domain="b")
    new = model.interactions_.items.tolist().index("b00")
    assert scores[0, new] > scores[0, new + 1]
    assert scores[1, new] < scores[1, new + 1]
    reasons = model.reasons("u004", "b00", most=100)
    np.testing.assert_allclose(reasons["adds"].sum(), scores[0, new], rtol=1e-4)


def test_blocks_change_nothing(two_domains: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    data = told(two_domains)
    whole = lent(data).toarray()
    monkeypatch.setattr(cold_items, "BLOCK", 1)
    np.testing.assert_array_equal(lent(data).toarray(), whole)


def test_an_item_of_which_there_is_only_a_text_is_recommended() -> None:
    rows = [(f"u{u}", f"i{2 * i + u % 2}") for u in range(40) for i in range(u % 5, u % 5 + 5)]
    users, items = (list(column) for column in zip(*rows, strict=True))
    words = ("green leaf", "iron wheel")
    texts = {f"i{n}": f"{words[n % 2]} {n}" for n in range(18)} | {"leaf": "green leaf", "wheel": "iron wheel"}
    model = CrossDomainRecommender("ease", k=3).fit(Interactions.of(users, items, item_text=texts))
    found = model.recommend(["u0", "u1"], 20)
    for user, (new, other) in enumerate((("leaf", "wheel"), ("wheel", "leaf"))):
        ranks = found.items[user].tolist()
        assert ranks.index(new) < ranks.index(other)
    reasons = model.reasons("u0", "leaf", most=100)
    assert reasons["adds"].sum() == pytest.approx(found.scores[0, found.items[0].tolist().index("leaf")], rel=1e-4)
