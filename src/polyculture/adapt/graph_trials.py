"""Several ways to adapt over graphs, each with what it answers and how it is judged without target labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.preprocessing import normalize

from polyculture.adapt.depth_answer import DepthAnswer
from polyculture.adapt.depth_network import at_depths
from polyculture.adapt.graph_rounds import GraphWay, Spread, learn_over_graphs, source_network, spread_answers
from polyculture.adapt.shared_vectors import SharedVectors, shared_vectors
from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.graph import Edges, given
from polyculture.targets import kind_of

WAYS: dict[str, GraphWay] = {
    "none": GraphWay(),
    "self-training": GraphWay(
        (0, 2, 6), (2, 6, 15), rounds=3, share=0.8, balances=(0.0, 0.5, 1.0), smooth=8, networks=2
    ),
}
"""Without the graph; and over it, where the target's classes are taken to be as frequent as they are found, as in the
source, and between: what the three answer is averaged."""


@dataclass(frozen=True, eq=False)
class Tried:
    """One way, fitted: what it answers for the target, and what it takes to answer another graph.

    Parameters
    ----------
    answers : array of shape (m, width)
        Probabilities for the target's items, in the order of their rows.
    score : float or None
        Of circular validation; None where it was not judged.
    way : GraphWay
    vectors : SharedVectors
        How rows become vectors.
    centre : array of shape (d,)
        Mean of the target's vectors.
    network : DepthAnswer
        Items at the way's target depths to probabilities.
    """

    answers: Floats
    score: float | None
    way: GraphWay
    vectors: SharedVectors
    centre: Floats
    network: DepthAnswer

    def answer(self, vectors: Matrix, edges: Matrix) -> Floats:
        """Probabilities of the items of another graph; see :meth:`polyculture.adapt.over_graph.OverGraph.answer`."""
        joined = given(edges)
        found = _seen(self.vectors.of(vectors) - self.centre, joined, self.way.target_hops, self.way.alpha)
        return spread_answers(self.network([found[hop] for hop in self.way.target_hops]), joined, self.way)


def tried_over_graph(
    vectors: Matrix,
    edges: Matrix,
    y: Array,
    is_source: Array,
    *,
    ways: Mapping[str, GraphWay] | None = None,
    judged: bool | None = None,
    components: int = 512,
    seed: int = 0,
) -> dict[str, Tried]:
    """What each way answers for the target: what :func:`polyculture.adapt.over_graph.adapt_over_graph` chooses among.

    Parameters
    ----------
    vectors, edges, y, is_source, ways, components, seed
        As in :func:`polyculture.adapt.over_graph.adapt_over_graph`.
    judged : bool or None
        Whether each way goes back to the source and is scored there; None: where there is more than one.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.graph_trials import GraphWay, tried_over_graph
    >>> y, side = np.arange(40) % 2, np.arange(40) < 20
    >>> found = tried_over_graph(2.0 * y[:, None] - 1, np.zeros((40, 40)), y, side, ways={"none": GraphWay()})
    >>> found["none"].answers.shape, found["none"].score
    ((20, 2), None)
    """
    tried = dict(WAYS if ways is None else ways)
    if not tried:
        raise ParameterError("There are 0 ways; pass one.")
    side, joined, y = _sides(is_source, vectors.shape[0]), given(edges), np.asarray(y)
    if y.shape[:1] != side.shape:
        raise ShapeError(f"y has shape {y.shape}; pass one row of labels for each of the {len(side)} items.")
    if joined.shape[0] != len(side):
        raise ShapeError(f"There are {len(side)} vectors and edges of shape {joined.shape}; pass one row for each.")
    shared = shared_vectors(vectors, components=components, seed=seed)
    dense = shared.of(vectors)
    back = len(tried) > 1 if judged is None else judged
    sides = np.flatnonzero(side), np.flatnonzero(~side)
    known = kind_of(y).labelled(y)
    taught = sides[0][known[sides[0]]]
    # each side has its own mean, which says nothing of classes; without labels `_goals` says what is wrong
    centres = [dense[rows].mean(axis=0) for rows in (taught if len(taught) else sides[0], sides[1])]
    source, target = (
        _Side.of(dense[rows] - centre, joined[rows][:, rows], y[rows], tried, target=number > 0, back=back)
        for number, (rows, centre) in enumerate(zip(sides, centres, strict=True))
    )
    found, firsts = {}, dict[GraphWay, DepthAnswer]()
    for name, way in tried.items():
        network, answers = _from(source, target, way, seed, firsts)
        score = _circular(source, target, way, answers, seed) if back else None
        found[name] = Tried(answers, score, way, shared, centres[1], network)
    return found


@dataclass(frozen=True, eq=False)
class _Side:
    """One side's items at all depths, its graph, and its labels as rows; none of the target's."""

    spread: Mapping[float, Spread]
    edges: Edges
    goals: Array
    labelled: Ints
    several: bool

    @classmethod
    def of(
        cls, vectors: Floats, edges: Edges, y: Array, ways: Mapping[str, GraphWay], *, target: bool, back: bool
    ) -> _Side:
        deep = {way.alpha: set[int]() for way in ways.values()}
        for way in ways.values():
            own = way.target_hops if target else way.source_hops
            # on the way back each side plays the other
            deep[way.alpha] |= set(way.hops if back else own)
        spread = {alpha: _seen(vectors, edges, sorted(hops), alpha) for alpha, hops in deep.items()}
        goals, labelled = (np.empty((len(vectors), 0)), np.arange(0)) if target else _goals(y)
        return cls(spread, edges, goals, labelled, y.ndim == 2)


def _goals(y: Array) -> tuple[Array, Ints]:
    """Labels as rows of 0 and 1, and which items have any."""
    if y.dtype.kind not in "iub" or y.ndim not in (1, 2):
        raise ShapeError(f"y has shape {y.shape} and type {y.dtype}; pass one class a row, or a row of 0 and 1.")
    labelled = np.flatnonzero(kind_of(y).labelled(y))
    goals = y[labelled] if y.ndim == 2 else np.eye(int(y.max(initial=0)) + 1)[y[labelled]]
    if not len(labelled) or (goals == goals[0]).all():
        raise DataError("The labelled items of the source are all alike; give at least two classes.")
    return goals, labelled


def _from(
    source: _Side, target: _Side, way: GraphWay, seed: int, firsts: dict[GraphWay, DepthAnswer]
) -> tuple[DepthAnswer, Floats]:
    """A way's network and answers; ways that begin alike begin with one network."""
    spread = {hop: source.spread[way.alpha][hop] for hop in way.source_hops}
    every = len(source.labelled) == len(next(iter(spread.values())))
    taught = spread if every else {hop: view[source.labelled] for hop, view in spread.items()}
    start = replace(way, target_hops=(0,), rounds=0, share=1.0, balances=(0.0,), smooth=0)
    if start not in firsts:
        firsts[start] = source_network(way, taught, source.goals, several=source.several, seed=seed)
    return learn_over_graphs(
        way,
        taught,
        source.goals,
        target.spread[way.alpha],
        target.edges,
        several=source.several,
        first=firsts[start],
        seed=seed,
    )


