"""Outcome measures from counts of items, for one sample or a whole stack of resamples at once.

Counts are whole numbers, exact in float64, so that "undefined" is an exact zero and never a small number.
"""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Mask


def joint_counts(failures: Array) -> Floats:
    """Items on which both models of a pair fail, (m, m); the diagonal counts each model's own failures."""
    numbers = failures.astype(np.float64)
    return np.asarray(numbers.T @ numbers)


def kappa(both: Floats, n: int) -> Floats:
    """Cohen's κ of all pairs from joint counts (..., m, m) among n items; NaN where chance agreement is certain."""
    a, b = _margins(both)
    agreed = n * (n - a - b + 2 * both)
    chance = a * b + (n - a) * (n - b)
    return defined_ratio(agreed - chance, n * n - chance)


def phi(both: Floats, n: int) -> Floats:
    """Pearson correlation of failures of all pairs from joint counts (..., m, m); NaN where a model does not vary."""
    a, b = _margins(both)
    return defined_ratio(n * both - a * b, np.sqrt(a * (n - a) * (b * (n - b))))


def kish(correlations: Floats) -> Floats:
    """Kish's effective number of models from correlations (..., m, m), over the models whose correlation is defined."""
    m = varying(correlations).sum(axis=-1)
    # 1 + (m - 1) × the mean correlation is a variance: a negative value is rounding, and zero means errors that cancel.
    inflation = np.maximum(1 + (m - 1) * mean_pairs(correlations), 0)
    cancel = inflation < 1e-12
    return np.where(cancel, np.inf, m / np.where(cancel, 1, inflation))


def participation_ratio(correlations: Floats) -> Floats:
    """(Σ λ)² / Σ λ² of the eigenvalues of correlations (..., m, m), from the norm: no spectrum is needed."""
    m = varying(correlations).sum(axis=-1)
    return np.where(m > 1, defined_ratio(m * m, np.nansum(correlations**2, axis=(-2, -1))), np.nan)


def spectral_entropy(correlations: Floats) -> Floats:
    """exp(-Σ λ log λ) of the eigenvalues of correlations (..., m, m) over m, of the models that are defined."""
    known = varying(correlations)
    m = known.sum(axis=-1)
    # A row of zeros adds an eigenvalue of zero, and that adds nothing.
    shares = np.linalg.eigvalsh(np.where(np.isnan(correlations), 0, correlations)) / np.maximum(m, 1)[..., None]
    return np.where(m > 1, np.exp(entropy(shares)), np.nan)


def entropy(shares: Floats) -> Floats:
    """-Σ λ log λ over the last axis; 0 log 0 is 0, and so is what rounding leaves below zero."""
    positive = np.where(shares > 0, shares, 1)
    return np.asarray(-(positive * np.log(positive)).sum(axis=-1))


def varying(correlations: Floats) -> Mask:
    """Models (..., m) that have a correlation: those that are sometimes right and sometimes wrong."""
    return np.asarray(~np.isnan(np.diagonal(correlations, axis1=-2, axis2=-1)))


def mean_pairs(matrix: Floats) -> Floats:
    """Mean over the pairs of (..., m, m) for which a value is defined; NaN if there are none."""
    values = matrix[..., ~np.eye(matrix.shape[-1], dtype=bool)]
    known = ~np.isnan(values)
    return defined_ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def log_joint_ratio(joint: Floats, rates: Floats) -> Floats:
    """Logarithm of joint failure (...) over the product of error rates (..., m); NaN where a model never fails."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(joint) - np.log(rates).sum(axis=-1)
    return np.where((rates > 0).all(axis=-1), ratio, np.nan)


def defined_ratio(above: Array, below: Array) -> Floats:
    """Quotient, NaN where the divisor is not positive."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), below)
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _margins(both: Floats) -> tuple[Floats, Floats]:
    own = np.diagonal(both, axis1=-2, axis2=-1)
    return own[..., :, None], own[..., None, :]
