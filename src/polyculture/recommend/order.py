"""The best items of a blend, put in order by a small network that was learnt on held-out interactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints, Mask
from polyculture.recommend.base import Model
from polyculture.recommend.list_network import ListNetwork
from polyculture.recommend.ranked import best, hide
from polyculture.recommend.spectral import Spectral
from polyculture.store import State

CANDIDATES = 100
"""Items of a list; those behind them stay as the blend has them."""

Shown = tuple[Ints, Floats]
"""Columns of the entries of each list, -1 where there are fewer, and their features."""


@dataclass(frozen=True)
class Order:
    """What puts lists in order, and what that was worth."""

    network: ListNetwork
    share: float
    """Of the network's scores in the order; the rest is the blend's, both in standard deviations of a list."""
    before: float
    """NDCG of the blend alone on held-out interactions."""
    worth: float
    """The same with the lists put in order."""

    def placed(self, total: Floats, shown: Shown) -> Floats:
        """Scores with the lists put in order; the first of a list has the highest score of the list, as before."""
        columns, features = shown
        there = columns >= 0
        at = np.maximum(columns, 0)
        old = np.take_along_axis(total, at, axis=1)
        new = self.share * _standard(self.network.scores(features), there) + (1 - self.share) * _standard(old, there)
        low, high = _range(new, there)
        bottom, top = _range(old, there)
        new = bottom + (new - low) * ((top - bottom) / np.where(high > low, high - low, 1))
        out, (rows, entries) = total.copy(), np.nonzero(there)
        out[rows, columns[rows, entries]] = new[rows, entries]
        return out

    def state(self) -> State:
        """Weights and worth."""
        return {"network": dict(vars(self.network)), "share": self.share, "before": self.before, "worth": self.worth}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(**{**state, "network": ListNetwork(**state["network"])})


def shown(models: Sequence[Model], total: Floats, rows: Ints, items: Ints, seen: sp.csr_array, counts: Floats) -> Shown:
    """The best items of each user that the user has not taken, and what is known of them.

    Parameters
    ----------
    models : sequence of Model
        The members of the blend.
    total : float32 array of shape (len(rows), len(items))
        Scores of the blend.
    rows, items : int arrays
    seen : sparse array of shape (len(rows), len(items))
        What these users have taken.
    counts : array of shape (len(items),)
        How many users took each item.

    Returns
    -------
    int array of shape (len(rows), :data:`CANDIDATES`), float32 array of shape (..., features)
        Features are each member's scores (the two parts of a spectral one apart) in standard deviations over all items,
        the blend's, and the logarithms of how many users took the item, of how many items the user took, and of the
        place in the list.
    """
    hidden = total.copy()
    hide(hidden, seen)
    columns = best(hidden, CANDIDATES)
    at = np.maximum(columns, 0)
    known = [np.take_along_axis(_scaled(view), at, axis=1) for model in models for view in views(model, rows, items)]
    lengths = np.broadcast_to(np.log1p(np.diff(seen.indptr))[:, None], at.shape)
    places = np.broadcast_to(np.log1p(np.arange(CANDIDATES)), at.shape)
    known += [np.take_along_axis(total, at, axis=1), np.log1p(counts)[at], lengths, places]
    return columns, np.stack(known, axis=2).astype(np.float32)


def views(model: Model, rows: Ints, items: Ints) -> list[Floats]:
    """Scores of a model, or of the parts it is a sum of where these are worth telling apart."""
    return model.bands(rows, items) if isinstance(model, Spectral) else [model.scores(rows, items)]


def _scaled(scores: Floats) -> Floats:
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray(scores / np.where(spread > 0, spread, 1), dtype=np.float32)


def _standard(values: Floats, there: Mask) -> Floats:
    """Mean 0 and deviation 1 over the entries of each list."""
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    values = np.where(there, values - np.where(there, values, 0).sum(axis=1, keepdims=True) / count, 0)
    spread = np.sqrt((values**2).sum(axis=1, keepdims=True) / count)
    return np.asarray(values / np.where(spread > 0, spread, 1))


def _range(values: Floats, there: Mask) -> tuple[Floats, Floats]:
    """Lowest and highest of each list; 0 and 0 of an empty one."""
    low = np.where(there, values, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, values, -np.inf).max(axis=1, keepdims=True)
    empty = ~there.any(axis=1, keepdims=True)
    return np.where(empty, 0, low), np.where(empty, 0, high)
