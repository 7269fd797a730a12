"""Sparse tables: what is said of all models is judged on the items that all of them answered, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import audit
from polyculture.auditing.missing import FEWEST_COMPLETE, FEWEST_SHARED
from polyculture.auditing.of_answers import audit_answers
from polyculture.auditing.result import AuditResult
from polyculture.auditing.settings import Settings
from polyculture.auditing.tables import headline, tables
from polyculture.data.answers import Answers
from polyculture.errors import DataError
from polyculture.report.written import page_of

MODELS, ITEMS = 10, 400


def outcomes(seed: int, hard: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(ITEMS, 1))
    return shared[:, 0], hard * shared + rng.normal(size=(ITEMS, MODELS)) < np.linspace(0.2, 0.9, MODELS)


def audited(right: np.ndarray, given: np.ndarray) -> AuditResult:
    names = tuple(f"m{i}" for i in range(right.shape[1]))
    items = np.array([f"i{i:04}" for i in range(len(right))])
    return audit_answers(Answers(items, names, right & given, None if given.all() else given), Settings(blocks=10))


def at_random(missing: float, seed: int) -> np.ndarray:
    given = np.random.default_rng(seed).random((ITEMS, MODELS)) >= missing
    given[np.arange(ITEMS), np.arange(ITEMS) % MODELS] = True
    return given


def thinned(kept: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((ITEMS, MODELS)) < kept


@pytest.mark.parametrize("missing", [0.05, 0.2, 0.4, 0.6])
def test_all_models_are_judged_on_the_items_that_all_answered_or_not_at_all(missing: float) -> None:
    _, right = outcomes(0)
    given = at_random(missing, 1)
    complete = given.all(axis=1)
    found = audited(right, given)
    assert found.missing["complete_items"] == complete.sum()
    assert found.missing["share"] == pytest.approx(1 - given.mean())
    if complete.sum() >= FEWEST_COMPLETE:
        assert found.systemic_failure["observed"] == (~right[complete]).all(axis=1).mean()
        halves = found.portfolio["items"]
        assert halves["selection"] + halves["judging"] == complete.sum()
    else:
        assert found.systemic_failure == found.portfolio == {}
        assert f"{complete.sum()} of {ITEMS} items were answered by all 10" in found.not_measured["systemic_failure"]
        assert {one["action"] for one in found.advice} <= {"drop"}


@pytest.mark.parametrize("missing", [0.2, 0.4, 0.6])
def test_independent_models_are_not_advised_to_vote_because_answers_are_missing(missing: float) -> None:
    """Counting a missing answer as wrong made every vote look better than every single model."""
    for seed in range(5):
        found = audited(outcomes(seed)[1], at_random(missing, seed))
        assert [one["action"] for one in found.advice if "points" in one["because"]] == []


def test_models_that_answered_different_blocks_are_not_compared() -> None:
    _, right = outcomes(0)
    given = np.zeros((ITEMS, MODELS), dtype=bool)
    given[:205, :5] = given[195:, 5:] = True
    found = audited(right, given)
    apart = [pair for pair in found.pairs if (int(pair["a"][1:]) < 5) != (int(pair["b"][1:]) < 5)]
    assert {pair["items"] for pair in apart} == {10}
    given[195:200, 5:] = False
    found = audited(right, given)
    assert FEWEST_SHARED > 5
    for pair in found.pairs:
        across = (int(pair["a"][1:]) < 5) != (int(pair["b"][1:]) < 5)
        assert np.isnan(pair["error_consistency"]["estimate"]) == across
    assert "fewer than 10 of the same items" in found.not_measured["error_consistency"]


def test_a_near_twin_that_answered_easy_items_alone_is_not_the_better_one() -> None:
    shared, right = outcomes(0, hard=1.5)
    right[:, 9] = right[:, 8]
    given = np.ones(right.shape, dtype=bool)
    given[shared > np.median(shared), 9] = False
    found = audited(right, given)
    assert found.accuracy["m9"] > found.accuracy["m8"]
    (drop,) = [one for one in found.advice if one["action"] == "drop"]
    assert drop["models"] == ["m9"]


def test_the_headline_and_the_table_say_what_is_missing() -> None:
    _, right = outcomes(0)
    sparse, dense = audited(right, at_random(0.5, 0)), audited(right, at_random(0.05, 0))
    assert "too few to judge all of them together" in headline(sparse)
    assert f"judged on the {dense.missing['complete_items']} of 400 items that all answered" in headline(dense)
    assert "% of the answers are missing" in headline(dense)
    table = next(table for table in tables(sparse) if table.name == "accuracy")
    assert {row[0]: row[2] for row in table.rows} == sparse.missing["by_model"]
    assert "missing" not in headline(audited(right, np.ones(right.shape, dtype=bool)))


@pytest.mark.parametrize("kept", [0.5, 0.25, 0.2, 0.15, 0.1])
def test_a_thinner_table_says_the_same_or_why_it_says_nothing(kept: float) -> None:
    withheld, held = 0, []
    for seed in range(6):
        _, right = outcomes(seed, hard=1.0)
        full, thin = audited(right, np.ones(right.shape, dtype=bool)), audited(right, thinned(kept, seed))
        if thin.joint_failure:
            ends = thin.joint_failure["intervals"]["ratio"]
            held.append(ends["low"] <= full.joint_failure["ratio"] <= ends["high"])
            assert "as often as independent models would" in headline(thin)
        else:
            withheld += 1
            assert "fewer than 10 of the same items; leave out models" in thin.not_measured["joint_failure"]
            assert "too few answers to the same items to say how often two of them fail" in headline(thin)
        for name, value in full.effective_models.items():
            if name in thin.effective_models:
                ends = thin.effective_models[name]
                held.append(ends["low"] <= value["estimate"] <= ends["high"])
            else:
                assert {"effective_models", f"effective models ({name})"} & set(thin.not_measured)
        assert ("independent ones" in headline(thin)) == ("kish" in thin.effective_models)
    # of 95 % intervals that are not independent of each other
    assert np.mean(held or [True]) >= 0.9
    assert withheld == 0 if kept >= 0.2 else withheld > 0
    assert withheld == 6 or kept > 0.1


@pytest.mark.parametrize("shared", [9, 10])
def test_pairs_that_share_too_few_items_move_no_number(shared: int) -> None:
    _, right = outcomes(0, hard=1.0)
    given = np.ones(right.shape, dtype=bool)
    given[shared:200, 9], given[200:, :9] = False, False
    # on the few, the last model does what the first does, as no other pair would
    right[:shared, 9] = right[:shared, 0]
    found, without = audited(right, given), audited(right[:200, :9], np.ones((200, 9), dtype=bool))
    same = found.joint_failure["observed"] == pytest.approx(without.joint_failure["observed"])
    assert same == (shared < FEWEST_SHARED)
    assert same == (found.joint_failure["expected"] == pytest.approx(without.joint_failure["expected"]))
    assert same == found.not_measured.get("effective_models", "").startswith("9 of 45 pairs")
    assert same == (not found.effective_models)


def test_groups_have_the_same_minimum() -> None:
    _, right = outcomes(0, hard=1.0)
    names, items = tuple(f"m{i}" for i in range(MODELS)), np.array([f"i{i:04}" for i in range(ITEMS)])
    groups = np.where(np.arange(ITEMS) < 320, "large", "small")
    given = thinned(0.3, 0)
    found = audit_answers(Answers(items, names, right & given, given, groups=groups), Settings(blocks=10))
    large, small = found.groups
    assert np.isfinite([large["kish"]["estimate"], large["joint_failure_ratio"]["estimate"]]).all()
    assert np.isnan(
        [small["kish"]["estimate"], small["joint_failure_ratio"]["estimate"], small["error_consistency"]]
    ).all()
    assert "of 45 pairs of models answered fewer than 10" in found.not_measured["group small"]
    assert "group large" not in found.not_measured


def test_groups_count_items_that_all_answered() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((200, 3)) < 0.5
    answers = {f"m{i}": right[:, i].astype(object) for i in range(3)}
    answers["m0"][:95] = None
    import polars as pl

    table = pl.DataFrame({"item": np.arange(200), "group": ["a"] * 100 + ["b"] * 100, **{
        name: pl.Series(column.tolist(), dtype=pl.Boolean) for name, column in answers.items()
    }})  # fmt: skip
    found = audit(table, kind="outcomes")
    each = {group["group"]: group["all_fail"] for group in found.groups}
    assert np.isnan(each["a"])
    assert each["b"] == (~right[100:]).all(axis=1).mean()


def test_models_that_share_no_item_have_no_families_and_nothing_is_passed(tmp_path):
    rows = [f"{item},m{item % 4},{item % 3},{(item * item) % 3}" for item in range(200)]
    path = tmp_path / "disjoint.csv"
    path.write_text("item,model,prediction,label\n" + "\n".join(rows) + "\n")
    page = page_of(audit(path, cache=False))
    states = {finding.title: finding.status for finding in page.findings}
    assert states["Does one family dominate?"] == "not checked"
    assert "passed" not in states.values()


def test_a_column_of_models_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,model,prediction,label\n1,a,x,x\n1,b,y,x\n2,a,x,y\n2,b,y,y\n")
    with pytest.raises(DataError, match="has no column 'wrong'; its columns are item, model"):
        audit(path, cache=False, columns={"model": "wrong"})
