"""Advice follows the numbers, and stays away where intervals leave the matter open."""

from __future__ import annotations

import inspect
import json
import re

import numpy as np
import pytest

from polyculture.auditing.advice import COMMAND, advise
from polyculture.auditing.portfolio import portfolio
from polyculture.auditing.twins import Twin, Twins, near_twins
from polyculture.cli.fit import fit_command
from polyculture.errors import ShapeError
from polyculture.measure import Interval, bootstrap_outcomes

NAMES = list("abcdefg")


def with_copies(n: int = 1000, seed: int = 0) -> np.ndarray:
    """Four copies of a strong model and three independent weaker ones."""
    rng = np.random.default_rng(seed)
    return np.hstack([rng.random((n, 1)) < 0.85] * 4 + [rng.random((n, 3)) < 0.75])


def twins_of(*pairs: tuple[int, int]) -> Twins:
    found = tuple(Twin(a, b, 0.9, 0.85, 0.3, 0.6, 8.0, 1e-6, copy=False) for a, b in pairs)
    return Twins(found, np.zeros((7, 7)), np.zeros((7, 7)))


def systemic(difference: float, ratio: float, width: float) -> dict[str, Interval]:
    return {
        "joint_failure": Interval(0.1, 0.1 - width, 0.1 + width),
        "joint_failure_expected": Interval(0.1 - difference, 0.0, 0.1),
        "joint_failure_difference": Interval(difference, difference - width, difference + width),
        "joint_failure_ratio": Interval(ratio, ratio - 40 * width, ratio + 40 * width),
    }


def test_diverse_models_are_kept_and_copies_are_dropped() -> None:
    correct = with_copies()
    kappa = np.corrcoef(correct.T)
    found = advise(
        NAMES,
        accuracy=correct.mean(axis=0),
        twins=near_twins(kappa, kappa),
        keep=portfolio(correct),
        ensemble=portfolio(correct, objective="vote"),
    )
    by_action = {one.action: one for one in found.advice}
    kept = by_action["keep"].models
    assert len(set("abcd") & set(kept)) == 1
    assert len(set("efg") & set(kept)) >= 2
    assert set(by_action["drop"].models) == set("abcd") - set(kept)
    assert "a copy" in by_action["drop"].because


def test_independent_models_are_ensembled_and_copies_are_not() -> None:
    independent = np.random.default_rng(0).random((1500, 5)) < 0.7
    found = advise(list("abcde"), ensemble=portfolio(independent, objective="vote"))
    assert found.advice[0].action == "ensemble"
    assert len(found.advice[0].models) >= 3
    alike = np.repeat(independent[:, :1], 5, axis=1)
    found = advise(list("abcde"), ensemble=portfolio(alike, objective="vote"), keep=portfolio(alike))
    assert found.advice == ()
    assert [sentence.partition(":")[0] for sentence in found.withheld] == ["Keep", "Ensemble"]


def test_nothing_is_advised_while_intervals_include_zero() -> None:
    few = np.random.default_rng(1).random((40, 5)) < 0.7
    found = advise(
        list("abcde"), keep=portfolio(few, sizes=[3]), ensemble=portfolio(few, sizes=[3]), systemic=systemic(0.0, 1, 0)
    )
    assert found.advice == ()
    assert len(found.withheld) == 3
    assert sum("not shown to help" in sentence for sentence in found.withheld) == 2


def test_of_twins_the_most_accurate_stands_for_the_others() -> None:
    accuracy = np.array([0.7, 0.9, 0.8, 0.6, 0.5, 0.5, np.nan])
    found = advise(NAMES, accuracy=accuracy, twins=twins_of((0, 1), (1, 2), (3, 6)))
    assert [(one.action, one.models) for one in found.advice] == [("drop", ("a", "c")), ("drop", ("g",))]
    assert found.advice[0].because.startswith("b (90.0 % right) stands for")
    assert "a (likeness 0.90 where 0.30 was expected) (70.0 % right)" in found.advice[0].because


def test_a_twin_of_a_dropped_model_alone_is_not_dropped() -> None:
    accuracy = np.array([0.9, 0.8, 0.7, 0, 0, 0, 0])
    found = advise(NAMES, accuracy=accuracy, twins=twins_of((0, 1), (1, 2)))
    assert [one.models for one in found.advice] == [("b",)]


def test_a_model_that_is_kept_for_its_difference_is_never_dropped() -> None:
    correct = with_copies()
    keep = portfolio(correct)
    assert keep.keep.saved.low > 0
    inside = keep.keep.models
    found = advise(NAMES, keep=keep, twins=twins_of((inside[0], inside[1])))
    assert [one.action for one in found.advice] == ["keep"]
    assert "worth keeping" in found.withheld[0]


def test_a_pair_without_evidence_of_a_copy_is_not_dropped() -> None:
    kappa = np.full((3, 3), 0.2)
    kappa[[0, 2], [2, 0]] = 1
    assert advise(list("abc"), twins=near_twins(kappa)).advice[0].models == ("c",)
    assert advise(list("abc"), twins=near_twins(kappa, copies=np.zeros((3, 3), dtype=bool))).advice == ()


def test_no_twins_and_too_few_models_are_said() -> None:
    assert advise(NAMES, twins=twins_of()).withheld == ("Drop: no pair is closer than expected beyond doubt.",)
    few = advise(list("ab"), twins=near_twins(np.array([[1, 0.2], [0.2, 1]])))
    assert "fewer than 6" in few.withheld[0]


@pytest.mark.parametrize(
    ("difference", "ratio", "width", "advised"),
    [(0.05, 5, 0.01, True), (0.05, 5, 0.1, False), (0.015, 5, 0.01, False), (0.05, 2.2, 0.01, False)],
)
def test_training_is_advised_if_systemic_failure_is_far_above_chance(difference, ratio, width, advised) -> None:
    found = advise(NAMES, systemic=systemic(difference, ratio, width))
    assert bool(found.advice) == advised
    assert len(found.advice) + len(found.withheld) == 1


def test_training_follows_from_measured_outcomes() -> None:
    rng = np.random.default_rng(0)
    hopeless = rng.random((800, 1)) < 0.15
    alike = (rng.random((800, 4)) < 0.2) | hopeless
    assert advise(list("abcd"), systemic=bootstrap_outcomes(alike, samples=200)).advice[0].command == COMMAND
    apart = rng.random((800, 4)) < 0.3
    assert advise(list("abcd"), systemic=bootstrap_outcomes(apart, samples=200)).advice == ()
    never = np.zeros((800, 4), dtype=bool)
    assert advise(list("abcd"), systemic=bootstrap_outcomes(never, samples=50)).advice == ()


def test_the_command_names_options_that_exist() -> None:
    options = re.findall(r"--(\w+)", COMMAND)
    assert options
    assert set(options) <= set(inspect.signature(fit_command).parameters)


def test_rules_without_numbers_are_passed_over() -> None:
    found = advise(NAMES)
    assert (found.advice, found.withheld) == ((), ())


def test_plain_values() -> None:
    plain = json.loads(json.dumps(advise(NAMES, twins=twins_of((0, 1))).to_dict()))
    assert plain["advice"][0] == {
        "action": "drop",
        "models": ["b"],
        "because": "a stands for its near-twins: b (likeness 0.90 where 0.30 was expected).",
        "command": "",
    }


def test_one_accuracy_for_each_name() -> None:
    with pytest.raises(ShapeError, match="each of the 7 models"):
        advise(NAMES, accuracy=[0.5])
