"""Diversity of samples brought to one size, or to one coverage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.diversity.asymptote import asymptote
from polyculture.measure.diversity.coverage import at_size, thinned
from polyculture.measure.diversity.draws import expected_logarithm
from polyculture.measure.diversity.hill import renyi
from polyculture.measure.diversity.inputs import plain, shares
from polyculture.measure.diversity.sample import Sample, absent, aligned, sample_of
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


@measure(
    kind="counts",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("empty category",),
    null=None,
    cost="S, for q = 1 times the spread of what is drawn",
    paper="Chao et al. 2014, Ecological Monographs 84",
)
def hill_rarefied(counts: Array, size: Array, q: float = 0.0, *, units: Array | None = None) -> Floats:
    r"""Hill number that is expected of a sample of another size, so that samples of unlike size can be compared.

    .. math::
        {}^0D(m) = \sum_i 1 - \binom{n - n_i}{m} \Big/ \binom{n}{m}, \qquad
        {}^1D(m) = \exp\Bigl(-\sum_{k=1}^{m} \frac{k}{m} \log \frac{k}{m} \, \hat f_k(m)\Bigr), \qquad
        {}^2D(m) = 1 \Big/ \Bigl(\frac{1}{m} + \frac{m - 1}{m} \sum_i \frac{n_i (n_i - 1)}{n (n - 1)}\Bigr)

    for m below the sample's own size n, with :math:`\hat f_k(m)` the expected number of categories that m of its units
    hold k times: exact means over all such samples. Above n, up to twice n, the last formula holds as it is, and for
    q = 0 and 1 the value approaches that which `asymptote` estimates, geometrically from its last step.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Whole numbers.
    size : float, or array of shape (...)
        From 1 to twice the sample's own. Between whole numbers below that values are interpolated.
    q : {0, 1, 2}
        Order.
    units : array of shape (...), optional
        How many units were drawn, where one can hold several categories (papers that name several methods): counts
        are then units that hold a category, and size is a number of units. The sum of the counts by default.

    Returns
    -------
    float64 array of shape (...), 1 or more; with units, at size 1, the mean number of categories that one of them
    holds for q = 0. NaN where nothing was drawn, or the size is out of range.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count, size or number of units is no number it can be, or a count is larger than the units.
    ParameterError
        If q is none of 0, 1 and 2.

    Examples
    --------
    >>> [round(float(hill_rarefied([5, 3, 1, 1], 5, q)), 3) for q in (0, 1, 2)]
    [2.913, 2.588, 2.32]
    """
    if q not in CURVES:
        raise ParameterError(f"q is {q}; samples are brought to one size for the orders 0, 1 and 2.")
    sample, wanted = aligned(sample_of(counts, units), size, "size")
    return plain(_at_size(sample, wanted, q))


@measure(
    kind="counts",
    bounds=(1, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("empty category",),
    null=None,
    cost="S log n, for q = 1 times the spread of what is drawn",
    paper="Chao and Jost 2012, Ecology 93; Chao et al. 2014, Ecological Monographs 84",
)
def hill_at_coverage(counts: Array, coverage: Array, q: float = 0.0, *, units: Array | None = None) -> Floats:
    r"""Hill number that is expected of a sample that has seen a given share of its community.

    .. math:: {}^qD(m) \quad \text{for} \quad \hat C(m) = C

    Samples of one size see more of an even community than of an uneven one; at one coverage they are equally complete.
    See `coverage` and `hill_rarefied`.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Whole numbers.
    coverage : float, or array of shape (...)
        Share from 0 to 1.
    q : {0, 1, 2}
        Order.
    units : array of shape (...), optional
        See `hill_rarefied`.

    Returns
    -------
    float64 array of shape (...), 1 or more; NaN where the coverage is not reached at twice the sample's own size, is
    below that of a single draw, or fewer than two units were drawn.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count, coverage or number of units is no number it can be, or a count is larger than the units.
    ParameterError
        If q is none of 0, 1 and 2.

    Examples
    --------
    >>> [round(float(hill_at_coverage([5, 3, 1, 1], 0.8, q)), 3) for q in (0, 1, 2)]
    [3.6, 3.023, 2.647]
    """
    if q not in CURVES:
        raise ParameterError(f"q is {q}; samples are brought to one coverage for the orders 0, 1 and 2.")
    sample, wanted = aligned(sample_of(counts, units), coverage, "coverage")
    return plain(_at_size(sample, size_at(sample, wanted), q))


def size_at(sample: Sample, coverage: Floats) -> Floats:
    """Sizes (...) at which samples reach a coverage (...); NaN where that is more than at twice their own."""
    own, most = at_size(sample, sample.units), at_size(sample, 2 * sample.units)
    low, high = np.zeros_like(own), sample.units * 1.0
    # Halves the gap between two whole sizes, until they are neighbours.
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        reached = thinned(sample, middle) >= coverage
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    below, above = at_size(sample, low), at_size(sample, high)
    inside = low + (high - low) * defined_ratio(coverage - below, above - below)
    left, shrinks = defined_ratio((1 - coverage) * sample.total, sample.once), sample.missing
    with np.errstate(divide="ignore", invalid="ignore"):
        further = np.log(left) / np.log(shrinks) - 1
    beyond = sample.units + np.where(coverage == own, 0, further)
    return np.where(coverage > most, np.nan, np.where(coverage < own, inside, beyond))


def _at_size(sample: Sample, size: Floats, q: float) -> Floats:
    known = (size >= 1) & (size <= 2 * sample.units) & (sample.total > 0)
    size = np.where(known, size, 1)
    low = np.floor(np.minimum(size, sample.units))
    curve = CURVES[q]
    below = curve(sample, low)
    between = size != low
    if not between.any():
        return np.where(known, below, np.nan)
    above = curve(sample, np.minimum(low + 1, sample.units))
    inside = below + (size - low) * (above - below)
    return np.where(known, np.where(size > sample.units, _continued(sample, size, q), inside), np.nan)


def _richness(sample: Sample, size: Floats) -> Floats:
    return np.asarray((1 - absent(sample, size)).sum(axis=-1))


def _shannon(sample: Sample, size: Floats) -> Floats:
    counts, units, drawn = np.broadcast_arrays(sample.counts, sample.units[..., None], size[..., None])
    expected = size * defined_ratio(sample.total, sample.units)
    spread = expected_logarithm(counts, units, drawn).sum(axis=-1)
    return np.asarray(np.exp(np.log(np.where(expected > 0, expected, 1)) - defined_ratio(spread, expected)))


def _simpson(sample: Sample, size: Floats) -> Floats:
    total, units, counts = sample.total, sample.units, sample.counts
    pairs = (counts * (counts - 1)).sum(axis=-1)
    # One unit has no pairs, and thins to nothing but itself.
    together = np.where(pairs > 0, defined_ratio(pairs * units, total**2 * (units - 1)), 0)
    return defined_ratio(
        np.ones_like(size), defined_ratio(units, size * total) + (1 - 1 / np.maximum(size, 1)) * together
    )


CURVES: Mapping[float, Callable[[Sample, Floats], Floats]] = MappingProxyType({0: _richness, 1: _shannon, 2: _simpson})


def _continued(sample: Sample, size: Floats, q: float) -> Floats:
    """Diversity of a larger sample: it comes nearer to its limit by one and the same share with each unit."""
    if q == 2:
        return _simpson(sample, size)
    own = np.exp(renyi(shares(sample.counts), q))
    before, limit = CURVES[q](sample, np.maximum(sample.units - 1, 1)), np.maximum(asymptote(sample, q), own)
    # Where nothing seems unseen the step is all that is left, but for rounding.
    step = np.clip(np.where(limit > before, defined_ratio(own - before, limit - before), 0), 0, 1)
    return np.asarray(own + (limit - own) * (1 - (1 - step) ** np.maximum(size - sample.units, 0)))
