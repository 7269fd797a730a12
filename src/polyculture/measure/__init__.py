"""Measures of likeness: pure functions on arrays, each registered with what it means and promises.

- *representation*: `cka` (also `rbf_cka`, `minibatch_cka`, `StreamingCKA`), `mutual_knn`, `procrustes`,
  `angular_shape_distance`, `svcca`, `pwcca`, `rsa`; with ``_matrix`` for all pairs of many at once
- *outcome*: `error_consistency`, `capa`, `agreement_both_wrong`, `joint_failure`, `ambiguity`, `discrepancy`,
  `rashomon_capacity`, `effective_models`; `failure_distribution` and `pair_failure` against independence,
  `expected_given_strata` against known difficulty
- *diversity* within a community: `hill`, `hill_rarefied`, `hill_at_coverage`, `entropy`, `coverage`, `hhi`, `gini`,
  `leinster_cobbold`, `rao`, `vendi`; between communities: `partition`, `homogenization`, `jensen_shannon`,
  `morisita_horn`, `bray_curtis`, `rank_biased_overlap`, `turnover`, `nestedness`
- *all pairs, with intervals and chance*: `outcome_pairs`, `representation_pairs`
- *inference*: `bootstrap`, `jackknife`, `calibrate`, `adjust`, `regress_pairs`, `cka_null`, `knn_null`

`list_measures` tells the facts of all. A measure that is undefined on the given data is NaN, never a likely number.
"""

from polyculture.measure.diversity.concentration import gini, hhi
from polyculture.measure.diversity.convergence import beta_convergence, sigma_convergence
from polyculture.measure.diversity.coverage import coverage
from polyculture.measure.diversity.entropy import entropy
from polyculture.measure.diversity.hill import hill
from polyculture.measure.diversity.jensen_shannon import (
    generalised_jensen_shannon,
    jensen_shannon,
    jensen_shannon_distance,
    jensen_shannon_matrix,
)
from polyculture.measure.diversity.nestedness import (
    Split,
    nestedness,
    turnover,
    turnover_nestedness,
    turnover_nestedness_matrix,
    turnover_nestedness_multiple,
)
from polyculture.measure.diversity.overlap import (
    bray_curtis,
    bray_curtis_matrix,
    morisita_horn,
    morisita_horn_matrix,
)
from polyculture.measure.diversity.partition import Partition, beta_diversity, homogenization, partition
from polyculture.measure.diversity.rank_overlap import rank_biased_overlap, rank_biased_overlap_matrix
from polyculture.measure.diversity.rarefaction import hill_at_coverage, hill_rarefied
from polyculture.measure.diversity.similarity import leinster_cobbold, rao, vendi
from polyculture.measure.inference.bootstrap import bootstrap, jackknife, paired_interval, t_interval
from polyculture.measure.inference.calibrate import Calibrated, calibrate
from polyculture.measure.inference.interval import Interval, Intervals
from polyculture.measure.inference.multiple import adjust, adjust_pairs
from polyculture.measure.inference.regression import PairRegression, PairTerm, regress_pairs
from polyculture.measure.outcome.capa import agreement_both_wrong, capa
from polyculture.measure.outcome.capacity import rashomon_capacities, rashomon_capacity
from polyculture.measure.outcome.consistency import error_consistency, error_consistency_bound, error_consistency_matrix
from polyculture.measure.outcome.effective import effective_models, error_correlation_matrix
from polyculture.measure.outcome.intervals import bootstrap_outcomes
from polyculture.measure.outcome.joint import (
    joint_failure,
    joint_failure_difference,
    joint_failure_expected,
    joint_failure_ratio,
)
from polyculture.measure.outcome.multiplicity import ambiguity, ambiguity_expected, discrepancy
from polyculture.measure.outcome.pair_failure import pair_failure
from polyculture.measure.outcome.pairs import OutcomePairs, outcome_pairs
from polyculture.measure.outcome.poisson_binomial import poisson_binomial
from polyculture.measure.outcome.strata import expected_given_strata
from polyculture.measure.outcome.systemic import failure_distribution
from polyculture.measure.pairs import PairMeasure
from polyculture.measure.registry import MEASURES, Facts, list_measures, measure
from polyculture.measure.representation.cca import pwcca, pwcca_matrix, svcca, svcca_matrix
from polyculture.measure.representation.cka import cka, cka_matrix
from polyculture.measure.representation.intervals import cka_intervals
from polyculture.measure.representation.knn import mutual_knn, mutual_knn_matrix, mutual_knn_null
from polyculture.measure.representation.minibatch import minibatch_cka
from polyculture.measure.representation.moments import cka_biased_mean, cka_variance
from polyculture.measure.representation.neighbours import nearest
from polyculture.measure.representation.nulls import cka_null, knn_null
from polyculture.measure.representation.pairs import RepresentationPairs, representation_pairs
from polyculture.measure.representation.procrustes import (
    angular_shape_distance,
    angular_shape_distance_matrix,
    procrustes,
    procrustes_matrix,
)
from polyculture.measure.representation.rbf import rbf_cka, rbf_cka_matrix
from polyculture.measure.representation.rsa import rsa, rsa_matrix
from polyculture.measure.representation.streaming import StreamingCKA

