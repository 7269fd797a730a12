"""How often a whole group of models fails on the same item."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.measure.checks import outcomes
from polyculture.measure.outcome import counts
from polyculture.measure.registry import measure

BOMMASANI = "Bommasani et al. 2022, arXiv:2211.13972"


def joint_failure_expected(failures: Array) -> float:
    r"""Share of items that all models would fail on if they failed independently of each other.

    .. math:: \prod_j e_j

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1.

    Returns
    -------
    float in [0, 1], the product of the error rates e.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    References
    ----------
    Bommasani et al. 2022, arXiv:2211.13972.

    Examples
    --------
    >>> joint_failure_expected([[1, 1], [1, 1], [0, 0], [0, 0]])
    0.25
    """
    return float(outcomes(failures).mean(axis=0).prod())


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=(),
    null=joint_failure_expected,
    cost="n m",
    paper=BOMMASANI,
)
def joint_failure(failures: Array) -> float:
    r"""Share of items that every model fails on.

    .. math:: \frac{1}{n} \sum_i \prod_j F_{ij}

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1.

    Returns
    -------
    float in [0, 1]; `joint_failure_expected` is what chance gives.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> joint_failure([[1, 1], [1, 0], [0, 0], [0, 0]])
    0.25
    """
    return float(outcomes(failures).all(axis=1).mean())


@measure(
    bounds=(-1, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=(),
    null=0.0,
    cost="n m",
    paper=BOMMASANI,
)
def joint_failure_difference(failures: Array) -> float:
    r"""Share of items that every model fails on, above what independent failures would give.

    .. math:: \frac{1}{n} \sum_i \prod_j F_{ij} - \prod_j e_j

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1.

    Returns
    -------
    float in [-1, 1]; 0 is expected by chance.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> joint_failure_difference([[1, 1], [1, 1], [0, 0], [0, 0]])
    0.25
    """
    return joint_failure(failures) - joint_failure_expected(failures)


@measure(
    bounds=(0, np.inf),
    symmetric=True,
    more_alike="higher",
    invariant_to=(),
    null=1.0,
    cost="n m",
    paper=BOMMASANI,
)
def joint_failure_ratio(failures: Array, *, log: bool = False) -> float:
    r"""How many times more items every model fails on than independent failures would give.

    .. math:: H = \frac{\frac{1}{n} \sum_i \prod_j F_{ij}}{\prod_j e_j}

    It is computed in logarithms, so that a product of many error rates does not vanish; it grows without bound with
    the number of models, so compare only groups of equal size, and read it beside `joint_failure_difference`.

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans or 0 and 1.
    log : bool, default False
        Return the natural logarithm, in (-inf, inf) and 0 by chance; -inf if no item defeats all models.

    Returns
    -------
    float in [0, inf); 1 is expected by chance. NaN if a model never fails, for then nothing can be expected. Infinite
    only where the ratio exceeds what a float can hold; its logarithm is finite there.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> round(joint_failure_ratio([[1, 1], [1, 1], [0, 0], [0, 0]]), 6)
    2.0
    """
    checked = outcomes(failures)
    logarithm = counts.log_joint_ratio(checked.all(axis=1).mean(), checked.mean(axis=0))
    with np.errstate(over="ignore"):
        return float(logarithm if log else np.exp(logarithm))
