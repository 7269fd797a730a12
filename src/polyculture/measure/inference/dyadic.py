"""Least squares on pairs of models, where pairs that have a model in common depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Floats, Ints

# A column whose part outside all columns before it is shorter than this share of it, is made of them.
COLLINEAR = 1e-8
# Partial correlations closer than this are equal.
TIE = 1e-12
# Numbers held at once while models are permuted: 32 MB.
BLOCK = 2**22


class Pairs(NamedTuple):
    """Pairs of models whose likeness is known."""

    models: int
    first: Ints
    second: Ints
    likeness: Floats

    def of(self, square: Floats) -> Floats:
        """Values of these pairs from (models, models)."""
        return np.asarray(square[..., self.first, self.second])


def independent(squares: Mapping[str, Floats], pairs: Pairs) -> tuple[dict[str, Floats], dict[str, str]]:
    """Terms that are no combination of those before them, and the reasons why others are left out."""
    kept: dict[str, Floats] = {}
    left_out = {}
    basis = np.zeros((len(pairs.likeness), 0))
    for name, square in squares.items():
        column = pairs.of(square)
        own = column - basis @ (basis.T @ column)
        own -= basis @ (basis.T @ own)
        length = float(np.linalg.norm(own))
        if length > COLLINEAR * np.linalg.norm(column):
            kept[name] = square
            basis = np.column_stack([basis, own / length])
        else:
            same = np.ptp(column) == 0
            left_out[name] = "the same for all pairs" if same else f"a combination of {', '.join(kept)}"
    return kept, left_out


def least_squares(design: Floats, pairs: Pairs) -> tuple[Floats, Floats, float]:
    """Estimates, their standard errors under dyadic dependence, and the share of variance explained."""
    # Columns of one length: billions of parameters beside shares would drown in rounding.
    lengths = np.linalg.norm(design, axis=0)
    scaled = design / lengths
    inverse = np.linalg.inv(scaled.T @ scaled)
    estimate = inverse @ (scaled.T @ pairs.likeness)
    residual = pairs.likeness - scaled @ estimate
    without_pair = _change_without_pairs(scaled, inverse, residual)
    without_model = estimate - _without_models(scaled, pairs)
    by_model, by_pair = np.sum(without_model**2, axis=0), np.sum(without_pair**2, axis=0)
    error = np.sqrt(np.maximum(by_model - by_pair, by_model / 2))
    total = np.sum((pairs.likeness - pairs.likeness.mean()) ** 2)
    return estimate / lengths, error / lengths, float(1 - residual @ residual / total)


def _change_without_pairs(design: Floats, inverse: Floats, residual: Floats) -> Floats:
    """How far estimates move if a pair is left out, (pairs, terms); zero where they could not be made without it."""
    projected = design @ inverse
    left = 1 - np.sum(projected * design, axis=1)
    weight = np.divide(residual, left, out=np.zeros(len(left)), where=left > COLLINEAR)
    return np.asarray(projected * weight[:, None])


def _without_models(design: Floats, pairs: Pairs) -> Floats:
    """Estimates without each model and all of its pairs, (models, terms); zero for a term that then means nothing."""
    own = np.zeros((pairs.models, pairs.models, design.shape[1]))
    likeness = np.zeros((pairs.models, pairs.models, 1))
    for row, column in ((pairs.first, pairs.second), (pairs.second, pairs.first)):
        own[row, column], likeness[row, column, 0] = design, pairs.likeness
    turned = own.transpose(0, 2, 1)
    moments = design.T @ design - turned @ own
    products = (design.T @ pairs.likeness)[:, None] - turned @ likeness
    return np.asarray((np.linalg.pinv(moments, rcond=COLLINEAR, hermitian=True) @ products)[:, :, 0])


def permuted(squares: Mapping[str, Floats], design: Floats, pairs: Pairs, permutations: int, seed: int) -> Floats:
    """Probability of a partial correlation as strong if models swap their values, for each term; NaN for the first."""
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(pairs.models), (permutations, 1)), axis=1)
    lengths = np.linalg.norm(design, axis=0)
    design, stack = design / lengths, np.stack(list(squares.values())) / lengths[:, None, None]
    p = np.full(len(stack), np.nan)
    for term in range(1, len(stack)):
        others = np.delete(design, term, axis=1)
        basis, weights = np.linalg.qr(others)[0], np.linalg.lstsq(others, design[:, term], rcond=None)[0]
        own = stack[term] - np.tensordot(weights, np.delete(stack, term, axis=0), axes=1)
        left = pairs.likeness - basis @ (basis.T @ pairs.likeness)
        observed = _partial(pairs.of(own)[None], basis, left)
        step = max(1, BLOCK // len(left))
        blocks = (orders[start : start + step] for start in range(0, permutations, step))
        drawn = [_partial(own[some[:, pairs.first], some[:, pairs.second]], basis, left) for some in blocks]
        # Rounding must not break ties: with few models many orders give the same values.
        reached = np.concatenate(drawn) >= observed - TIE
        p[term] = (1 + reached.sum()) / (permutations + 1)
    return p


def _partial(columns: Floats, basis: Floats, left: Floats) -> Floats:
    """Strength of the partial correlations of rows of columns with what the basis leaves of likeness."""
    whole = np.sum(columns**2, axis=1)
    lengths = whole - np.sum((columns @ basis) ** 2, axis=1)
    found = np.zeros(len(columns))
    np.divide(np.abs(columns @ left), np.sqrt(np.maximum(lengths, 0)), out=found, where=lengths > COLLINEAR * whole)
    return found / np.linalg.norm(left)
