"""Diversity where categories are more or less alike: Leinster and Cobbold's, Rao's, and the Vendi score."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError
from polyculture.measure.diversity.hill import NEAR_ONE, order, renyi
from polyculture.measure.diversity.inputs import abundances, plain, shares
from polyculture.measure.registry import measure


@measure(
    kind="counts",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale",),
    null=None,
    cost="S²",
    paper="Leinster and Cobbold 2012, Ecology 93",
)
def leinster_cobbold(counts: Array, similarity: Array, q: float = 1.0) -> Floats:
    r"""Number of equally common categories with nothing in common that would be as varied (Leinster and Cobbold).

    .. math:: {}^qD^Z = \Bigl(\sum_i p_i (Zp)_i^{q - 1}\Bigr)^{1 / (1 - q)}

    with p the shares and Z the similarities, so that splitting a category in two alike ones changes nothing. With the
    identity for Z it is the Hill number.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; each row is divided by its sum.
    similarity : array of shape (categories, categories)
        From 0 (nothing in common) to 1 (the same), 1 of each with itself.
    q : float, default 1
        Order, 0 or more; ``numpy.inf`` is one.

    Returns
    -------
    float64 array of shape (...), from 1 to the number of categories; NaN where all counts are 0.

    Raises
    ------
    ShapeError
        If there are no categories, or there is not one row and column for each.
    DataError
        If a count is no finite number or negative, or a similarity is outside 0 to 1 or not 1 on the diagonal.
    ParameterError
        If q is negative or no number.

    Examples
    --------
    >>> [round(float(leinster_cobbold([1, 1], [[1, z], [z, 1]])), 3) for z in (0, 0.5, 1)]
    [2.0, 1.333, 1.0]
    """
    p = shares(abundances(counts))
    ordinary = p @ _similarity(similarity, p.shape[-1]).T
    return plain(np.exp(_mean(p, ordinary, order(q))))


@measure(
    kind="counts",
    bounds=(0, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale",),
    null=None,
    cost="S²",
    paper="Rao 1982, Theoretical Population Biology 21",
)
def rao(counts: Array, distance: Array) -> Floats:
    r"""Mean distance of two draws (Rao's quadratic entropy).

    .. math:: \sum_i \sum_j d_{ij} \, p_i p_j

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; each row is divided by its sum.
    distance : array of shape (categories, categories)
        0 or more, 0 of each from itself.

    Returns
    -------
    float64 array of shape (...), from 0 to the largest distance: with 1 between all categories it is 1 less `hhi`. NaN
    where all counts are 0.

    Raises
    ------
    ShapeError
        If there are no categories, or there is not one row and column for each.
    DataError
        If a count or distance is no finite number or negative, or the diagonal is not 0.

    Examples
    --------
    >>> rao([1, 1], [[0, 4], [4, 0]])
    np.float64(2.0)
    """
    p = shares(abundances(counts))
    far = _square(distance, "distance", p.shape[-1], diagonal=0)
    return plain(((p @ far) * p).sum(axis=-1))


@measure(
    kind="counts",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale",),
    null=None,
    cost="S³",
    paper="Friedman and Dieng 2023, TMLR; Pasarkar and Dieng 2024, AISTATS",
)
def vendi(counts: Array, similarity: Array, q: float = 1.0) -> Floats:
    r"""Effective number of categories by the spectrum of their similarities (Vendi score).

    .. math:: \exp\Bigl(-\sum_k \lambda_k \log \lambda_k\Bigr), \qquad
        \lambda = \text{eigenvalues of } \sqrt{p_i p_j} \, K_{ij}

    and for other orders the Hill number of order q of the eigenvalues.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; each row is divided by its sum.
    similarity : array of shape (categories, categories)
        Symmetric, from 0 to 1, 1 of each with itself, without negative eigenvalues.
    q : float, default 1
        Order, 0 or more; ``numpy.inf`` is one.

    Returns
    -------
    float64 array of shape (...), from 1 to the number of categories; NaN where all counts are 0.

    Raises
    ------
    ShapeError
        If there are no categories, or there is not one row and column for each.
    DataError
        If a count is no finite number or negative, or the similarities are none such.
    ParameterError
        If q is negative or no number.

    Examples
    --------
    >>> [round(float(vendi([1, 1], [[1, z], [z, 1]])), 3) for z in (0, 0.5, 1)]
    [2.0, 1.755, 1.0]
    """
    p = shares(abundances(counts))
    kernel = _similarity(similarity, p.shape[-1])
    symmetric = np.abs(kernel - kernel.T).max() <= 1e-12
    if not symmetric or (own := np.linalg.eigvalsh(kernel))[0] < -1e-9 * len(kernel):
        raise DataError("similarity is no kernel; pass a symmetric matrix without negative eigenvalues.")
    known = ~np.isnan(p[..., :1])
    weights = np.where(known, p, 0)
    if np.array_equal(weights, np.broadcast_to(weights[..., :1], weights.shape)):
        # single items, each counted once: the eigenvalues are those that were looked at
        spectrum = weights[..., :1] * own
    else:
        root = np.sqrt(weights)
        spectrum = np.linalg.eigvalsh(root[..., :, None] * kernel * root[..., None, :])
    # What rounding leaves of an eigenvalue of 0 would count as a category for order 0.
    spectrum = np.where(spectrum > 10 * np.finfo(np.float64).eps * p.shape[-1], spectrum, 0)
    return plain(np.exp(renyi(np.where(known, shares(spectrum), np.nan), order(q))))


def _mean(p: Floats, ordinary: Floats, q: float) -> Floats:
    """Logarithm of the power mean of 1 / ordinariness; a category that is not there is as ordinary as can be."""
    present = p > 0
    logs = np.log(np.where(present, ordinary, 1))
    if q == 1:
        return np.asarray(-(p * logs).sum(axis=-1))
    if q == np.inf:
        return np.asarray(-np.where(present, logs, -np.inf).max(axis=-1) + 0 * p.sum(axis=-1))
    if abs(q - 1) < NEAR_ONE:
        return np.asarray(np.log1p((p * np.expm1((q - 1) * logs)).sum(axis=-1)) / (1 - q))
    exponent = np.where(present, (q - 1) * logs, -np.inf)
    top = np.where(present.any(axis=-1), exponent.max(axis=-1), 0)
    return np.asarray((top + np.log((p * np.exp(exponent - top[..., None])).sum(axis=-1))) / (1 - q))


def _similarity(values: Array, size: int) -> Floats:
    checked = _square(values, "similarity", size, diagonal=1)
    if checked.max() > 1:
        raise DataError(f"similarity holds {checked.max():g}; pass values from 0 to 1.")
    return checked


def _square(values: Array, name: str, size: int, *, diagonal: float) -> Floats:
    given = abundances(values, name, axes=2)
    if given.shape != (size, size):
        raise ShapeError(f"{name} has shape {given.shape}; pass one row and one column for each of {size} categories.")
    if not np.allclose(np.diagonal(given), diagonal, rtol=0, atol=1e-9):
        raise DataError(f"{name} of a category with itself must be {diagonal:g}; mend the diagonal.")
    return given
