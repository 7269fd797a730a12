"""Measures of likeness: pure functions on arrays, each registered with what it means and promises.

- *representation*: `cka`, `cka_matrix`, `cka_intervals`
- *outcome*: `error_consistency`, `error_consistency_matrix`, `error_consistency_bound`, `joint_failure`,
  `joint_failure_expected`, `joint_failure_difference`, `joint_failure_ratio`, `error_correlation_matrix`,
  `effective_models`, `bootstrap_outcomes`
- *inference*: `bootstrap`, `jackknife`, `paired_interval`, `t_interval`

`list_measures` tells the facts of all. A measure that is undefined on the given data is NaN, never a likely number.
"""

from polyculture.measure.inference.bootstrap import bootstrap, jackknife, paired_interval, t_interval
from polyculture.measure.inference.interval import Interval, Intervals
from polyculture.measure.outcome.consistency import error_consistency, error_consistency_bound, error_consistency_matrix
from polyculture.measure.outcome.effective import effective_models, error_correlation_matrix
from polyculture.measure.outcome.intervals import bootstrap_outcomes
from polyculture.measure.outcome.joint import (
    joint_failure,
    joint_failure_difference,
    joint_failure_expected,
    joint_failure_ratio,
)
from polyculture.measure.registry import MEASURES, Facts, list_measures, measure
from polyculture.measure.representation.cka import cka, cka_matrix
from polyculture.measure.representation.intervals import cka_intervals

__all__ = [
    "MEASURES",
    "Facts",
    "Interval",
    "Intervals",
    "bootstrap",
    "bootstrap_outcomes",
    "cka",
    "cka_intervals",
    "cka_matrix",
    "effective_models",
    "error_consistency",
    "error_consistency_bound",
    "error_consistency_matrix",
    "error_correlation_matrix",
    "jackknife",
    "joint_failure",
    "joint_failure_difference",
    "joint_failure_expected",
    "joint_failure_ratio",
    "list_measures",
    "measure",
    "paired_interval",
    "t_interval",
]
