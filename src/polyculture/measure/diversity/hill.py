"""How many equally common categories a community amounts to: Hill numbers."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.diversity.inputs import abundances, plain, shares
from polyculture.measure.registry import measure

# Closer to 1 than this the power sum is 1 but for its last digits, and is written as a difference.
NEAR_ONE = 0.01


@measure(
    kind="counts",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Hill 1973, Ecology 54; Jost 2006, Oikos 113",
)
def hill(counts: Array, q: float = 1.0) -> Floats:
    r"""Number of equally common categories that would be as varied (Hill number of order q).

    .. math:: {}^qD = \Bigl(\sum_i p_i^q\Bigr)^{1 / (1 - q)}

    with p the shares: the number of categories for q = 0, the exponential of their entropy for q = 1, the inverse of
    the sum of their squares for q = 2, and the inverse of the largest share for q infinite. The larger q, the less rare
    categories count. From a sample it comes out too low, the more so the smaller q and the sample: compare samples at
    one size or coverage, see `hill_rarefied` and `hill_at_coverage`.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; each row is divided by its sum.
    q : float, default 1
        Order, 0 or more; ``numpy.inf`` is one.

    Returns
    -------
    float64 array of shape (...), from 1 to the number of categories; NaN where all counts are 0.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count is no finite number, or negative.
    ParameterError
        If q is negative or no number.

    Examples
    --------
    >>> hill([[1, 1, 1, 1], [5, 0, 0, 0]], q=2)
    array([4., 1.])
    """
    p = shares(abundances(counts))
    # A number of categories is whole, which a logarithm would spoil.
    found = richness(p) if order(q) == 0 else np.exp(renyi(p, q))
    return plain(found)


def order(q: float) -> float:
    """An order that Hill numbers are defined for."""
    if not q >= 0:
        raise ParameterError(f"q is {q}; the order of a Hill number is 0 or more.")
    return float(q)


def richness(p: Floats) -> Floats:
    """Number of categories with a share (..., categories) above 0; NaN where shares are NaN."""
    return np.where(np.isnan(p[..., 0]), np.nan, (p > 0).sum(axis=-1))


def renyi(p: Floats, q: float) -> Floats:
    """Logarithm of the Hill number of shares (..., categories); NaN where they are NaN."""
    if q == 0:
        return np.log(richness(p))
    largest = p.max(axis=-1)
    if q == np.inf:
        return np.asarray(-np.log(largest))
    logs = np.log(np.where(p > 0, p, 1))
    if q == 1:
        return np.asarray(-(p * logs).sum(axis=-1))
    if abs(q - 1) < NEAR_ONE:
        return np.asarray(np.log1p((p * np.expm1((q - 1) * logs)).sum(axis=-1)) / (1 - q))
    # In shares of the largest, so that high orders do not underflow.
    power_sum = ((p / largest[..., None]) ** q).sum(axis=-1)
    return np.asarray((q * np.log(largest) + np.log(power_sum)) / (1 - q))
