"""The fitted models of one domain, and how they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints, Mask
from polyculture.recommend import MODELS
from polyculture.recommend.base import Model
from polyculture.recommend.choice import Choice
from polyculture.recommend.cold_items import within
from polyculture.recommend.edges import joined
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.order import Order, Shown, shown
from polyculture.recommend.popularity import Popularity, popularity
from polyculture.recommend.search import DRAWN, TIMED, Member


@dataclass(frozen=True)
class Fitted:
    """One member of a blend, fitted."""

    member: Member
    model: Model


@dataclass(frozen=True)
class Serving:
    """A domain: its items, its blends for users who are known in it and for users who are new to it."""

    items: Ints
    warm: list[Fitted]
    cold: list[Fitted]
    known: Mask
    """Users with a history in the domain."""
    elsewhere: Mask
    """Users with a history in another domain."""
    counts: Floats
    """How many users took each item in the domain."""
    alone: list[Fitted] = field(default_factory=list)
    """The blend without edges of other domains, where there are others: a baseline."""
    lent: sp.csr_array | None = None
    """For items of the domain that nobody took: of which of its items they have the score, and in which parts."""
    order: Order | None = None
    """What puts the best items of the first blend in order."""
    alone_order: Order | None = None
    """The same of the baseline."""
    taken: sp.csr_array | None = None
    """All users by items of the domain: what is not put in order, as it is not recommended."""

    def blend_of(self, row: int) -> list[Fitted]:
        """The models that serve a user; none where popularity does."""
        if self.known[row]:
            return self.warm
        return self.cold if self.elsewhere[row] else []

    def scores(self, rows: Ints) -> Floats:
        """Float32 array of shape (len(rows), items of the domain); a negative row is a user of an unknown name.

        A user's scores of several domains are compared, so popularity too is told in standard deviations.
        """
        out = self.blended(rows)
        warm = np.flatnonzero((rows >= 0) & self.known[np.maximum(rows, 0)])
        if self.order is not None and len(warm):
            out[warm] = self.order.placed(out[warm], self.shown(rows[warm], out[warm]))
        if self.lent is not None:
            new = np.flatnonzero(np.diff(self.lent.indptr))
            out[:, new] = (self.lent[new] @ out.T).T
        return out

    def blended(self, rows: Ints) -> Floats:
        """Scores by the weighted sums alone: nothing is put in order, and nothing lent."""
        out = np.repeat(self._popular()[None], len(rows), axis=0)
        place = np.maximum(rows, 0)
        warm = (rows >= 0) & self.known[place]
        cold = (rows >= 0) & ~self.known[place] & self.elsewhere[place]
        for which, blend in ((warm, self.warm), (cold, self.cold)):
            if which.any() and blend:
                out[which] = sum(weighted(each, rows[which], self.items) for each in filter(_weighs, blend))
        return out

    def shown(self, rows: Ints, total: Floats) -> Shown:
        """The best items of users with a history in the domain, and what an order is learnt from."""
        models = [each.model for each in self.warm]
        seen = sp.csr_array((len(rows), len(self.items))) if self.taken is None else self.taken[rows]
        return shown(models, total, rows, self.items, seen, self.counts[self.items])

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the user's history in all domains, and what each adds to the score; -1 stands for all else.

        That is popularity, and what an item was moved by when the best were put in order.
        """
        total: dict[int, float] = {}
        moved = self._moved(row)
        for column, share in self._behind(item):
            for each in filter(_weighs, self.blend_of(row)):
                found = each.model.scores(np.array([row]), self.items)
                scale = share * each.member.weight / float(spread(found)[0, 0])
                for place, value in zip(*each.model.parts(row, column), strict=True):
                    more = float(value) - float(level(each.model, found)[0, 0])
                    total[int(place)] = total.get(int(place), 0.0) + scale * more
            at = int(np.searchsorted(self.items, column))
            if not self.blend_of(row):
                total[-1] = total.get(-1, 0.0) + share * float(self._popular()[at])
            if moved is not None and moved[at]:
                total[-1] = total.get(-1, 0.0) + share * float(moved[at])
        return np.array(list(total), dtype=np.int64), np.array(list(total.values()), dtype=np.float64)

    def _moved(self, row: int) -> Floats | None:
        """How much higher each item stands since the best were put in order."""
        if self.order is None or not self.known[row]:
            return None
        rows = np.array([row])
        total = self.blended(rows)
        found: Floats = (self.order.placed(total, self.shown(rows, total)) - total)[0]
        return found

    def _popular(self) -> Floats:
        """How much more users took each item than the mean one, in standard deviations."""
        found = self.counts[self.items]
        return np.asarray((found - found.mean()) / spread(found[None])[0, 0], dtype=np.float32)

    def _behind(self, item: int) -> list[tuple[int, float]]:
        """The item, or those it is like by its text where nobody took it."""
        column = int(np.searchsorted(self.items, item))
        if self.lent is None or not self.lent.indptr[column] < self.lent.indptr[column + 1]:
            return [(item, 1.0)]
        part = slice(self.lent.indptr[column], self.lent.indptr[column + 1])
        return list(zip(self.items[self.lent.indices[part]].tolist(), self.lent.data[part].tolist(), strict=True))


