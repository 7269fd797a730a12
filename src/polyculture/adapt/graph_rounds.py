"""Self-training over two graphs: the source's labels, and the target's surest answers, at depths of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from polyculture.adapt.aligned import aligned
from polyculture.adapt.depth_answer import DepthAnswer
from polyculture.adapt.depth_network import at_depths, depth_network
from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.features.graph import Edges

Spread = Mapping[int, Floats]
"""Items at several depths, by the number of hops."""


@dataclass(frozen=True)
class GraphWay:
    """One way to adapt over graphs.

    Parameters
    ----------
    source_hops, target_hops : tuple of int >= 0
        Depths at which items of the source are learnt from, and at which items of the target are answered.
    rounds : int >= 0
        Of self-training.
    share : float in (0, 1]
        Part of each class that is learnt from in a round: those the answers are surest of.
    balances : tuple of float in [0, 1]
        How much the source's proportions of the classes count against those that are found, as exponents of a product;
        rounds are gone through once for each, and their networks are averaged.
    smooth : int >= 0
        How far answers spread over the target's graph, before they are learnt from and at the end.
    alpha : float in [0, 1]
        Share of its own vector, or answer, that an item takes up again in every hop.
    networks : int >= 1
        How many are averaged.
    epochs : int >= 1

    Examples
    --------
    >>> from polyculture.adapt.graph_rounds import GraphWay
    >>> GraphWay((0, 2), (4,)).hops
    (0, 2, 4)
    """

    source_hops: tuple[int, ...] = (0,)
    target_hops: tuple[int, ...] = (0,)
    rounds: int = 0
    share: float = 0.8
    balances: tuple[float, ...] = (0.0,)
    smooth: int = 0
    alpha: float = 0.05
    networks: int = 1
    epochs: int = 8

    def __post_init__(self) -> None:
        counts = (*self.source_hops, *self.target_hops, self.rounds, self.smooth, self.networks - 1, self.epochs - 1)
        if not self.source_hops or not self.target_hops or min(counts) < 0:
            raise ParameterError(f"{self} has no depths, or a number below its least; pass hops from 0.")
        if not 0 < self.share <= 1 or not 0 <= self.alpha <= 1:
            raise ParameterError(f"share is {self.share} and alpha {self.alpha}; pass shares.")
        if not self.balances or not all(0 <= balance <= 1 for balance in self.balances):
            raise ParameterError(f"balances is {self.balances}; pass one or more numbers from 0 to 1.")

    @property
    def hops(self) -> tuple[int, ...]:
        """All depths, each once."""
        return tuple(sorted({*self.source_hops, *self.target_hops}))


def learn_over_graphs(
    way: GraphWay,
    source: Spread,
    goals: Array,
    target: Spread,
    edges: Edges,
    *,
    several: bool = False,
    first: DepthAnswer | None = None,
    seed: int = 0,
) -> tuple[DepthAnswer, Floats]:
    r"""A network of the source's labels, then of these and of its own surest answers to the target, round by round.

    Each round answers the target at all of its depths, spreads the answers over the target's graph, weighs them so that
    the classes have the proportions

    .. math:: q_k \propto s_k^{\beta} \, \bar p_k^{\,1 - \beta}

    with :math:`s` those of the source and :math:`\bar p` those of the answers, keeps the surest :math:`\sigma` of the
    items of each class, and teaches a new network with them as if they were labelled. Classes take as many items as
    they have answers: none crowds out the others. Networks of the later half of the rounds are averaged, over all
    :math:`\beta`.

    Parameters
    ----------
    way : GraphWay
    source, target : mapping of int to array of shape (n, d) and (m, d)
        Labelled items and items of the target, at the depths that the way needs.
    goals : array of shape (n, width)
        Rows that sum to 1, or of 0 and 1 where `several`.
    edges : CSR array or Bipartite of shape (m, m)
        The target's graph.
    several : bool
        Whether an item may have several labels at once.
    first : DepthAnswer or None
        What the source's labels alone teach, where it is there already: :func:`source_network`.
    seed : int

    Returns
    -------
    answer : callable
        Items at the way's target depths to probabilities, before they are spread.
    answers : array of shape (m, width)
        Of the target, spread over its graph.

    References
    ----------
    Zou et al. 2018, arXiv:1810.07911 (surest of each class); Berthelot et al. 2020, arXiv:1911.09785 (alignment of
    proportions); Liu et al. 2024, arXiv:2402.05660 (depth in the target).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.graph_rounds import GraphWay, learn_over_graphs
    >>> from polyculture.features.graph import given
    >>> x, y = np.repeat([[-1.0], [1.0]], 20, axis=0), np.repeat(np.eye(2), 20, axis=0)
    >>> none = given(np.zeros((40, 40)))
    >>> answer, found = learn_over_graphs(GraphWay(rounds=1, epochs=20), {0: x}, y, {0: 2 * x}, none)
    >>> found.argmax(axis=1)[[0, -1]]
    array([0, 1])
    """
    taught = [source[hop] for hop in way.source_hops], goals
    asked = [target[hop] for hop in way.target_hops]
    train = partial(depth_network, several=several, epochs=way.epochs, networks=way.networks)
    first = source_network(way, source, goals, several=several, seed=seed) if first is None else first
    made = [first] if not way.rounds else []
    for balance in way.balances if way.rounds else ():
        answer = first
        for number in range(1, way.rounds + 1):
            found = _balanced(spread_answers(answer(asked), edges, way), goals, balance)
            rows, own = surest(found, way.share, several=several)
            answer = train([taught, ([view[rows] for view in asked], own)], seed=seed + number)
            if number > way.rounds // 2:
                made.append(answer)
    together = DepthAnswer.together(made)
    return together, spread_answers(together(asked), edges, way)


def source_network(way: GraphWay, source: Spread, goals: Array, *, several: bool = False, seed: int = 0) -> DepthAnswer:
    """What the source's labels alone teach; arguments as in :func:`learn_over_graphs`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.graph_rounds import GraphWay, source_network
    >>> x, y = np.repeat([[-1.0], [1.0]], 20, axis=0), np.repeat(np.eye(2), 20, axis=0)
    >>> source_network(GraphWay(epochs=20), {0: x}, y)([x]).argmax(axis=1)[[0, -1]]
    array([0, 1])
    """
    views = [source[hop] for hop in way.source_hops]
    return depth_network([(views, goals)], several=several, epochs=way.epochs, networks=way.networks, seed=seed)


def _balanced(answers: Floats, goals: Array, balance: float) -> Floats:
    """Answers with proportions between the source's and their own."""
    if not balance:
        return answers
    own = (answers / np.maximum(answers.sum(axis=1, keepdims=True), 1e-12)).mean(axis=0)
    return aligned(answers, (goals.sum(axis=0) / goals.sum()) ** balance * own ** (1 - balance))


