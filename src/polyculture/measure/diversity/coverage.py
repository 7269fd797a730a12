"""How much of a community its sample has seen."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.diversity.inputs import plain
from polyculture.measure.diversity.sample import Sample, absent, aligned, sample_of
from polyculture.measure.outcome.counts import defined_ratio


def coverage(counts: Array, size: Array | None = None, *, units: Array | None = None) -> Floats:
    r"""Share of a community that belongs to the categories in its sample (Good, Turing; Chao and Jost).

    .. math::
        \hat C = 1 - \frac{f_1}{n} \, \frac{(n - 1) f_1}{(n - 1) f_1 + 2 f_2}, \qquad
        \hat C(m) = 1 - \sum_i \frac{n_i}{n} \binom{n - n_i}{m} \Big/ \binom{n - 1}{m} \quad (m < n)

    with f the numbers of categories that are in the sample of size n once and twice. Where none is in it twice,
    :math:`f_1 (f_1 - 1)` takes the place of :math:`f_1^2 / f_2` and :math:`f_2` of 1.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Whole numbers.
    size : array of shape (...), optional
        Size that the sample is thinned to, or continued to, up to twice its own, which is the default. Between whole
        numbers values are interpolated.
    units : array of shape (...), optional
        How many units were drawn, where one can hold several categories (papers that name several methods): counts
        are then units that hold a category. The sum of the counts by default.

    Returns
    -------
    float64 array of shape (...) in [0, 1]; NaN where fewer than two units were drawn, or the size is out of range.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count, size or number of units is no number it can be, or a count is larger than the units.

    References
    ----------
    Chao and Jost 2012, Ecology 93; Chao et al. 2014, Ecological Monographs 84.

    Examples
    --------
    >>> round(float(coverage([5, 3, 1, 1])), 3), round(float(coverage([5, 3, 1, 1], 5)), 3)
    (0.836, 0.746)
    """
    sample = sample_of(counts, units)
    if size is not None:
        return plain(at_size(*aligned(sample, size, "size")))
    return plain(np.where(sample.units > 1, continued(sample, np.zeros_like(sample.total)), np.nan))


def at_size(sample: Sample, size: Floats) -> Floats:
    """Expected coverage at sizes (...), interpolated between whole ones; NaN where it cannot be told."""
    known = (sample.units > 1) & (size <= 2 * sample.units)
    size = np.where(known, size, 0)
    low = np.floor(np.minimum(size, sample.units))
    below, above = thinned(sample, low), thinned(sample, np.minimum(low + 1, sample.units))
    inside = below + (np.minimum(size, sample.units) - low) * (above - below)
    return np.where(known, np.where(size < sample.units, inside, continued(sample, size - sample.units)), np.nan)


def thinned(sample: Sample, size: Floats) -> Floats:
    """Expected coverage of so many of the units, whole numbers; that of all of them is an estimate of another kind."""
    missed = (sample.counts * absent(sample, np.minimum(size, sample.units - 1), but=1)).sum(axis=-1)
    inside = 1 - defined_ratio(missed, sample.total)
    return np.where(size < sample.units, inside, continued(sample, np.zeros_like(sample.total)))


def continued(sample: Sample, further: Floats) -> Floats:
    """Expected coverage after so many further units."""
    return np.asarray(1 - defined_ratio(sample.once, sample.total) * sample.missing ** (np.maximum(further, 0) + 1))
