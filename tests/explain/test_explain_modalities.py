"""Views that are absent are at their mean, wherever the model looks at them."""

from __future__ import annotations

import numpy as np
import pytest
from explained import SMALL

from polyculture import CrossDomainClassifier
from polyculture.errors import ParameterError
from polyculture.explain import Asked, explain, judge, modality_shares, randomised
from polyculture.explain.modalities import Views, kept_modalities
from polyculture.explain.odds import log_odds


def test_with_all_views_nothing_changes(of_texts: CrossDomainClassifier) -> None:
    asked = Asked.of(of_texts, ["splendid film", "poor day"], domain=["a", "b"])
    found = kept_modalities(asked)(np.arange(2), [np.ones(2, dtype=bool)] * 2)

    assert found == pytest.approx(asked.probability(asked.encoded, np.arange(2)), abs=1e-6)


def test_without_any_view_all_items_are_one(of_texts: CrossDomainClassifier) -> None:
    views = Views.of(of_texts)
    encoded = views.only(of_texts.encode(["splendid film", "poor day"]), [np.zeros(2, dtype=bool)] * 2)
    found = of_texts.answers(encoded)["fused"]

    assert found[0] == pytest.approx(found[1])


def test_what_is_absent_is_absent_from_the_network_and_from_its_base_model(of_texts: CrossDomainClassifier) -> None:
    views, encoded = Views.of(of_texts), of_texts.encode(["splendid film"])
    found = views.only(encoded, [np.array([False, True])])
    first, second = views.columns.values()

    assert found.views["lexical:words"].nnz == 0
    assert found.views["lexical:characters"].nnz == encoded.views["lexical:characters"].nnz
    assert found.vectors[0, first] == pytest.approx(views.means[first])
    assert (found.vectors[0, second] == encoded.vectors[0, second]).all()


def test_shares_add_up_to_what_the_views_say_together(of_texts: CrossDomainClassifier) -> None:
    found = modality_shares(Asked.of(of_texts, ["splendid lovely film", "poor day"]))

    assert found.shares.sum(axis=1) == pytest.approx(found.whole - found.nothing)
    assert (found.whole > found.nothing).all()


def test_a_dense_view_is_at_its_training_mean(of_numbers: CrossDomainClassifier) -> None:
    views = Views.of(of_numbers)
    encoded = views.only(of_numbers.encode(np.full((1, 5), 9.0)), [np.array([False])])
    answers = of_numbers.families_["vectors"].answers(encoded.views["vectors"])

    bias = of_numbers.families_["vectors"].bias_ / of_numbers.families_["vectors"].temperature_
    assert answers[0] == pytest.approx(np.exp(bias) / np.exp(bias).sum(), abs=1e-6)
    assert encoded.vectors == pytest.approx(np.zeros((1, 5)))


@pytest.fixture(scope="module")
def lacking() -> tuple[CrossDomainClassifier, dict[str, np.ndarray]]:
    """Two modalities, of which a fifth of the items lacks one; and twelve of the items."""
    rng, y = np.random.default_rng(0), np.arange(200) % 2
    items = {name: rng.normal(size=(200, 4)) + 0.8 * (2 * y[:, None] - 1) for name in ("one", "two")}
    items["two"][::5] = np.nan
    model = CrossDomainClassifier(graph="none", components=4, fuse="logit_ensemble", backbone=SMALL).fit(items, y)
    return model, {name: values[:12] for name, values in items.items()}


def test_what_an_item_lacks_says_nothing_of_it(lacking) -> None:
    model, items = lacking
    asked = Asked.of(model, items)
    found = modality_shares(asked)

    assert found.whole == pytest.approx(log_odds(asked.probability(asked.encoded, np.arange(12))))
    assert found.shares[::5, 1] == pytest.approx(np.zeros(3), abs=1e-9)
    assert (np.abs(found.shares[:, 0]) > 0.01).all()


def test_items_of_several_modalities_get_every_kind_that_applies(lacking) -> None:
    model, items = lacking
    found = explain(model, items)

    assert all(list(e.modalities) == ["one/vectors", "two/vectors"] and e.features is None for e in found)
    assert set(judge(Asked.of(model, items), "modalities", mixes=1)) >= {"deletion", "insertion"}
    for kind in ("words", "features", "patches"):
        with pytest.raises(ParameterError, match="several modalities; ask for modalities"):
            explain(model, items, kinds=[kind])
        if kind != "patches":
            with pytest.raises(ParameterError, match="several modalities; ask for modalities"):
                judge(Asked.of(model, items), kind)
    other = Asked.of(model, items).with_model(randomised(model))
    assert len(other.take(np.array([0, 3]))) == 2
