"""How long it takes until something happens, where for some it has not happened yet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError

ROUNDING = 1e-12


class Survival(NamedTuple):
    """Kaplan and Meier's estimate, for one sample or many.

    Parameters
    ----------
    times : float64 array of shape (..., n)
        Ascending.
    share : float64 array of shape (..., n)
        Share to whom it has not happened after each time; NaN throughout where nothing is known.
    """

    times: Floats
    share: Floats

    def quantile(self, part: float = 0.5) -> Floats:
        """Time by which it has happened to a part; inf if the data end before, NaN if there are none."""
        passed = self.share <= 1 - part + ROUNDING
        first = passed.argmax(axis=-1)[..., None]
        time = np.take_along_axis(self.times, first, axis=-1)[..., 0]
        found = np.where(passed.any(axis=-1), time, np.inf)
        return np.where(np.isnan(self.share).all(axis=-1), np.nan, found)

    def at(self, time: float) -> Floats:
        """Share to whom it has not happened by a time; NaN if there are no data."""
        before = (self.times <= time).sum(axis=-1)[..., None]
        share = np.take_along_axis(self.share, np.maximum(before - 1, 0), axis=-1)[..., 0]
        return np.where((before[..., 0] == 0) & ~np.isnan(share), 1.0, share)


def kaplan_meier(times: Array, happened: Array, weights: Array | None = None) -> Survival:
    r"""Share to whom something has not happened yet, where some are only known up to a time.

    .. math:: S(t) = \prod_{t_i \le t} \left( 1 - \frac{d_i}{n_i} \right)

    with d events at a time and n still watched just before it; those lost at the time of an event are watched during
    it. Weights are numbers of copies: multinomial ones make a bootstrap of many samples at once.

    Parameters
    ----------
    times : array of shape (..., n)
        Of the event, or up to which it had not happened; NaN for what is not watched at all.
    happened : boolean array of shape (..., n)
    weights : array that broadcasts to (..., n), optional
        At least 0.

    Returns
    -------
    Survival

    Raises
    ------
    ShapeError
        If there are no times, or shapes differ.

    References
    ----------
    Kaplan and Meier 1958, Journal of the American Statistical Association 53.

    Examples
    --------
    >>> found = kaplan_meier([1, 2, 3, 4], [True, True, False, True])
    >>> found.share, float(found.quantile()), float(found.at(2.5))
    (array([0.75, 0.5 , 0.5 , 0.  ]), 2.0, 0.5)
    """
    time, event = np.asarray(times, dtype=np.float64), np.asarray(happened, dtype=bool)
    if not time.ndim or not time.shape[-1] or time.shape != event.shape:
        raise ShapeError(f"times has shape {time.shape} and happened {event.shape}; pass one of each, of at least one.")
    watched = ~np.isnan(time)
    copies = np.where(watched, 1.0 if weights is None else weights, 0.0)
    # Events come before losses of the same time; one after the other, events of one time multiply to 1 - d/n.
    order = np.lexsort((~event, np.where(watched, time, np.inf)), axis=-1)
    time, event, copies = (np.take_along_axis(part, order, axis=-1) for part in (time, event, copies))
    at_risk = np.cumsum(copies[..., ::-1], axis=-1)[..., ::-1]
    left = np.divide(at_risk - copies, at_risk, out=np.ones(copies.shape), where=event & (at_risk > 0))
    share = np.cumprod(left, axis=-1)
    known = copies.sum(axis=-1, keepdims=True) > 0
    return Survival(np.where(np.isnan(time), np.inf, time), np.where(known, share, np.nan))
