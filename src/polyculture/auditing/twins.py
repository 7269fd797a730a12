"""Near-twins: pairs of models that are closer than their accuracies and their own closeness to all explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ShapeError
from polyculture.measure.inference.multiple import Method, adjust

LEAST = 6
"""Fewest models from which an expectation is fitted: 15 pairs for 7 numbers."""
ROUNDS = 30
HUBER = 1.345
"""Residual, in robust standard deviations, from which a pair weighs less: 95 % efficient for normal residuals."""
WIDTH = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""
COPY = 1 - 1e-9


@dataclass(frozen=True)
class Twin:
    """A pair of models that are closer than expected.

    Parameters
    ----------
    a, b : int or str
        Position or name of the models.
    estimate, low : float
        Their likeness and the lower end of its interval; NaN where there is none.
    expected : float
        Likeness expected of the pair; NaN where nothing could be expected.
    excess : float
        Likeness above the expectation.
    z : float
        Residual in robust standard deviations of the residuals of all pairs.
    p : float
        One-sided, adjusted for the number of pairs; NaN for copies without an expectation.
    copy : bool
        Whether the likeness is 1, and evidence of a copy: no item tells the two apart.
    """

    a: int | str
    b: int | str
    estimate: float
    low: float
    expected: float
    excess: float
    z: float
    p: float
    copy: bool

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class Twins:
    """Near-twins among m models.

    Parameters
    ----------
    pairs : tuple of Twin
        The furthest from the expectation first.
    expected : float array of shape (m, m)
        Likeness expected of each pair; NaN where nothing is.
    z : float array of shape (m, m)
        Residual of each pair in robust standard deviations; NaN where there is none.
    reason : str
        Why nothing could be expected; empty if it could.
    """

    pairs: tuple[Twin, ...]
    expected: Floats
    z: Floats
    reason: str = ""

    def named(self, names: Sequence[str]) -> tuple[Twin, ...]:
        """The pairs with names for positions."""
        return tuple(replace(twin, a=names[int(twin.a)], b=names[int(twin.b)]) for twin in self.pairs)

    def to_dict(self, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Plain values, with models by name if names are given."""
        pairs = self.pairs if names is None else self.named(names)
        return {"pairs": [twin.to_dict() for twin in pairs], "reason": self.reason}


def near_twins(
    estimate: Array,
    low: Array | None = None,
    *,
    expected: Array | None = None,
    accuracy: Array | None = None,
    copies: Array | None = None,
    threshold: float = 3.5,
    closer: float = 0.25,
    alpha: float = 0.05,
    method: Method = "holm",
) -> Twins:
    r"""Pairs of models that are closer than expected, and copies.

    .. math:: e_{ij} = \operatorname{artanh} s_{ij} - \operatorname{artanh} \hat s_{ij}, \qquad
        z_{ij} = \frac{e_{ij} - \operatorname{med}(e)}{1.4826 \operatorname{med} |e - \operatorname{med}(e)|}

    A pair is found if z passes the threshold (3.5 is the customary one for outliers); if its one-sided normal p,
    adjusted for the number of pairs, is at most alpha; *and* if the whole interval of its likeness lies above the
    expectation, by at least a quarter of the way from there to 1. The last keeps out pairs that are only a little
    closer than a simple expectation foresees, of which a large pool has many. A pair of likeness 1 among `copies` is
    found in any case: no item tells the two apart. Where few items could have done so, as for two models that fail
    once each, likeness 1 is no evidence; `copies` leaves such pairs to the rule above.

    Parameters
    ----------
    estimate : array of shape (m, m)
        Symmetric likeness, at most 1; NaN where it is undefined. The diagonal is not read.
    low : array of shape (m, m), optional
        Lower end of its interval; a pair without one (NaN) is not found, unless it is a copy. None takes `estimate`.
    expected : array of shape (m, m), optional
        Likeness expected of each pair, such as from a regression on lineage; by default `expected_likeness`.
    accuracy : array of shape (m,), optional
        For the default expectation.
    copies : bool array of shape (m, m), optional
        Symmetric: pairs for which likeness 1 is evidence of a copy; None for all. The diagonal is not read.
    threshold : float, default 3.5
    closer : float, default 0.25
        Least share of the way from the expectation to 1.
    alpha : float, default 0.05
    method : {"holm", "benjamini-hochberg"}

    Returns
    -------
    Twins; with fewer than 6 models only copies are found, for no spread of residuals can be learnt from so few.

    Raises
    ------
    ShapeError
        If arrays do not fit together.

    References
    ----------
    Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers; Fisher 1921, Metron 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> likeness = np.triu(rng.normal(0.4, 0.02, (8, 8)), 1)
    >>> likeness[2, 5] = 0.9
    >>> [(twin.a, twin.b) for twin in near_twins(likeness + likeness.T).pairs]
    [(2, 5)]
    """
    likeness = _square(estimate, "estimate")
    lowest = likeness if low is None else _square(low, "low", len(likeness))
    enough = len(likeness) >= LEAST
    if expected is not None:
        predicted = _square(expected, "expected", len(likeness))
    else:
        predicted = expected_likeness(likeness, accuracy) if enough else np.full_like(likeness, np.nan)
    z = _robust_z(_fisher(likeness) - _fisher(predicted)) if enough else np.full_like(likeness, np.nan)
    p = _one_sided(z, method)
    apart = (z >= threshold) & (p <= alpha) & (lowest - predicted >= closer * (1 - predicted))
    same = likeness >= COPY if copies is None else (likeness >= COPY) & (_square(copies, "copies", len(likeness)) > 0)
    found = np.triu(apart | same, 1)
    reason = "" if enough else f"With fewer than {LEAST} models no likeness can be expected; only copies are found."
    return Twins(_listed(found, same, likeness, lowest, predicted, z, p), predicted, z, reason)


