"""Whether models of common ancestry err alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import stdtr

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError
from polyculture.measure.inference.dyadic import Pairs, independent, least_squares, permuted
from polyculture.measure.inference.interval import check_count, check_level, margin
from polyculture.measure.inference.regression import FEWEST, PairRegression, PairTerm


def regress_on_kinship(
    likeness: Array,
    kinship: Array,
    further: Mapping[str, Array] | None = None,
    *,
    level: float = 0.95,
    permutations: int = 1000,
    seed: int = 0,
) -> PairRegression:
    r"""Regression of the likeness of pairs of models on their kinship.

    .. math:: s_{ij} = \beta_0 + \beta_1 f_{ij} + \sum_z \gamma_z z_{ij} + \varepsilon_{ij}

    Standard errors allow for any dependence between pairs that have a model in common, and `p_permuted` gives the rows
    and columns of the kinship to the models in random order (Mantel's test with double semi-partialling); see
    `regress_pairs`, which compares properties of models where this one compares pairs.

    Parameters
    ----------
    likeness, kinship : arrays of shape (m, m)
        Symmetric; diagonals are not read. Pairs of NaN are left out.
    further : mapping of name to array of shape (m, m), optional
        What else may explain the likeness, such as the difference of two accuracies; finite and symmetric.
    level : float, default 0.95
    permutations : int, default 1000
    seed : int, default 0

    Returns
    -------
    PairRegression; terms are ``constant``, ``kinship`` and the further ones. Empty with the reason if there are fewer
    than 5 models, or all pairs are equally alike or equally akin.

    Raises
    ------
    ShapeError
        If the matrices are not square or differ in shape.
    DataError
        If a matrix is not symmetric, or kinship or a further one is not finite.
    ParameterError
        If permutations < 0, or the level is not between 0 and 1.

    References
    ----------
    Mantel 1967, Cancer Research 27; Dekker, Krackhardt and Snijders 2007, Psychometrika 72; Aronow, Samii and Assenova
    2015, Political Analysis 23.

    Examples
    --------
    >>> family = np.repeat([0, 1, 2], 4)
    >>> kinship = np.where(family[:, None] == family, 0.25, 0.0)
    >>> noise = np.random.default_rng(0).normal(size=(12, 12)) / 50
    >>> found = regress_on_kinship(2 * kinship + noise + noise.T, kinship)
    >>> [(term.name, round(term.estimate, 1)) for term in found.terms]
    [('constant', 0.0), ('kinship', 2.0)]
    """
    check_level(level)
    check_count(permutations, "permutations", 0)
    squares = {"constant": np.ones(np.shape(likeness)), "kinship": kinship, **(further or {})}
    values, terms = _symmetric(likeness, "likeness", gaps=True), {}
    for name, square in squares.items():
        terms[name] = _symmetric(square, name, gaps=False)
        if terms[name].shape != values.shape:
            raise ShapeError(f"{name} has shape {terms[name].shape}, likeness {values.shape}; pass one value a pair.")
    first, second = np.nonzero(np.triu(~np.isnan(values), 1))
    pairs = Pairs(len(values), first, second, values[first, second])
    if reason := _too_little(pairs):
        return PairRegression((), pairs.models, len(first), np.nan, {"all": reason})
    kept, left_out = independent(terms, pairs)
    if len(first) <= len(kept) or "kinship" not in kept:
        reason = left_out.get("kinship", f"{len(first)} pairs cannot tell {len(kept)} terms apart")
        return PairRegression((), pairs.models, len(first), np.nan, {**left_out, "all": f"kinship: {reason}"})
    return _fitted(kept, left_out, pairs, level, permutations, seed)


def _fitted(
    kept: Mapping[str, Floats], left_out: Mapping[str, str], pairs: Pairs, level: float, permutations: int, seed: int
) -> PairRegression:
    design = np.stack([pairs.of(square) for square in kept.values()], axis=1)
    estimate, error, explained = least_squares(design, pairs)
    reach = margin(level, pairs.models - 1) * error
    ratio = np.divide(np.abs(estimate), error, out=np.full(len(error), np.nan), where=error > 0)
    p = 2 * stdtr(pairs.models - 1, -ratio)
    unknown = np.full(len(estimate), np.nan)
    shuffled = permuted(kept, design, pairs, permutations, seed) if permutations else unknown
    columns = np.stack((estimate, estimate - reach, estimate + reach, error, p, shuffled), axis=1)
    terms = tuple(PairTerm(name, *map(float, row)) for name, row in zip(kept, columns, strict=True))
    return PairRegression(terms, pairs.models, len(pairs.likeness), explained, dict(left_out))


def _symmetric(values: Array, name: str, *, gaps: bool) -> Floats:
    square = np.array(values, dtype=np.float64)
    if square.ndim != 2 or len(square) != square.shape[1]:
        raise ShapeError(f"{name} has shape {square.shape}; pass one value for each pair of models.")
    np.fill_diagonal(square, 0.0)
    if np.isinf(square).any() or (np.isnan(square).any() and not gaps):
        raise DataError(f"{name} holds a value that is not finite; leave such models out.")
    if not np.allclose(square, square.T, equal_nan=True):
        raise DataError(f"{name} is not symmetric; pass the mean of both directions.")
    return square


def _too_little(pairs: Pairs) -> str:
    if pairs.models < FEWEST or not len(pairs.likeness):
        return f"{pairs.models} models have both an ancestry and a likeness to others; {FEWEST} are needed"
    return "all pairs are equally alike" if np.ptp(pairs.likeness) == 0 else ""
