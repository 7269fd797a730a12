"""From labelled items of a graph to the unlabelled items of another: several ways are tried, and one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from polyculture.adapt.depth_answer import DepthAnswer
from polyculture.adapt.graph_rounds import GraphWay
from polyculture.adapt.graph_trials import WAYS, Tried, tried_over_graph
from polyculture.adapt.shared_vectors import SharedVectors
from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import ParameterError

__all__ = ["WAYS", "GraphWay", "OverGraph", "adapt_over_graph"]


@dataclass(frozen=True, eq=False)
class OverGraph:
    """A model of a target without labels, and how it was found.

    Parameters
    ----------
    name : str
        Of the way that was chosen.
    scores : dict of str to float
        What circular validation gave each way; empty where there was nothing to choose.
    tried : Tried
        The way itself, fitted.
    """

    name: str
    scores: dict[str, float]
    tried: Tried

    @property
    def target_answers(self) -> Floats:
        """Probabilities for the target's items, in the order of their rows, shape (m, width)."""
        return self.tried.answers

    def answer(self, vectors: Matrix, edges: Matrix) -> Floats:
        """Probabilities of the items of another graph, which need not have been there when it was fitted.

        Parameters
        ----------
        vectors : array or sparse array of shape (k, d)
        edges : sparse array of shape (k, k)

        Returns
        -------
        array of shape (k, width)
        """
        return self.tried.answer(vectors, edges)

    def state(self) -> dict[str, Any]:
        """All that is needed to answer other graphs again; what it answered for the target is not kept."""
        tried = self.tried
        return {
            "name": self.name,
            "scores": self.scores,
            "way": asdict(tried.way),
            "centre": tried.centre,
            "vectors": {"weights": tried.vectors.weights, "axes": tried.vectors.axes},
            "network": tried.network.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        way: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in state["way"].items()}
        network = DepthAnswer.from_state(state["network"])
        nothing = np.empty((0, 0))
        tried = Tried(nothing, None, GraphWay(**way), SharedVectors(**state["vectors"]), state["centre"], network)
        return cls(state["name"], state["scores"], tried)


def adapt_over_graph(
    vectors: Matrix,
    edges: Matrix,
    y: Array,
    is_source: Array,
    *,
    ways: Mapping[str, GraphWay] | None = None,
    margin: float = 0.0,
    components: int = 512,
    seed: int = 0,
) -> OverGraph:
    r"""A model of the target's items, from the labels of the source, both in graphs.

    Every way answers the target. What it answers then teaches the source, the same way with both sides exchanged, and
    is judged there by the labels (circular validation):

    .. math:: \text{score} = \frac{1}{K} \sum_k \text{F1}_k \big( y_s, \; g(X_s, A_s) \big),
        \qquad g = \text{way} \big( (X_t, A_t, \hat y_t) \to (X_s, A_s) \big)

    On the way back nothing trains itself: that would cost most of the time. The way with the highest score is taken;
    the first, which leaves the graph alone, where no other is better by more than a margin. Labels of the target have
    no part in it: they are not read.

    Parameters
    ----------
    vectors : array or sparse array of shape (n, d)
        Items of both sides; sparse non-negative ones are weighed and turned by
        :func:`polyculture.adapt.shared_vectors.shared_vectors`. The mean of a side is taken off its vectors, which are
        brought to length 1 once they are spread.
    edges : sparse array of shape (n, n)
        Graph of all items; edges between the two sides are left out.
    y : array of int, shape (n,) or (n, L)
        Classes, -1 where there is none; or labels, 0 and 1, a row of -1 where there are none.
    is_source : array of bool, shape (n,)
        Items of the source, which may be of several domains; the others are the target.
    ways : mapping of str to GraphWay, or None
        Candidates; None: :data:`WAYS`. One alone is taken without being judged.
    margin : float >= 0
        By how much another must be better than the first.
    components : int >= 1
        Main directions of sparse vectors.
    seed : int

    Returns
    -------
    OverGraph

    Raises
    ------
    ShapeError, DataError
        If arrays do not fit together, hold values that are not finite, or the source has fewer than two classes.
    ParameterError
        If there is no way, one side is empty, or the margin is below 0.

    References
    ----------
    Liu et al. 2024, arXiv:2402.05660 (depth by side); Zou et al. 2018, arXiv:1810.07911 (self-training by class);
    Bruzzone & Marconcini 2010, IEEE TPAMI 32(5) (circular validation).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.over_graph import GraphWay, adapt_over_graph
    >>> y, side = np.arange(40) % 2, np.arange(40) < 20
    >>> joined = np.equal.outer(y, y) & np.equal.outer(side, side)
    >>> found = adapt_over_graph(2.0 * y[:, None] - 1, joined * 1.0, np.where(side, y, -1), side)
    >>> found.target_answers.argmax(axis=1)[:4]
    array([0, 1, 0, 1])
    """
    if not margin >= 0:
        raise ParameterError(f"margin is {margin}; pass 0 or more.")
    found = tried_over_graph(vectors, edges, y, is_source, ways=ways, components=components, seed=seed)
    scores = {name: each.score for name, each in found.items() if each.score is not None}
    name = _best(scores, margin) if scores else next(iter(found))
    return OverGraph(name, scores, found[name])


def _best(scores: Mapping[str, float], margin: float) -> str:
    first = next(iter(scores))
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > scores[first] + margin else first
