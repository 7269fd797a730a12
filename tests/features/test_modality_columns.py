"""Which columns of what the network is fed are of which modality."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.features.combine import Features

RNG = np.random.default_rng(0)
Y = np.arange(80) % 2
ITEMS = {"size": RNG.normal(size=(80, 3)) + Y[:, None], "weight": RNG.normal(size=(80, 2))}


@pytest.mark.parametrize(
    ("graph", "propagation", "widths"),
    [("none", "appnp", (3, 2)), ("same", "appnp", (3, 2)), ("same", "sign", (6, 4)), ("same", "gcn", (64, 64))],
)
def test_columns_follow_the_blocks_after_they_are_spread(graph, propagation, widths):
    features = Features("vectors", graph=graph, propagation=propagation, hops=(1,), neighbours=3)
    encoded = features.fit_transform(ITEMS, Y)
    wide = widths if propagation != "gcn" else (features.spread_.layers_["size/vectors"].propagation.hidden,) * 2
    assert features.columns_ == {"size": [[0, wide[0]]], "weight": [[wide[0], sum(wide)]]}
    assert encoded.vectors.shape[1] == sum(wide)


def test_views_of_one_modality_are_together_and_one_that_is_not_fed_has_no_columns():
    items = {"said": [f"w{i % 7} v{i % 3}" for i in range(80)], "size": ITEMS["size"], "weight": ITEMS["weight"]}
    features = Features(("lexical:words", "vectors", "lexical:characters"), graph="none", components=2)
    features.set_params(network_encoders=("said/lexical:words", "weight/vectors", "said/lexical:characters"))
    features.fit_transform(items, Y)
    assert features.columns_ == {"said": [[0, 2], [4, 6]], "weight": [[2, 4]]}


def test_items_can_be_asked_without_a_modality():
    features = Features("vectors", graph="none")
    encoded = features.fit_transform(ITEMS, Y)
    lesser = features.without(encoded, {"size"})
    there = dict(ITEMS, size=np.full((80, 3), np.nan))
    np.testing.assert_array_equal(lesser.vectors, features.transform(there).vectors)
    assert not lesser.present["size/vectors"].any()
    assert encoded.vectors[:, :3].any()
