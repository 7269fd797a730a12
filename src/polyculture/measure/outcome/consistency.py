"""Whether models are right and wrong on the same items."""

from __future__ import annotations

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.checks import outcome_pair, outcomes
from polyculture.measure.outcome import counts
from polyculture.measure.registry import measure


@measure(
    bounds=(-1, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("complement",),
    null=0.0,
    cost="n",
    paper="Geirhos et al. 2020, arXiv:2006.16736",
)
def error_consistency(a: Array, b: Array) -> float:
    r"""Agreement of two models on which items are hard, beyond what their accuracies imply (Cohen's κ).

    .. math:: \kappa = \frac{c_{obs} - c_{exp}}{1 - c_{exp}}, \qquad c_{exp} = p_a p_b + (1 - p_a)(1 - p_b)

    with :math:`c_{obs}` the share of items on which both are right or both wrong, and p the accuracies.

    Parameters
    ----------
    a, b : arrays of shape (items,)
        Whether each model was right on each item, as booleans or 0 and 1; failures give the same value.

    Returns
    -------
    float in [-1, 1]; 0 is expected by chance. Accuracies that differ keep it below 1: see `error_consistency_bound`.
    NaN if both models are always right or both always wrong, where chance explains all agreement.

    Raises
    ------
    ShapeError
        If the vectors differ in length or are empty.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> error_consistency([1, 1, 0, 0], [1, 1, 0, 0]), error_consistency([1, 1, 0, 0], [1, 0, 1, 0])
    (1.0, 0.0)
    """
    pair = outcome_pair(a, b)
    return float(counts.kappa(counts.joint_counts(pair), len(pair))[0, 1])


def error_consistency_matrix(correct: Array) -> Floats:
    r"""`error_consistency` of all pairs of models, from one matrix product.

    .. math:: c_{obs} = 1 - p_a - p_b + 2 P(\text{both right})

    Parameters
    ----------
    correct : array of shape (items, models)
        Booleans or 0 and 1; failures give the same values.

    Returns
    -------
    float64 array of shape (models, models), symmetric, values in [-1, 1]; NaN where both models are always right or
    both always wrong.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    References
    ----------
    Geirhos et al. 2020, arXiv:2006.16736.

    Examples
    --------
    >>> error_consistency_matrix([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]])
    array([[ 1., -1.,  0.],
           [-1.,  1.,  0.],
           [ 0.,  0.,  1.]])
    """
    checked = outcomes(correct, "correct")
    return counts.kappa(counts.joint_counts(checked), len(checked))


def error_consistency_bound(accuracy_a: float, accuracy_b: float) -> float:
    r"""Highest error consistency that two accuracies allow.

    .. math:: \kappa_{max} = \frac{1 - |p_a - p_b| - c_{exp}}{1 - c_{exp}}

    Parameters
    ----------
    accuracy_a, accuracy_b : float in [0, 1]

    Returns
    -------
    float in [0, 1]; 1 for equal accuracies, NaN if both are 0 or both are 1.

    Raises
    ------
    ParameterError
        If an accuracy lies outside [0, 1].

    References
    ----------
    Geirhos et al. 2020, arXiv:2006.16736.

    Examples
    --------
    >>> round(error_consistency_bound(0.9, 0.6), 3)
    0.286
    """
    for value in (accuracy_a, accuracy_b):
        if not 0 <= value <= 1:
            raise ParameterError(f"An accuracy is {value}; pass shares between 0 and 1.")
    # Written without 1 - c_exp, which loses its last digits when both accuracies are near 1.
    disagreement = accuracy_a * (1 - accuracy_b) + accuracy_b * (1 - accuracy_a)
    gap = abs(accuracy_a - accuracy_b)
    return (disagreement - gap) / disagreement if disagreement else float("nan")
