"""Base models that learn from held-out items once these have chosen everything."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
import scipy.sparse as sp

from polyculture.classify import CrossDomainClassifier
from polyculture.features import sampling
from polyculture.features.base_model import BaseModel


@pytest.fixture
def items() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 20)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=400) > 0).astype(int)
    y[390:] = -1
    return x, y, np.arange(400) % 2 == 0


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_refitting_learns_from_all_labelled_items_and_chooses_nothing_anew(form: object, items: tuple) -> None:
    x, y, held = form(items[0]), items[1], items[2]
    first = BaseModel(ratios=False).fit(x, y, validation=held, classes=2)
    before = first.weights_.copy()
    again = first.refitted(x, y)
    npt.assert_array_equal(first.weights_, before)
    assert (again.strength_, again.temperature_) == (first.strength_, first.temperature_)
    known = np.where(np.arange(400) < 390, y, -1)
    one = BaseModel(strengths=(first.strength_,), ratios=False).fit(x, known, validation=held < 0)
    if form is sp.csr_array:
        npt.assert_allclose(again.weights_, one.weights_, atol=1e-3)
    assert np.abs(again.weights_ - before).max() > 1e-3


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_of_many_rows_a_sample_chooses_and_all_are_learnt_from(
    form: object, items: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, held = form(items[0]), items[1], items[2]
    monkeypatch.setattr(sampling, "MANY", 60)
    asked = []
    fit = BaseModel._linear

    def counted(self: BaseModel, inputs: object, y: np.ndarray, rows: np.ndarray, *given: object, **named: object):
        asked.append(rows)
        return fit(self, inputs, y, rows, *given, **named)

    monkeypatch.setattr(BaseModel, "_linear", counted)
    found = BaseModel().fit(x, y, validation=held, classes=2)
    *some, last = asked
    assert {len(rows) for rows in some} == {60}
    assert len(last) == 195
    assert not held[np.concatenate(asked)].any()
    # nothing of the sample is left but the choice
    few = BaseModel(strengths=(found.strength_,), ratios=False).fit(x, y, validation=held, classes=2)
    monkeypatch.setattr(sampling, "MANY", 1000)
    whole = BaseModel(strengths=(found.strength_,), ratios=False).fit(x, y, validation=held, classes=2)
    npt.assert_array_equal(few.weights_, whole.weights_)
    assert few.temperature_ == whole.temperature_


def test_the_classifier_refits_after_it_has_chosen_and_not_before(items: tuple) -> None:
    x, y, held = items
    split = np.where(held, "validation", "train")
    kept, refitted = (
        CrossDomainClassifier(refit_base_models=again, random_state=0).fit(x, y, split=split) for again in (False, True)
    )
    assert kept.families_["vectors"] is kept.judging_["vectors"]
    npt.assert_array_equal(kept.judging_["vectors"].weights_, refitted.judging_["vectors"].weights_)
    # what combines and calibrates was chosen on answers for items that no base model had learnt from
    assert (kept.temperature_, kept.routed_.losses_) == (refitted.temperature_, refitted.routed_.losses_)
    assert np.abs(kept.families_["vectors"].weights_ - refitted.families_["vectors"].weights_).max() > 0