__all__ = [
    "MEASURES",
    "Calibrated",
    "Facts",
    "Interval",
    "Intervals",
    "OutcomePairs",
    "PairMeasure",
    "PairRegression",
    "PairTerm",
    "Partition",
    "RepresentationPairs",
    "Split",
    "StreamingCKA",
    "adjust",
    "adjust_pairs",
    "agreement_both_wrong",
    "ambiguity",
    "ambiguity_expected",
    "angular_shape_distance",
    "angular_shape_distance_matrix",
    "beta_convergence",
    "beta_diversity",
    "bootstrap",
    "bootstrap_outcomes",
    "bray_curtis",
    "bray_curtis_matrix",
    "calibrate",
    "capa",
    "cka",
    "cka_biased_mean",
    "cka_intervals",
    "cka_matrix",
    "cka_null",
    "cka_variance",
    "coverage",
    "discrepancy",
    "effective_models",
    "entropy",
    "error_consistency",
    "error_consistency_bound",
    "error_consistency_matrix",
    "error_correlation_matrix",
    "expected_given_strata",
    "failure_distribution",
    "generalised_jensen_shannon",
    "gini",
    "hhi",
    "hill",
    "hill_at_coverage",
    "hill_rarefied",
    "homogenization",
    "jackknife",
    "jensen_shannon",
    "jensen_shannon_distance",
    "jensen_shannon_matrix",
    "joint_failure",
    "joint_failure_difference",
    "joint_failure_expected",
    "joint_failure_ratio",
    "knn_null",
    "leinster_cobbold",
    "list_measures",
    "measure",
    "minibatch_cka",
    "morisita_horn",
    "morisita_horn_matrix",
    "mutual_knn",
    "mutual_knn_matrix",
    "mutual_knn_null",
    "nearest",
    "nestedness",
    "outcome_pairs",
    "pair_failure",
    "paired_interval",
    "partition",
    "poisson_binomial",
    "procrustes",
    "procrustes_matrix",
    "pwcca",
    "pwcca_matrix",
    "rank_biased_overlap",
    "rank_biased_overlap_matrix",
    "rao",
    "rashomon_capacities",
    "rashomon_capacity",
    "rbf_cka",
    "rbf_cka_matrix",
    "regress_pairs",
    "representation_pairs",
    "rsa",
    "rsa_matrix",
    "sigma_convergence",
    "svcca",
    "svcca_matrix",
    "t_interval",
    "turnover",
    "turnover_nestedness",
    "turnover_nestedness_matrix",
    "turnover_nestedness_multiple",
    "vendi",
]