def _seen(vectors: Floats, edges: Edges, hops: Sequence[int], alpha: float) -> Spread:
    """Vectors at several depths, of length 1: how many neighbours agree is no part of what they say."""
    found = at_depths(vectors, edges, hops, alpha=alpha)
    return {hop: normalize(each) for hop, each in found.items()}


def _circular(source: _Side, target: _Side, way: GraphWay, answers: Floats, seed: int) -> float:
    """Mean F1 over labels in the source, taught by what the target was answered to be."""
    if source.several:
        goals = np.maximum(answers >= 0.5, answers == answers.max(axis=1, keepdims=True)).astype(float)
    else:
        goals = np.eye(answers.shape[1])[answers.argmax(axis=1)]
    taught = _Side(target.spread, target.edges, goals, np.arange(len(goals)), source.several)
    # rounds of self-training cost most of the time, and say little of whether the graph is to be trusted
    found = _from(taught, source, replace(way, rounds=0), seed, {})[1][source.labelled]
    return _mean_f1(found, source.goals)


def _mean_f1(answers: Floats, goals: Array) -> float:
    """Each item is given as many labels as it has, the likeliest first."""
    place = np.argsort(np.argsort(-answers, axis=1, kind="stable"), axis=1, kind="stable")
    given_labels = place < goals.sum(axis=1, keepdims=True)
    hits, count = (given_labels & (goals > 0)).sum(axis=0), given_labels.sum(axis=0) + goals.sum(axis=0)
    return float((2 * hits[count > 0] / count[count > 0]).mean())


def _sides(is_source: Array, rows: int) -> Mask:
    side = np.asarray(is_source, dtype=bool)
    if side.shape != (rows,):
        raise ShapeError(f"is_source has shape {side.shape}; pass one value for each of the {rows} items.")
    if side.all() or not side.any():
        raise ParameterError("is_source holds one side alone; pass items of the source and of the target.")
    return side
