"""How many independent models a group of models amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.checks import outcomes
from polyculture.measure.outcome import counts
from polyculture.measure.registry import measure

#: Each definition turns correlations of failures, (..., models, models), into a number of models.
DEFINITIONS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "kish": counts.kish,
        "participation_ratio": counts.participation_ratio,
        "spectral_entropy": counts.spectral_entropy,
    }
)


@measure(
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("complement",),
    null=lambda failures: float(np.shape(failures)[1]),
    cost="n m²",
    paper="Kish 1965, Survey Sampling; Friedman and Dieng 2023, TMLR",
)
def effective_models(failures: Array, *, definition: str = "kish") -> float:
    r"""Number of independent models whose errors average out as well as those of the group.

    .. math::
        \frac{M}{1 + (M - 1) \bar\varphi}, \qquad \frac{(\sum \lambda)^2}{\sum \lambda^2}, \qquad
        \exp\left(-\sum \lambda \log \lambda\right)

    with :math:`\bar\varphi` the mean correlation of failures over pairs of models, and λ the eigenvalues of
    :math:`\varphi / M`: Kish's design effect, the participation ratio, and the entropy of the spectrum (the Vendi score
    of the errors). Kish's number lets correlations of opposite sign cancel, the others do not. On n items the
    participation ratio of independent models comes out too low by a share of about M / n, their entropy by half of it;
    `outcome_pairs` gives the same estimates, with intervals that allow for it. The definitions differ widely on the
    same data, so a number should always be shown with the name of its own.

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1; correctness gives the same value.
    definition : {"kish", "participation_ratio", "spectral_entropy"}
        In the order of the formulas.

    Returns
    -------
    float >= 1; M is expected of independent models, 1 of identical ones. Kish's is above M when errors tend to exclude
    each other, infinite when they cancel; the others are at most M. A model that never fails, or always, has no
    correlation with any other: it is left out, pairs and count alike, and the value is NaN if fewer than two models
    remain.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.
    ParameterError
        If the definition is not known.

    Examples
    --------
    >>> effective_models([[1, 1], [1, 1], [0, 0], [0, 0]]), effective_models([[1, 1], [1, 0], [0, 1], [0, 0]])
    (1.0, 2.0)
    """
    if definition not in DEFINITIONS:
        raise ParameterError(f"No effective number is called {definition!r}; pass one of {sorted(DEFINITIONS)}.")
    return float(DEFINITIONS[definition](error_correlation_matrix(failures)))


def error_correlation_matrix(failures: Array) -> Floats:
    r"""Correlation (φ) of the failures of all pairs of models.

    .. math:: \varphi_{ab} = \frac{P(\text{both fail}) - e_a e_b}{\sqrt{e_a (1 - e_a) e_b (1 - e_b)}}

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1; correctness gives the same values.

    Returns
    -------
    float64 array of shape (models, models), symmetric, values in [-1, 1]; 0 is expected by chance, and error rates e
    that differ keep it below 1. Row and column of a model that never fails, or always, are NaN.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    References
    ----------
    Yule 1912, Journal of the Royal Statistical Society 75.

    Examples
    --------
    >>> error_correlation_matrix([[1, 0], [1, 0], [0, 1], [0, 1]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    checked = outcomes(failures)
    return counts.phi(counts.joint_counts(checked), len(checked))
