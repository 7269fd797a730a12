"""What a sample tells about what it did not see: how many categories it holds once or twice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError
from polyculture.measure.diversity.inputs import abundances
from polyculture.measure.outcome.counts import defined_ratio


class Sample(NamedTuple):
    """Counts of shape (..., categories), and of each sample (...): its units, all counts, how many are 1 and 2."""

    counts: Floats
    units: Floats
    total: Floats
    once: Floats
    twice: Floats

    @property
    def unseen(self) -> Floats:
        """Estimated number of categories that the sample did not see (Chao 1984, with its form for none seen twice)."""
        pairs = np.where(
            self.twice > 0, self.once**2 / (2 * np.maximum(self.twice, 1)), self.once * (self.once - 1) / 2
        )
        return defined_ratio((self.units - 1) * pairs, self.units)

    @property
    def missing(self) -> Floats:
        """Factor by which what is not covered shrinks with each further unit; 0 where nothing seems unseen."""
        expected = self.units * self.unseen
        return np.where(expected > 0, expected / np.maximum(expected + self.once, 1), 0)


def sample_of(counts: Array, units: Array | None) -> Sample:
    """Check counts and units, and count what occurs once and twice.

    Parameters
    ----------
    counts : array of shape (..., categories)
    units : array of shape (...), or None
        What was drawn, where one drawing can hold several categories; the sum of the counts if None.

    Returns
    -------
    Sample

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count is no whole number or negative, or larger than the units.

    Examples
    --------
    >>> sample_of([3, 1, 1], None).unseen
    array(0.8)
    """
    given = abundances(counts, whole=True)
    total = given.sum(axis=-1)
    drawn = total if units is None else fitting(abundances(units, "units", axes=0, whole=True), "units", total.shape)
    if units is not None and (given.max(axis=-1) > drawn).any():
        raise DataError("A count is larger than its units; each unit holds a category once or not at all.")
    return Sample(given, drawn, total, (given == 1).sum(axis=-1) * 1.0, (given == 2).sum(axis=-1) * 1.0)


def aligned(sample: Sample, values: Array, name: str) -> tuple[Sample, Floats]:
    """Sizes or coverages, and the samples that they are for, one for each; a vector of sizes for one sample is fine."""
    wanted = abundances(values, name, axes=0)
    shape = sample.units.shape
    if len(wanted.shape) > len(shape) or 1 in shape:
        try:
            shape = np.broadcast_shapes(wanted.shape, shape)
        except ValueError as error:
            raise ShapeError(
                f"{name} has shape {wanted.shape} for samples of shape {shape}; pass one for each."
            ) from error
    counts = np.broadcast_to(sample.counts, (*shape, sample.counts.shape[-1]))
    return Sample(counts, *(np.broadcast_to(one, shape) for one in sample[1:])), fitting(wanted, name, shape)


def fitting(values: Floats, name: str, shape: tuple[int, ...]) -> Floats:
    """Values for samples of a shape, the same for many where they are fewer."""
    try:
        return np.broadcast_to(values, shape)
    except ValueError as error:
        raise ShapeError(f"{name} has shape {values.shape} for samples of shape {shape}; pass one for each.") from error


def absent(sample: Sample, size: Floats, *, but: int = 0) -> Floats:
    """Chance (..., categories) that so many units, drawn without replacement, miss a category.

    They are drawn from all, or `but` one: one of those that hold the category is set aside.
    """
    lacking = sample.units[..., None] - sample.counts
    possible = lacking >= size[..., None]
    among = np.maximum(sample.units - but, size)
    logarithm = gammaln(lacking + 1) - gammaln(np.where(possible, lacking - size[..., None], 0) + 1)
    logarithm += (gammaln(among - size + 1) - gammaln(among + 1))[..., None]
    return np.where(possible, np.exp(np.minimum(logarithm, 0)), 0)
