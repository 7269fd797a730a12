"""Every registered measure keeps what its facts say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measure_tester import (
    changes,
    check_bounds,
    check_direction,
    check_identity,
    check_invariance,
    check_items_in_any_order,
    check_leading_axes,
    check_null,
    check_symmetry,
    drawn,
    drawn_freely,
)

import polyculture.measure as package
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import MEASURES, Facts, list_measures, measure

every = pytest.mark.parametrize("facts", list_measures(), ids=lambda facts: facts.name)
of_items = [facts for facts in list_measures() if facts.kind == "items"]
each_of_items = pytest.mark.parametrize("facts", of_items, ids=lambda facts: facts.name)
of_communities = [facts for facts in list_measures() if facts.kind != "items"]
each_of_communities = pytest.mark.parametrize("facts", of_communities, ids=lambda facts: facts.name)
quick = settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@every
@quick
@given(data=st.data())
def test_freely_drawn_inputs(facts: Facts, data: st.DataObject) -> None:
    inputs = data.draw(drawn_freely(facts))
    check_bounds(facts, inputs)
    check_symmetry(facts, inputs, like=True)
    check_items_in_any_order(facts, inputs, np.random.default_rng(0))


@every
@quick
@given(n=st.integers(6, 40), seed=st.integers(0, 2**32))
def test_invariances(facts: Facts, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = drawn(facts, n, rng)
    for name in facts.invariant_to:
        check_invariance(facts, inputs, name, rng)


@every
def test_copies_are_more_alike_than_shuffled_copies(facts: Facts) -> None:
    for seed in range(20):
        check_direction(facts, 60, np.random.default_rng(seed))


@pytest.mark.parametrize("facts", [facts for facts in list_measures() if facts.null is not None], ids=lambda f: f.name)
def test_null(facts: Facts) -> None:
    check_null(facts, np.random.default_rng(0))


@every
def test_facts_are_complete(facts: Facts) -> None:
    assert facts.summary.endswith(".")
    assert facts.paper
    assert facts.cost
    assert set(facts.invariant_to) <= changes(facts)
    assert getattr(package, facts.name) is facts.function


@each_of_items
@pytest.mark.parametrize("bad", [np.nan, np.inf, "text", 1j, None], ids=str)
def test_values_that_are_no_finite_numbers_are_refused(facts: Facts, bad: object) -> None:
    inputs = [a.astype(object) for a in drawn(facts, 10, np.random.default_rng(0))]
    inputs[-1][3] = bad
    with pytest.raises(DataError, match=facts.takes[-1]):
        facts.function(*inputs)


@each_of_communities
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1, "text", 1j, None], ids=str)
def test_counts_that_cannot_be_are_refused(facts: Facts, bad: object) -> None:
    inputs = drawn(facts, 10, np.random.default_rng(0))
    wrong = inputs[0].astype(object)
    wrong.flat[3] = bad
    with pytest.raises(DataError, match=facts.takes[0]):
        facts.function(wrong, *inputs[1:])


@each_of_communities
def test_no_categories_and_categories_that_do_not_fit_are_refused(facts: Facts) -> None:
    inputs = drawn(facts, 10, np.random.default_rng(0))
    for wrong in (inputs[0][..., :0], np.float64(1), inputs[0][..., None, :0]):
        with pytest.raises(ShapeError, match=facts.takes[0]):
            facts.function(wrong, *inputs[1:])
    if len(inputs) > 1 and inputs[1].ndim:
        with pytest.raises(ShapeError, match="9"):
            facts.function(inputs[0][..., :9], *inputs[1:])


@pytest.mark.parametrize("facts", [f for f in of_communities if f.kind != "counts"], ids=lambda facts: facts.name)
@quick
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_copies_of_a_community_are_as_alike_as_can_be(facts: Facts, n: int, seed: int) -> None:
    check_identity(facts, n, np.random.default_rng(seed))


@each_of_communities
@quick
@given(seed=st.integers(0, 2**32))
def test_leading_axes_are_so_many_cases(facts: Facts, seed: int) -> None:
    check_leading_axes(facts, np.random.default_rng(seed))


@each_of_communities
def test_communities_without_counts_are_undefined(facts: Facts) -> None:
    inputs = drawn(facts, 10, np.random.default_rng(0))
    held = 2 if facts.kind == "two communities" else 1
    nothing = [np.zeros_like(a) for a in inputs[:held]]
    assert np.isnan(facts.function(*nothing, *inputs[held:]))


@each_of_items
def test_no_items_and_wrong_shapes_are_refused(facts: Facts) -> None:
    inputs = drawn(facts, 10, np.random.default_rng(0))
    for wrong in ([a[:0] for a in inputs], [a[None] for a in inputs], [np.float64(1)] * len(inputs)):
        with pytest.raises(ShapeError):
            facts.function(*wrong)
    if len(inputs) > 1:
        with pytest.raises(ShapeError, match=r"10 rows and . has 9"):
            facts.function(inputs[0], inputs[1][:9], *inputs[2:])


@every
def test_inputs_are_left_as_they_were(facts: Facts) -> None:
    inputs = drawn(facts, 10, np.random.default_rng(0))
    before = [a.copy() for a in inputs]
    facts.function(*inputs)
    assert all((a == b).all() for a, b in zip(inputs, before, strict=True))


WRONG = {
    "bounds": {"bounds": (0, 0.1)},
    "symmetric": {"symmetric": False},
    "more_alike": {"more_alike": "lower"},
    "invariant_to": {"function": lambda x, y: float(np.sum(x * x) * np.sum(y))},
    "null": {"null": 0.5},
    "order": {"function": lambda x, y: float(x[0, 0] - y[0, 0])},
}


@pytest.mark.parametrize("lie", WRONG)
def test_the_tester_notices_wrong_facts(lie: str) -> None:
    facts = dataclasses.replace(MEASURES["cka"], **WRONG[lie])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 4))
    checks = {
        "bounds": lambda: check_bounds(facts, (x, x)),
        "symmetric": lambda: check_symmetry(facts, (x, x[:, :2])),
        "more_alike": lambda: check_direction(facts, 20, rng),
        "invariant_to": lambda: check_invariance(facts, (x, x), "scale", rng),
        "null": lambda: check_null(facts, rng, times=20),
        "order": lambda: check_items_in_any_order(facts, (x, -x), rng),
    }
    with pytest.raises(AssertionError):
        checks[lie]()


def test_a_name_is_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyculture.measure.registry.MEASURES", dict(MEASURES))

    def register(name: str) -> Facts:
        def function(x: np.ndarray, y: np.ndarray, *, option: int = 0) -> float:
            """Nothing."""
            return 0.0

        function.__name__ = name
        given = dataclasses.asdict(MEASURES["cka"])
        wanted = ("bounds", "symmetric", "more_alike", "invariant_to", "null", "cost", "paper")
        assert measure(**{key: given[key] for key in wanted})(function) is function
        return next(facts for facts in list_measures() if facts.name == name)

    facts = register("nothing")
    assert facts.summary == "Nothing."
    assert facts.takes == ("x", "y")
    with pytest.raises(ParameterError, match="cka"):
        register("cka")


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        MEASURES["cka"].bounds = (0, 2)  # type: ignore[misc]
