"""Associations against published tables, planted ones, and a third thing behind both."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.errors import ParameterError
from polyculture.surveying.associations import associations
from polyculture.surveying.stratified import mantel_haenszel
from polyculture.surveying.tagged import Tagged

# Admissions to Berkeley by department (R's UCBAdmissions): men and women, admitted and not.
BERKELEY = np.array(
    [
        [[512, 313], [89, 19]],
        [[353, 207], [17, 8]],
        [[120, 205], [202, 391]],
        [[138, 279], [131, 244]],
        [[53, 138], [94, 299]],
        [[22, 351], [24, 317]],
    ],
    dtype=float,
)


def tables(cells: np.ndarray) -> tuple[np.ndarray, ...]:
    parts = cells[:, 0, 0], cells[:, 0].sum(-1), cells[:, :, 0].sum(-1), cells.sum((1, 2))
    return tuple(part[:, None] for part in parts)


def test_berkeley_is_what_r_and_statsmodels_print() -> None:
    found = mantel_haenszel(*tables(BERKELEY))
    # As R's mantelhaen.test prints them, without a correction.
    npt.assert_allclose(found.odds_ratio, 0.9046968, rtol=1e-7)
    ends = np.exp(np.log(found.odds_ratio) + np.array([-1, 1]) * 1.959963984540054 * found.log_error)
    npt.assert_allclose(ends, [0.7719074, 1.0603298], rtol=1e-7)
    # As StratifiedTable of statsmodels has them.
    npt.assert_allclose(found.statistic, 1.5246066604434356, rtol=1e-12)
    npt.assert_allclose(found.p, 0.21692369705551817, rtol=1e-10)
    assert found.strata == 6


@pytest.mark.parametrize(("strata", "cases", "lift"), [(1, 500, 2.0), (40, 100, 1.0), (40, 200, 0.4)])
def test_intervals_of_lift_hold_it(strata: int, cases: int, lift: float) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.05, 0.3, (2, strata))
    both = lift * first * second
    cells = np.stack([both, first - both, second - both, 1 - first - second + both], axis=1)
    drawn = np.stack([rng.multinomial(cases, part, 1500) for part in cells]).astype(float)
    a = drawn[..., 0]
    found = mantel_haenszel(a, a + drawn[..., 1], a + drawn[..., 2], np.full(a.shape, float(cases)))
    away = np.abs(np.log(found.observed / found.expected) - np.log(lift))
    assert 0.92 <= np.mean(away <= 1.96 * found.lift_error) <= 0.98
    if lift == 1:
        assert np.mean(found.p < 0.05) <= 0.07


def corpus(seed: int, link: float = 0.0) -> Tagged:
    """Two methods and three data sets in two communities; the second data set goes with the first method."""
    rng = np.random.default_rng(seed)
    n = 4000
    home = rng.integers(0, 2, n)
    year = rng.integers(2018, 2021, n)
    # Both the method and the third data set are common in one community: nothing else links them.
    methods = rng.random((n, 2)) < np.where(home == 1, 0.4, 0.05)[:, None]
    data = rng.random((n, 3)) < np.stack(
        [np.full(n, 0.1), 0.1 + link * methods[:, 0], np.where(home == 1, 0.4, 0.05)], 1
    )
    frame = pl.DataFrame({"community": [f"c{i}" for i in home], "year": year})
    beside = {"data set": (("one", "two", "three"), sp.csr_array(data))}
    return Tagged(Papers(frame, "memory"), ("f", "g"), ("f", "g"), (0, 1), (None, None), sp.csr_array(methods), beside)


def test_a_planted_association_is_found_and_a_common_cause_is_not() -> None:
    found = associations(corpus(0, link=0.15))
    first = found.row(0, named=True)
    assert (first["beside"], first["name"]) == ("two", "f")
    assert first["p_adjusted"] < 1e-6
    assert first["lift_low"] > 1.3
    assert first["odds_ratio"] > 2
    through = found.filter(beside="three", name="f").row(0, named=True)
    assert through["lift_low"] < 1 < through["lift_high"]
    assert through["p_adjusted"] > 0.05
    # Not stratified, the two would seem to go together.
    plain = corpus(0, link=0.15)
    pooled = Papers(plain.papers.frame.with_columns(community=pl.lit("all")), "memory")
    together = associations(Tagged(pooled, *list(vars(plain).values())[1:])).filter(beside="three", name="f")
    assert together["lift_low"][0] > 1.3


def test_unrelated_names_are_called_in_few_corpora() -> None:
    called = [(associations(corpus(seed))["p_adjusted"] < 0.05).any() for seed in range(60)]
    assert np.mean(called) <= 0.12


def test_tables_made_in_parts_are_those_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = associations(corpus(3))
    monkeypatch.setattr("polyculture.surveying.associations.BLOCK", 1)
    assert associations(corpus(3)).equals(whole)


def test_what_is_called_like_the_method_or_its_family_is_left_out_beside_it() -> None:
    one = corpus(0)
    names = ("Q-Learning", "acting", "three")
    beside = {"topic": (names, one.beside["data set"][1])}
    named = Tagged(one.papers, ("acting", "g"), ("q_learning", "g"), (0, 1), (None, None), one.names, beside)
    pairs = set(associations(named).select("beside", "name").rows())
    assert pairs == {("three", "q_learning"), ("Q-Learning", "g"), ("acting", "g"), ("three", "g")}


def test_status_of_venues_is_a_kind_and_rare_names_are_left_out() -> None:
    one = corpus(0)
    status = pl.Series("status", ["workshop" if i % 3 else None if i % 2 else "journal" for i in range(4000)])
    with_status = Tagged(Papers(one.papers.frame.with_columns(status), "memory"), *list(vars(one).values())[1:])
    found = associations(with_status)
    assert set(found["kind"]) == {"data set", "status"}
    assert set(found.filter(kind="status")["beside"]) == {"workshop", "journal"}
    assert associations(one, least=5000).is_empty()
    json.dumps(found.to_dicts(), allow_nan=False)
    with pytest.raises(ParameterError, match="level"):
        associations(one, level=0)


def test_what_never_stands_alone_has_no_odds_ratio_but_a_lift() -> None:
    has = np.arange(60) % 3 == 0
    frame = pl.DataFrame({"community": ["a"] * 60, "year": [2020] * 60})
    beside = {"tool": (("t",), sp.csr_array(has[:, None]))}
    one = Tagged(Papers(frame, "memory"), ("f",), ("f",), (0,), (None,), sp.csr_array(has[:, None]), beside)
    row = associations(one).row(0, named=True)
    assert row["odds_ratio"] is None
    assert row["lift"] == pytest.approx(3)
