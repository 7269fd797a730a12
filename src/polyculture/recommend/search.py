"""Which settings of a model serve one domain best, by interactions that were held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import scipy.sparse as sp

from polyculture.arrays import Floats
from polyculture.progress import LOG
from polyculture.recommend import MODELS
from polyculture.recommend.base import Model, Settings
from polyculture.recommend.climb import climb
from polyculture.recommend.co_occurrence import co_occurrence
from polyculture.recommend.ease import LIMIT, ease
from polyculture.recommend.edges import Edges, joined
from polyculture.recommend.jury import Jury
from polyculture.recommend.light_gcn import light_gcn
from polyculture.recommend.markov import markov
from polyculture.recommend.popularity import popularity
from polyculture.recommend.ranked import on_one_scale
from polyculture.recommend.spectral import Basis, Spectral, basis_of
from polyculture.recommend.timed_ease import check_items, near, solved
from polyculture.recommend.user_ease import user_ease

EXPONENTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
OFFSETS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
LINEAR = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
VECTORS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536)
DRAWN = ("spectral", "light_gcn", "markov", "gru4rec", "sasrec")
"""Methods that draw at random."""

NETWORKS = ("gru4rec", "sasrec")
"""Methods that need torch, and the most time: one training for each weight of other domains, and few of those."""

ORDERED = ("markov", *NETWORKS)
"""Methods that tell the next item from the last ones: what they are worth is seen on the last interactions."""

TIMED = ("timed_ease", *ORDERED)
"""Methods that need to know when items were taken."""

DECAYS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
SPANS = (0.03, 0.06, 0.1, 0.2, 0.4)

TEMPERATURES = (0.1, 0.15, 0.2, 0.3)
_PLAIN: dict[str, tuple[str, ...]] = {
    "light_gcn": ("temperature",),
    "markov": ("reach", "memory", "from_exponent", "to_exponent"),
    "gru4rec": (),
    "sasrec": (),
}
"""Settings of methods without the exponents that the others share."""

_RUNGS: dict[str, tuple[float, ...]] = {
    "temperature": TEMPERATURES,
    "reach": DECAYS,
    "memory": DECAYS,
    "from_exponent": EXPONENTS,
    "to_exponent": EXPONENTS,
}
_BEGIN = {"temperature": 0.1, "reach": 0.6, "memory": 0.6, "from_exponent": 0.4, "to_exponent": 0.4}

_NAMES = {
    "spectral": ("vectors", "linear_weight"),
    "ease": ("ridge",),
    "user_ease": ("ridge",),
    "timed_ease": ("ridge", "span"),
}
"""Settings of a method beside its exponents."""

_QUICK = 10_000
"""Users and items up to which the temperature is searched; one training takes a minute beyond. Times are looked at
up to here by themselves."""

_SPREAD = 500_000
"""Users and items of which vectors are learnt where EASE is too large: in each of dozens of steps all are moved."""

RIDGES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)


@dataclass(frozen=True)
class Member:
    """One model of a blend: what it is, how much the edges of other domains weigh in its graph, and its own weight."""

    method: str
    settings: Settings
    others: float
    weight: float = 1.0
    worth: float = float("nan")


@dataclass
class Trials:
    """The models that are tried for one domain; what several of them share is computed once."""

    edges: Edges
    domain: str
    jury: Jury
    most_vectors: int
    random_state: int
    times: sp.csr_array | None = None

    def __post_init__(self) -> None:
        self._graph: tuple[float, sp.csr_array] | None = None
        self._learnt: dict[tuple[Any, ...], Model] = {}
        self._basis: tuple[tuple[float, float, float], Basis] | None = None
        self._near: tuple[tuple[float, float, float], Floats] | None = None

    def graph(self, others: float) -> sp.csr_array:
        """The graph in which other domains weigh so much; the last is kept."""
        if self._graph is None or self._graph[0] != others:
            self._graph = (others, joined(self.edges, self.domain, others))
        return self._graph[1]

    def popularity(self, at: Mapping[str, Any]) -> Model:  # noqa: ARG002 (there is nothing to choose)
        """Fitted on the domain alone."""
        return popularity(self.edges[self.domain])

    def co_occurrence(self, at: Mapping[str, Any]) -> Model:
        """Fitted."""
        return co_occurrence(self.graph(at["others"]), **settings_of("co_occurrence", at))

    def spectral(self, at: Mapping[str, Any]) -> Model:
        """Fitted; the last basis is kept, which several filters share."""
        key = (at["others"], at["user_exponent"], at["item_exponent"])
        if self._basis is None or self._basis[0] != key:
            graph = self.graph(at["others"])
            self._basis = (key, basis_of(graph, *key[1:], self.most_vectors, random_state=self.random_state))
        basis = self._basis[1]
        vectors = min(at["vectors"], len(basis.values))
        return Spectral(basis, vectors, at["linear_weight"], at["item_exponent"] + at["offset"])

    def ease(self, at: Mapping[str, Any]) -> Model:
        """Fitted."""
        return ease(self.graph(at["others"]), **settings_of("ease", at))

    def user_ease(self, at: Mapping[str, Any]) -> Model:
        """Fitted."""
        return user_ease(self.graph(at["others"]), **settings_of("user_ease", at))

    def timed_ease(self, at: Mapping[str, Any]) -> Model:
        """Fitted; the last products over time are kept, which several ridges and exponents of items share."""
        key = (at["others"], at["span"], at["user_exponent"])
        if self._near is None or self._near[0] != key:
            check_items(self.edges[self.domain].shape[1])
            self._near = (key, near(self.graph(at["others"]), self.times, *key[1:]))
        found = settings_of("timed_ease", at)
        exponents = (found["user_exponent"], found["item_exponent"], found["output_exponent"])
        return solved(self.graph(at["others"]), self._near[1], found["ridge"], exponents)

    def light_gcn(self, at: Mapping[str, Any]) -> Model:
        """Fitted; what was learnt is kept, as it takes longest."""
        key = (at["others"], at["temperature"])
        if key not in self._learnt:
            self._learnt[key] = light_gcn(self.graph(key[0]), temperature=key[1], random_state=self.random_state)
        return self._learnt[key]

    def markov(self, at: Mapping[str, Any]) -> Model:
        """Fitted."""
        settings = settings_of("markov", at)
        return markov(self.graph(at["others"]), times=self.times, **settings, random_state=self.random_state)

    def gru4rec(self, at: Mapping[str, Any]) -> Model:
        """Fitted; what was learnt is kept."""
        return self._network("gru4rec", at)

    def sasrec(self, at: Mapping[str, Any]) -> Model:
        """Fitted; what was learnt is kept."""
        return self._network("sasrec", at)

    def _network(self, method: str, at: Mapping[str, Any]) -> Model:
        key = (method, at["others"])
        if key not in self._learnt:
            learn = MODELS.load(method)
            self._learnt[key] = learn(self.graph(at["others"]), times=self.times, random_state=self.random_state)
        return self._learnt[key]

    def best(self, method: str, others: Sequence[float], start: Mapping[str, Any] | None = None) -> Member:
        """Climb to the best settings of one method, where other domains may weigh as much as is named."""
        own = self.edges[self.domain]
        ladders, first = _ladders(method, others, min(self.most_vectors, room(own)))
        if method == "light_gcn" and sum(own.shape) > _QUICK:
            ladders["temperature"] = (first["temperature"],)
        fit: Callable[[Mapping[str, Any]], Model] = getattr(self, method)
        at, worth = climb(ladders, first | dict(start or {}), lambda at: self.jury.worth(self._judged(fit(at))))
        member = Member(method, settings_of(method, at), at.get("others", 0.0), worth=worth)
        LOG.info("%s: %s, other domains %g: %.4f", self.domain, method, member.others, worth)
        return member

    def scores(self, member: Member) -> Floats:
        """Scores of a member for the jury's users and items on one scale."""
        return on_one_scale(self._judged(self.model(member)))

    def _judged(self, model: Model) -> Floats:
        return model.scores(self.jury.rows, self.jury.items)

    def model(self, member: Member) -> Model:
        """A member, fitted without what the jury knows."""
        at = dict(member.settings) | {"others": member.others}
        if "output_exponent" in at:
            at["offset"] = at["output_exponent"] - at["item_exponent"]
        found: Model = getattr(self, member.method)(at)
        return found


