"""The fitted models of one domain, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import scipy.sparse as sp

from polyculture import store
from polyculture.arrays import Floats, Ints, Mask
from polyculture.recommend import MODELS
from polyculture.recommend.base import Model
from polyculture.recommend.choose import SIDES, Choice
from polyculture.recommend.cold_items import within
from polyculture.recommend.ease import Ease
from polyculture.recommend.edges import joined
from polyculture.recommend.light_gcn import LightGCN
from polyculture.recommend.popularity import Popularity, popularity
from polyculture.recommend.search import DRAWN, Member
from polyculture.recommend.spectral import Spectral
from polyculture.recommend.user_ease import UserEase
from polyculture.store import State

_KINDS: dict[str, type[Model]] = {
    "popularity": Popularity,
    "spectral": Spectral,
    "ease": Ease,
    "user_ease": UserEase,
    "light_gcn": LightGCN,
}


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

    def blend_of(self, row: int) -> list[Fitted]:
        """The models that serve a user; none where popularity does."""
        if self.known[row]:
            return self.warm
        return self.cold if self.elsewhere[row] else []

    def scores(self, rows: Ints) -> Floats:
        """Float32 array of shape (len(rows), items of the domain); a negative row is a user of an unknown name.

        A user's scores of several domains are compared, so popularity too is told in standard deviations.
        """
        out = np.repeat(self._popular()[None], len(rows), axis=0)
        place = np.maximum(rows, 0)
        warm = (rows >= 0) & self.known[place]
        cold = (rows >= 0) & ~self.known[place] & self.elsewhere[place]
        for which, blend in ((warm, self.warm), (cold, self.cold)):
            if which.any() and blend:
                out[which] = sum(weighted(each, rows[which], self.items) for each in blend)
        if self.lent is not None:
            new = np.flatnonzero(np.diff(self.lent.indptr))
            out[:, new] = (self.lent[new] @ out.T).T
        return out

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the user's history in all domains, and what each adds to the score; -1 stands for popularity."""
        total: dict[int, float] = {}
        for column, share in self._behind(item):
            for each in self.blend_of(row):
                found = each.model.scores(np.array([row]), self.items)
                scale = share * each.member.weight / float(spread(found)[0, 0])
                for place, value in zip(*each.model.parts(row, column), strict=True):
                    more = float(value) - float(level(each.model, found)[0, 0])
                    total[int(place)] = total.get(int(place), 0.0) + scale * more
            if not self.blend_of(row):
                at = int(np.searchsorted(self.items, column))
                total[-1] = total.get(-1, 0.0) + share * float(self._popular()[at])
        return np.array(list(total), dtype=np.int64), np.array(list(total.values()), dtype=np.float64)

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


def weighted(each: Fitted, rows: Ints, items: Ints) -> Floats:
    """Scores on one scale times the member's weight."""
    found = each.model.scores(rows, items)
    scale = np.float32(each.member.weight) / spread(found)
    return np.asarray((found - level(each.model, found)) * scale, dtype=np.float32)


def level(model: Model, scores: Floats) -> Floats:
    """What is taken from each user's scores, so that domains compare: counts are far above 0 even for the rarest item.

    Models of the user's history are about 0 for an item that has nothing to do with it, and stay as they are.
    """
    if isinstance(model, Popularity):
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
    seed: int = 0,
) -> Serving:
    """Fit the chosen models on all edges."""
    fitted: dict[str, Model] = {}

    def fit(member: Member) -> Fitted:
        key = repr((member.method, sorted(member.settings.items()), member.others))
        if key not in fitted:
            extra = {"random_state": seed} if member.method in DRAWN else {}
            graph = joined(edges, domain, member.others)
            fitted[key] = MODELS.load(member.method)(graph, **member.settings, **extra)
        return Fitted(member, fitted[key])

    part = None if lent is None else within(lent, items)
    return _serving(
        edges, domain, items, [[fit(m) for m in blend] for blend in (choice.warm, choice.cold, choice.alone)], part
    )


def _serving(
    edges: Mapping[str, sp.csr_array],
    domain: str,
    items: Ints,
    blends: Sequence[list[Fitted]],
    lent: sp.csr_array | None,
) -> Serving:
    known = np.diff(edges[domain].indptr) > 0
    away = [np.diff(matrix.indptr) > 0 for name, matrix in edges.items() if name != domain]
    elsewhere = np.any(away, axis=0) if away else np.zeros_like(known)
    warm, cold, alone = blends
    return Serving(items, warm, cold, known, elsewhere, popularity(edges[domain]).counts, alone, lent)


def state_of(serving: Serving) -> State:
    """Members and what their models learnt."""

    def of(blend: Sequence[Fitted]) -> list[State]:
        return [{"member": asdict(each.member), "model": each.model.state()} for each in blend]

    blends = {side: of(getattr(serving, side)) for side in SIDES}
    return {"items": serving.items, "lent": serving.lent, **blends}


def kept_serving(fit: Callable[[], Serving], edges: Mapping[str, sp.csr_array], domain: str) -> Serving:
    """What `fit` gives; where a run is open, as it was kept, by :func:`state_of`."""
    if not store.keeping():
        return fit()
    return from_state(store.step(f"models of {domain}", lambda: state_of(fit())), edges, domain)


def from_state(state: State, edges: Mapping[str, sp.csr_array], domain: str) -> Serving:
    """Rebuild from :func:`state_of` and the edges."""

    def of(blend: Sequence[State]) -> list[Fitted]:
        out = []
        for each in blend:
            member = Member(**each["member"])
            graph = joined(edges, domain, member.others)
            out.append(Fitted(member, _KINDS[member.method].from_state(each["model"], graph)))
        return out

    return _serving(edges, domain, state["items"], [of(state[side]) for side in SIDES], state["lent"])