def expected_likeness(estimate: Array, accuracy: Array | None = None) -> Floats:
    r"""Likeness that the models' own closeness to all others, and their difference in accuracy, make expected.

    .. math:: \operatorname{artanh} \hat s_{ij} = r_i + r_j + \beta \, |a_i - a_j|

    Fitted over all pairs at once by Huber's weights, so that a few twins do not raise what is expected of them. The
    mean accuracy of a pair needs no term of its own: it is a sum over the two models, as their effects r are. The
    difference is no such sum, and it bounds how alike two models can be.

    Parameters
    ----------
    estimate : array of shape (m, m), m >= 3
        Symmetric likeness; NaN where it is undefined. The diagonal is not read.
    accuracy : array of shape (m,), optional
        Share of right answers; without it the last term is left out. NaN counts as the mean.

    Returns
    -------
    float64 array of shape (m, m), NaN on the diagonal and where `estimate` is.

    Raises
    ------
    ShapeError
        If it is no square matrix, or accuracy has another length.

    References
    ----------
    Huber 1964, Annals of Mathematical Statistics 35.

    Examples
    --------
    >>> expected_likeness(np.full((4, 4), 0.5)).round(3)[0]
    array([nan, 0.5, 0.5, 0.5])
    """
    likeness = _square(estimate, "estimate")
    known = ~np.isnan(likeness) & ~np.eye(len(likeness), dtype=bool)
    values = np.where(known, _fisher(likeness), 0.0)
    fitted = _huber_fit(values, known, _difference(accuracy, len(likeness)))
    return np.where(known, np.tanh(fitted), np.nan)


def _huber_fit(values: Floats, known: Mask, covariate: Floats | None) -> Floats:
    pairs, unknowns = known.sum() / 2, len(values) + (covariate is not None)
    freedom = np.sqrt(pairs / max(pairs - unknowns, 1))
    weights = known.astype(np.float64)
    for _ in range(ROUNDS):
        fitted = _weighted_fit(values, weights, covariate)
        away = np.abs(values - fitted)
        scale = WIDTH * np.median(away[known]) * freedom if known.any() else 0.0
        before, weights = weights, np.where(known, np.minimum(1, HUBER * scale / np.maximum(away, 1e-12)), 0.0)
        if scale < 1e-12 or np.abs(weights - before).max() < 1e-3:
            break
    return fitted


def _weighted_fit(values: Floats, weights: Floats, covariate: Floats | None) -> Floats:
    """Least squares for effects of both models of a pair and, after taking these out of it, for the covariate."""
    normal = weights + np.diag(weights.sum(axis=1))
    # Models without a known pair leave zeros; a trace of ridge gives them the effect 0.
    normal[np.diag_indices(len(normal))] += 1e-9 * max(np.trace(normal), 1) / len(normal)
    factor = cho_factor(normal)

    def effects(of: Floats) -> Floats:
        own = cho_solve(factor, (weights * of).sum(axis=1))
        return np.asarray(own[:, None] + own[None, :])

    if covariate is None:
        return effects(values)
    rest = covariate - effects(covariate)
    spread = (weights * rest**2).sum()
    slope = (weights * rest * values).sum() / spread if spread > 1e-12 else 0.0
    return effects(values - slope * covariate) + slope * covariate


def _difference(accuracy: Array | None, m: int) -> Floats | None:
    if accuracy is None:
        return None
    given = np.asarray(accuracy, dtype=np.float64)
    if given.shape != (m,):
        raise ShapeError(f"accuracy has shape {given.shape}; pass one share for each of the {m} models.")
    known = ~np.isnan(given)
    filled = np.where(known, given, given[known].mean() if known.any() else 0.0)
    return np.asarray(np.abs(filled[:, None] - filled[None, :]))


def _robust_z(residuals: Floats) -> Floats:
    upper = residuals[np.triu_indices(len(residuals), 1)]
    known = upper[~np.isnan(upper)]
    middle = float(np.median(known)) if len(known) else 0.0
    away = np.abs(known - middle)
    # Where more than half of the residuals are equal, the mean deviation stands in (Iglewicz and Hoaglin 1993).
    scale = (WIDTH * np.median(away) or np.sqrt(np.pi / 2) * away.mean()) if len(known) else 0.0
    return np.asarray((residuals - middle) / scale) if scale > 1e-12 else residuals * 0.0


def _one_sided(z: Floats, method: Method) -> Floats:
    upper = np.triu_indices(len(z), 1)
    p = np.full(z.shape, np.nan)
    p[upper] = p.T[upper] = adjust(ndtr(-z[upper]), method=method)
    return p


def _listed(found: Mask, same: Mask, *columns: Floats) -> tuple[Twin, ...]:
    a, b = np.nonzero(found)
    likeness, low, expected, z, p = (column[a, b] for column in columns)
    first = np.lexsort((b, a, -np.where(np.isnan(z), np.inf, z)))
    rows = zip(a, b, likeness, low, expected, likeness - expected, z, p, same[a, b], strict=True)
    twins = [Twin(*(value.item() for value in row)) for row in rows]
    return tuple(twins[i] for i in first)


def _fisher(likeness: Floats) -> Floats:
    # artanh is infinite at 1; this is as far out as a thousand standard errors among a million items.
    return np.asarray(np.arctanh(np.clip(likeness, -1 + 1e-6, 1 - 1e-6)))


def _square(values: Array, name: str, models: int | None = None) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or models not in {None, len(array)}:
        expected = "a square matrix, models by models" if models is None else f"shape ({models}, {models})"
        raise ShapeError(f"{name} has shape {array.shape}; pass {expected}.")
    return array