def spread_answers(answers: Floats, edges: Edges, way: GraphWay) -> Floats:
    """Answers mixed with those of neighbours, as far as a way asks.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.graph_rounds import GraphWay, spread_answers
    >>> from polyculture.features.graph import given
    >>> edges = given(np.array([[0, 1], [1, 0]]))
    >>> spread_answers(np.array([[1.0, 0.0], [0.5, 0.5]]), edges, GraphWay(smooth=1, alpha=0.5)).tolist()
    [[0.75, 0.25], [0.75, 0.25]]
    """
    return at_depths(answers, edges, [way.smooth], alpha=way.alpha)[way.smooth].astype(np.float64)


def surest(answers: Floats, share: float, *, several: bool = False) -> tuple[Ints, Floats]:
    """Rows that are learnt from, and what as: the likeliest class, and all labels that are likelier than not.

    Of the items that a class is the likeliest of, this share is kept: those that it has the largest probability for.
    Unlike :func:`polyculture.adapt.self_training.pseudo_labels` it takes answers that do not sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.graph_rounds import surest
    >>> rows, goals = surest(np.array([[0.9, 0.7], [0.6, 0.1], [0.1, 0.4], [0.2, 0.8]]), 0.5, several=True)
    >>> rows.tolist(), goals.tolist()
    ([0, 3], [[1.0, 1.0], [0.0, 1.0]])
    """
    likeliest = answers.argmax(axis=1)
    sure, found = answers.max(axis=1), list[Ints]()
    for k in np.unique(likeliest):
        own = np.flatnonzero(likeliest == k)
        found.append(own[np.argsort(-sure[own], kind="stable")[: round(share * len(own))]])
    rows = np.sort(np.concatenate(found))
    goals = np.eye(answers.shape[1])[likeliest[rows]]
    return rows, np.maximum(goals, answers[rows] >= 0.5) if several else goals
