"""How much of the variety of all communities together lies within them, and how much between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError
from polyculture.measure.diversity.hill import NEAR_ONE, order, renyi
from polyculture.measure.diversity.inputs import abundances, plain, shares
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


class Partition(NamedTuple):
    """Diversity within communities (alpha), between them (beta) and of all together (gamma), each of shape (...)."""

    alpha: Floats
    beta: Floats
    gamma: Floats


def partition(communities: Array, q: float = 1.0, *, weights: Array | None = None) -> Partition:
    r"""Split the diversity of all communities into that within and that between them.

    .. math::
        {}^1D_\alpha = \exp\Bigl(\sum_c w_c H(p_c)\Bigr), \quad
        {}^1D_\gamma = \exp\Bigl(H\bigl(\sum_c w_c p_c\bigr)\Bigr), \quad D_\beta = D_\gamma / D_\alpha; \qquad
        {}^qD_\alpha = \Bigl(\frac{\sum_c w_c^q \sum_i p_{ci}^q}{\sum_c w_c^q}\Bigr)^{1 / (1 - q)}

    Beta is the number of communities without a category in common that would differ as much. Its logarithm is, for
    q = 1, the generalised Jensen-Shannon divergence in nats. A community without counts is left out, and the weights of
    the others add up to 1.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares; each row is divided by its sum.
    q : float, default 1
        Order, 0 or more. With weights that differ, beta can fall below 1 unless q is 0 or 1.
    weights : array of shape (communities,) or (..., communities), optional
        Importance of each community; equal by default. Divided by their sum.

    Returns
    -------
    Partition of three float64 arrays of shape (...): alpha and gamma from 1, beta from 1 (all alike) to the Hill number
    of order q of the weights, which for equal ones is the number of communities. NaN where there are no counts.

    Raises
    ------
    ShapeError
        If there is no axis of communities, it or that of categories is empty, or weights do not fit.
    DataError
        If a count or weight is no finite number, or negative.
    ParameterError
        If q is negative or no number.

    References
    ----------
    Jost 2007, Ecology 88.

    Examples
    --------
    >>> two = [[1, 1, 0, 0], [0, 0, 1, 1]]
    >>> [round(float(part), 3) for part in partition(two)]
    [2.0, 2.0, 4.0]
    """
    p, w = _weighted(communities, weights)
    alpha, gamma = _logarithms(p, w, order(q))
    return Partition(*(plain(np.exp(part)) for part in (alpha, gamma - alpha, gamma)))


@measure(
    kind="communities",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category", "empty community"),
    null=None,
    cost="C S",
    paper="Jost 2007, Ecology 88",
)
def beta_diversity(communities: Array, q: float = 1.0, *, weights: Array | None = None) -> Floats:
    r"""Number of communities without a category in common that would differ as much (Hill beta).

    .. math:: {}^qD_\beta = {}^qD_\gamma / {}^qD_\alpha

    See `partition`. Samples of one and the same community come out above 1, the more so the smaller they are.

    Parameters
    ----------
    communities, q, weights
        See `partition`.

    Returns
    -------
    float64 array of shape (...), from 1 to the number of communities; NaN where there are no counts.

    Raises
    ------
    ShapeError, DataError, ParameterError
        See `partition`.

    Examples
    --------
    >>> beta_diversity([[[1, 0], [0, 1]], [[2, 2], [1, 1]]])
    array([2., 1.])
    """
    return partition(communities, q, weights=weights).beta


@measure(
    kind="communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("scale", "empty category", "empty community"),
    null=None,
    cost="C S",
    paper="Jost 2007, Ecology 88; Chao et al. 2012, Ecology 93",
)
def homogenization(communities: Array, q: float = 1.0, *, weights: Array | None = None) -> Floats:
    r"""How far communities are from having nothing in common, on a scale from 0 to 1.

    .. math:: 1 - \frac{{}^qD_\beta - 1}{C - 1}

    with C the number of communities, or with weights their Hill number of order q, the largest beta that there can be.
    See `partition`.

    Parameters
    ----------
    communities, q, weights
        See `partition`.

    Returns
    -------
    float64 array of shape (...), from 0 (no category in common) to 1 (all alike). NaN where fewer than two communities
    have counts.

    Raises
    ------
    ShapeError, DataError, ParameterError
        See `partition`.

    Examples
    --------
    >>> homogenization([[[1, 0], [0, 1]], [[2, 2], [1, 1]]])
    array([0., 1.])
    """
    p, w = _weighted(communities, weights)
    alpha, gamma = _logarithms(p, w, order(q))
    most = np.expm1(renyi(w, order(q)))
    return plain(1 - defined_ratio(np.expm1(gamma - alpha), np.where((w > 0).sum(axis=-1) > 1, most, 0)))


def _weighted(communities: Array, weights: Array | None) -> tuple[Floats, Floats]:
    """Shares with zeros for communities without counts, and weights that are zero there and add up to 1."""
    counts = abundances(communities, "communities", axes=2)
    w = np.ones(counts.shape[-2]) if weights is None else abundances(weights, "weights")
    if w.shape[-1] != counts.shape[-2]:
        raise ShapeError(
            f"weights name {w.shape[-1]} communities, but there are {counts.shape[-2]}; pass one for each."
        )
    if (w.sum(axis=-1) == 0).any():
        raise DataError("weights are all 0; give at least one community a positive weight.")
    p = shares(counts)
    known = ~np.isnan(p[..., 0])
    return np.where(known[..., None], p, 0), shares(known * w)


def _logarithms(p: Floats, w: Floats, q: float) -> tuple[Floats, Floats]:
    """Logarithms of alpha and gamma."""
    gamma = renyi((w[..., None, :] @ p)[..., 0, :], q)
    # A community without counts weighs nothing; any shares do for it.
    own = renyi(np.where((w > 0)[..., None], p, 1 / p.shape[-1]), q)
    if q == 1:
        return np.asarray((w * own).sum(axis=-1)), gamma
    if q == np.inf:
        return np.asarray(np.log(w.max(axis=-1)) - np.log((w * np.exp(-own)).max(axis=-1))), gamma
    return _power_mean(own, w, q), gamma


def _power_mean(own: Floats, w: Floats, q: float) -> Floats:
    exponent = (1 - q) * own
    part = shares((w / w.max(axis=-1, keepdims=True)) ** q * (w > 0))
    if abs(q - 1) < NEAR_ONE:
        return np.asarray(np.log1p((part * np.expm1(exponent)).sum(axis=-1)) / (1 - q))
    top = exponent.max(axis=-1)
    return np.asarray((top + np.log((part * np.exp(exponent - top[..., None])).sum(axis=-1))) / (1 - q))