def possible(method: str, shape: tuple[int, ...], *, timed: bool = False) -> bool:
    """Whether a method is worth its minutes with a matrix of this shape, and has the times that it may need.

    Vectors are learnt where that is quick or EASE is too large.
    """
    small = min(shape) <= LIMIT // 3
    if method in TIMED:
        return timed and sum(shape) <= _QUICK
    if method == "light_gcn":
        return sum(shape) <= (_QUICK if small else _SPREAD)
    return small or "ease" not in method


def unchosen(method: str, matrix: sp.csr_array) -> Settings:
    """Settings with which there is nothing to choose by: few singular vectors for a small matrix."""
    return {"vectors": room(matrix)} if method == "spectral" else {}


def room(matrix: sp.csr_array) -> int:
    """A quarter of the smaller side: with all singular vectors the low-pass filter would pass everything."""
    return int(max(1, min(matrix.shape) // 4))


def settings_of(method: str, at: Mapping[str, Any]) -> Settings:
    """The settings of a method's function from a point of the search."""
    if method == "popularity":
        return {}
    if method in _PLAIN:
        return {name: at[name] for name in _PLAIN[method]}
    names = _NAMES.get(method, ())
    found = {name: at[name] for name in ("user_exponent", "item_exponent", *names)}
    return found | {"output_exponent": round(at["item_exponent"] + at["offset"], 6)}


def _ladders(method: str, others: Sequence[float], most: int) -> tuple[dict[str, Sequence[Any]], dict[str, Any]]:
    """Values to climb among, cheap settings first, and where to begin."""
    if method == "popularity":
        return {}, {}
    if method in _PLAIN:
        steps: dict[str, Sequence[Any]] = {name: _RUNGS[name] for name in _PLAIN[method]}
        return {**steps, "others": others}, {name: _BEGIN[name] for name in steps} | {"others": others[0]}
    shared: dict[str, Sequence[Any]] = {"user_exponent": EXPONENTS, "item_exponent": EXPONENTS, "others": others}
    middle = {"user_exponent": 0.4, "item_exponent": 0.4, "offset": 0.0, "others": others[0]}
    if method == "co_occurrence":
        # what serves is popular: the search begins at plain counts
        return {"offset": OFFSETS, **shared}, dict.fromkeys(middle, 0.0) | {"others": others[0]}
    if method != "spectral":
        # an item's exponent at the end does not move the items of a user of a model over users
        own: dict[str, Sequence[Any]] = {} if method == "user_ease" else {"offset": OFFSETS}
        if method == "timed_ease":
            return {"ridge": RIDGES, **own, "span": SPANS, **shared}, middle | {"ridge": 0.2, "span": 0.1}
        return {"ridge": RIDGES, **own, **shared}, middle | {"ridge": 0.5}
    vectors = [count for count in VECTORS if count <= most] or [most]
    return (
        {"linear_weight": LINEAR, "offset": OFFSETS, "vectors": vectors, **shared},
        middle | {"linear_weight": 0.45, "vectors": vectors[-1]},
    )