def _weighs(each: Fitted) -> bool:
    """Members of no weight are there for the order alone."""
    return each.member.weight != 0


def weighted(each: Fitted, rows: Ints, items: Ints) -> Floats:
    """Scores on one scale times the member's weight."""
    found = each.model.scores(rows, items)
    scale = np.float32(each.member.weight) / spread(found)
    return np.asarray((found - level(each.model, found)) * scale, dtype=np.float32)


def level(model: Model, scores: Floats) -> Floats:
    """What is taken from each user's scores, so that domains compare: counts and logarithms of chances are far from 0.

    Models of the user's history are about 0 for an item that has nothing to do with it, and stay as they are.
    """
    if isinstance(model, Popularity | NextItem):
        return np.asarray(scores.mean(axis=1, keepdims=True))
    return np.zeros((len(scores), 1), dtype=np.float32)


def spread(scores: Floats) -> Floats:
    """Standard deviation of each user's scores, 1 where there is none."""
    found = scores.std(axis=1, keepdims=True)
    return np.where(found > 0, found, np.float32(1))


def serve(
    edges: Mapping[str, sp.csr_array],
    domain: str,
    items: Ints,
    choice: Choice,
    *,
    lent: sp.csr_array | None = None,
    times: sp.csr_array | None = None,
    seed: int = 0,
) -> Serving:
    """Fit the chosen models on all edges."""
    fitted: dict[str, Model] = {}

    def fit(member: Member) -> Fitted:
        key = repr((member.method, sorted(member.settings.items()), member.others))
        if key not in fitted:
            extra: dict[str, Any] = {"random_state": seed} if member.method in DRAWN else {}
            if member.method in TIMED:
                extra["times"] = times
            graph = joined(edges, domain, member.others)
            fitted[key] = MODELS.load(member.method)(graph, **member.settings, **extra)
        return Fitted(member, fitted[key])

    part = None if lent is None else within(lent, items)
    blends = [[fit(m) for m in blend] for blend in (choice.warm, choice.cold, choice.alone)]
    return serving_of(edges, domain, items, blends, part, (choice.order, choice.alone_order))


def serving_of(
    edges: Mapping[str, sp.csr_array],
    domain: str,
    items: Ints,
    blends: Sequence[list[Fitted]],
    lent: sp.csr_array | None = None,
    orders: tuple[Order | None, Order | None] = (None, None),
) -> Serving:
    """Fitted blends (for users of the domain, for those of others, and the baseline) with what edges tell of users."""
    known = np.diff(edges[domain].indptr) > 0
    away = [np.diff(matrix.indptr) > 0 for name, matrix in edges.items() if name != domain]
    elsewhere = np.any(away, axis=0) if away else np.zeros_like(known)
    warm, cold, alone = blends
    taken = sp.csr_array(sum(edges.values())[:, items])
    counts = popularity(edges[domain]).counts
    return Serving(items, warm, cold, known, elsewhere, counts, alone, lent, *orders, taken)
