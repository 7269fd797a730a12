"""How many different predictions models make about an item: Rashomon capacity."""

from __future__ import annotations

from math import ceil

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.outcome.choices import distributions
from polyculture.measure.outcome.counts import entropy
from polyculture.measure.outcome.multiplicity import model_count
from polyculture.measure.registry import measure

# Probabilities held at once while capacities are found: 16 MB.
BLOCK = 2**21


def rashomon_capacities(probabilities: Array, *, tolerance: float = 1e-3) -> Floats:
    r"""Effective number of different predictions that models make about each item.

    .. math:: 2^{C(x)}, \qquad C(x) = \max_w \min_q \sum_j w_j \, \mathrm{KL}(p_j(x) \,\|\, q)

    the capacity of a channel from models to options, found for all items at once by Blahut and Arimoto's algorithm.

    Parameters
    ----------
    probabilities : array of shape (items, models, options)
        Rows sum to 1 within one per cent and are divided by their sum.
    tolerance : float, default 0.001
        Largest error of the number, as a share of it.

    Returns
    -------
    float64 array of shape (items,), from 1 (all models say the same) to the smaller of models and options.

    Raises
    ------
    ShapeError
        If it does not have three axes, or is empty.
    DataError
        If a row is no distribution.
    ParameterError
        If the tolerance is not positive.

    References
    ----------
    Hsu and Calmon 2022, arXiv:2206.01295; Blahut 1972, Arimoto 1972, IEEE Transactions on Information Theory 18.

    Examples
    --------
    >>> rashomon_capacities([[[1, 0], [0, 1]], [[0.3, 0.7], [0.3, 0.7]]]).round(3)
    array([2., 1.])
    """
    given = distributions(probabilities, "probabilities", axes=3)
    if tolerance <= 0:
        raise ParameterError(f"tolerance is {tolerance}; pass a small positive number.")
    step = max(1, BLOCK // given[0].size)
    parts = [_capacities(given[done : done + step], tolerance) for done in range(0, len(given), step)]
    return np.asarray(np.exp(np.concatenate(parts)))


@measure(
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("relabelling",),
    null=None,
    cost="n m o, some hundred times",
    paper="Hsu and Calmon 2022, arXiv:2206.01295",
)
def rashomon_capacity(
    probabilities: Array, *, size: int | None = None, tolerance: float = 1e-3, samples: int = 20, seed: int = 0
) -> float:
    r"""Mean effective number of different predictions that models make about an item.

    .. math:: \frac{1}{n} \sum_x 2^{C(x)}

    See `rashomon_capacities` for C. It grows with the number of models, so groups are compared at equal `size`: the
    mean over random choices of so many models.

    Parameters
    ----------
    probabilities : array of shape (items, models, options)
        Rows sum to 1 within one per cent and are divided by their sum.
    size : int, optional
        Number of models, 2 to m. All by default.
    tolerance : float, default 0.001
        Largest error, as a share of the value.
    samples, seed : int
        Random choices of models, where they are needed.

    Returns
    -------
    float >= 1, at most the smaller of models and options.

    Raises
    ------
    ShapeError
        If it does not have three axes, or is empty.
    DataError
        If a row is no distribution.
    ParameterError
        If the tolerance is not positive, or size is not between 2 and m.

    Examples
    --------
    >>> round(rashomon_capacity([[[1, 0], [0, 1]], [[0.3, 0.7], [0.3, 0.7]]]), 3)
    1.5
    """
    given = distributions(probabilities, "probabilities", axes=3)
    m = given.shape[1]
    drawn = model_count(size, m)
    if drawn == m:
        return float(rashomon_capacities(given, tolerance=tolerance).mean())
    rng = np.random.default_rng(seed)
    groups = (rng.choice(m, drawn, replace=False) for _ in range(samples))
    return float(np.mean([rashomon_capacities(given[:, group], tolerance=tolerance).mean() for group in groups]))


def _capacities(given: Floats, tolerance: float) -> Floats:
    # Capacities in nats; an item leaves when the bounds on its capacity, the mean and the largest divergence, meet.
    m = given.shape[1]
    certainty, weights = -entropy(given), np.full(given.shape[:2], 1 / m)
    found, where = np.empty(len(given)), np.arange(len(given))
    # After log(m) / tolerance steps the lower bound is as close as asked in any case (Arimoto).
    for _ in range(ceil(np.log(m) / tolerance) + 1):
        mixture = (weights[:, None] @ given)[:, 0]
        cross = given @ np.log(np.where(mixture > 0, mixture, 1))[..., None]
        divergence = certainty - cross[..., 0]
        found[where], most = (weights * divergence).sum(axis=1), divergence.max(axis=1)
        apart = most - found[where] > tolerance
        if not apart.any():
            break
        weights = weights * np.exp(divergence - most[:, None])
        weights /= weights.sum(axis=1, keepdims=True)
        # Items are moved when that pays.
        if apart.mean() < 0.9:
            given, certainty, weights, where = given[apart], certainty[apart], weights[apart], where[apart]
    return found
