"""Centred kernel alignment of more items than fit in memory, in one pass and exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError
from polyculture.measure.checks import same_items
from polyculture.measure.representation.gram import normalised

# Which of x (0) and y (1) the sums are of.
PAIRS = ((0, 0), (1, 1), (0, 1))


class Frame(NamedTuple):
    """Where the vectors of one representation are measured from, and in which unit."""

    centre: Floats
    unit: float

    @classmethod
    def of(cls, batch: Floats) -> Frame:
        """Mean of a batch, and its largest deviation, or its largest magnitude if it has none, to a power of two."""
        centre = batch.mean(axis=0)
        largest = np.abs(batch - centre).max() or np.abs(batch).max()
        # To divide by a power of two costs no digits.
        return cls(centre, float(np.ldexp(1.0, np.frexp(largest)[1] - 1)) if largest else 1.0)


class StreamingCKA:
    r"""Debiased linear CKA of two representations that arrive in batches; the same number as `cka` of all at once.

    .. math::
        n(n-3)\,\mathrm{HSIC} = \|X^\top Y\|^2 - \frac{n}{n-2}\, a^\top b + \frac{(\sum a)(\sum b)}{(n-1)(n-2)},
        \qquad a_i = \|x_i\|^2, \; b_i = \|y_i\|^2

    needs, of centred vectors, nothing but sums over items of products of :math:`(x, \|x\|^2, 1)` and
    :math:`(y, \|y\|^2, 1)`. They are kept around a provisional centre, the mean of the first batch. To move the centre
    is a linear map of these triples, so that the true mean can be put in at the end, and sums from several machines can
    be merged.

    Sums are kept in units of the first batch's spread, so that large and small numbers neither overflow nor vanish. But
    a first batch far from the mean of all items costs digits: at 100 standard deviations two or three of the sixteen,
    at 1000 six or seven, at 10000 eight. So let it be typical in place and spread: put the items in random order.

    Unlike the mean over batches of CKA, or of its numerator and denominator, the value does not depend on how the items
    are cut into batches. Memory is O((d1 + d2)²), whatever n.

    Attributes
    ----------
    items : int
        Items seen so far.

    References
    ----------
    Song et al. 2012, JMLR 13; Chan, Golub and LeVeque 1983, The American Statistician 37.

    Examples
    --------
    >>> x, y = np.random.default_rng(0).normal(size=(2, 1000, 5)) + 100
    >>> stream = StreamingCKA()
    >>> for start in range(0, 1000, 300):
    ...     _ = stream.update(x[start : start + 300], y[start : start + 300])
    >>> from polyculture.measure import cka
    >>> stream.items, abs(stream.value / cka(x, y) - 1) < 1e-9
    (1000, True)
    """

    def __init__(self) -> None:
        self.items = 0
        self._frames: list[Frame] = []
        # Sums over items of products of triples, one matrix for each of PAIRS.
        self._sums: list[Floats] = []

    def update(self, x: Array, y: Array) -> Self:
        """Add a batch of items.

        Parameters
        ----------
        x, y : arrays of shape (b, d1) and (b, d2), b >= 1
            Representations of the same b items; finite. A batch 1e70 times as far from the first one's mean as that one
            is wide overflows, and `value` is NaN from then on.

        Returns
        -------
        The stream itself.

        Raises
        ------
        ShapeError
            If the arrays have different numbers of rows, none, or other widths than before.
        DataError
            If a value is not finite. After an error the stream is as it was.
        """
        batch = same_items(x, y)
        self._prepare([Frame.of(part) for part in batch])
        triples = [_triples(part, frame) for part, frame in zip(batch, self._frames, strict=True)]
        self._add([triples[k].T @ triples[j] for k, j in PAIRS], len(batch[0]))
        return self

    def merge(self, other: StreamingCKA) -> Self:
        """Add all items that another stream has seen.

        Parameters
        ----------
        other : StreamingCKA
            Of the same two representations and of other items; it stays as it is.

        Returns
        -------
        The stream itself.

        Raises
        ------
        ShapeError
            If the widths differ.
        """
        if other.items:
            self._prepare(other._frames)
            self._add(other._seen_from(self._frames), other.items)
        return self

    @property
    def value(self) -> float:
        """Debiased CKA of all items so far.

        Returns
        -------
        float in [-1, 1], up to rounding; NaN where `cka` is.

        Raises
        ------
        ShapeError
            If fewer than 4 items were seen.
        """
        if self.items < 4:
            raise ShapeError(f"The stream has seen {self.items} items, but at least 4 are needed; add more.")
        means = [
            Frame(centre + unit * sums[:-2, -1] / self.items, unit)
            for (centre, unit), sums in zip(self._frames, self._sums[:2], strict=True)
        ]
        own_x, own_y, both = self._seen_from(means)
        products = np.array([[_debiased(own_x), _debiased(both)], [_debiased(both), _debiased(own_y)]])
        return float(normalised(products, np.array([own_x[-2, -1], own_y[-2, -1]]))[0, 1])

    def _prepare(self, frames: list[Frame]) -> None:
        """Take the frames if none are known yet; refuse widths that are not those known."""
        widths = [len(frame.centre) for frame in frames]
        if not self.items:
            self._frames = list(frames)
            self._sums = [np.zeros((widths[k] + 2, widths[j] + 2)) for k, j in PAIRS]
        known = [len(frame.centre) for frame in self._frames]
        if widths != known:
            raise ShapeError(
                f"The batch has {widths} features, but those before had {known}; pass the same two models."
            )

    def _add(self, more: list[Floats], items: int) -> None:
        self._sums = [sums + added for sums, added in zip(self._sums, more, strict=True)]
        self.items += items

    def _seen_from(self, frames: Sequence[Frame]) -> list[Floats]:
        """Sums as they would be around other centres and in other units."""
        ways = list(zip(self._frames, frames, strict=True))
        return [_moved(_moved(sums, *ways[k]).T, *ways[j]).T for sums, (k, j) in zip(self._sums, PAIRS, strict=True)]


def _triples(x: Floats, frame: Frame) -> Floats:
    """Rows (x, ‖x‖², 1) of vectors around a centre, in its unit."""
    triples = np.ones((len(x), x.shape[1] + 2))
    around = np.subtract(x, frame.centre, out=triples[:, :-2])
    around /= frame.unit
    triples[:, -2] = np.einsum("ij,ij->i", around, around)
    return triples


def _moved(sums: Floats, old: Frame, new: Frame) -> Floats:
    """Sums whose rows belong to (x, ‖x‖², 1), for x seen from a new frame."""
    sums = sums.copy()
    ratio, move = old.unit / new.unit, (old.centre - new.centre) / new.unit
    sums[:-2] *= ratio
    sums[-2] *= ratio**2
    sums[-2] += 2 * move @ sums[:-2] + move @ move * sums[-1]
    sums[:-2] += np.outer(move, sums[-1])
    return sums


def _debiased(sums: Floats) -> float:
    """Song's estimator, times n (n - 3), from sums around the means."""
    n = sums[-1, -1]
    products = np.sum(sums[:-2, :-2] ** 2) - n / (n - 2) * sums[-2, -2]
    return float(products + sums[-2, -1] * sums[-1, -2] / ((n - 1) * (n - 2)))
