"""A small network that sees each item at several depths of a graph: depth as augmentation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from polyculture.adapt.depth_answer import DepthAnswer, Views
from polyculture.arrays import Array, Floats
from polyculture.device import moved
from polyculture.errors import DataError, ParameterError
from polyculture.features.graph import Edges
from polyculture.features.graph.normalise import Normalised, checked
from polyculture.features.sampling import MANY

if TYPE_CHECKING:
    import torch

    from polyculture.training import Objective

HIDDEN, DROPOUT = (128,), (0.2, 0.5)
LEARNING_RATE, WEIGHT_DECAY, BATCH = 3e-3, 1e-2, 256


def at_depths(vectors: Floats, edges: Edges, hops: Sequence[int], *, alpha: float = 0.05) -> dict[int, Floats]:
    r"""Vectors at several depths of personalised PageRank, spread once.

    .. math:: Z_0 = X, \qquad Z_{t + 1} = (1 - \alpha) \hat A Z_t + \alpha X

    Parameters
    ----------
    vectors : array of shape (n, d)
    edges : CSR array or Bipartite of shape (n, n)
        Row i holds the edges over which item i receives; an item without edges keeps its vector.
    hops : sequence of int >= 0
        Depths to keep.
    alpha : float in [0, 1]
        Share of its own vector that an item takes up again in every hop.

    Returns
    -------
    dict of int to float32 array of shape (n, d)

    Raises
    ------
    ShapeError, DataError
        If vectors and edges do not fit together, or a value is not finite.
    ParameterError
        If a number of hops is below 0 or `alpha` out of its range.

    References
    ----------
    Gasteiger et al. 2019, Predict then propagate, arXiv:1810.05997.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.depth_network import at_depths
    >>> from polyculture.features.graph import given
    >>> found = at_depths(np.array([[0.0], [4.0]]), given(np.array([[0, 1], [1, 0]])), [0, 1], alpha=0.5)
    >>> [z.ravel().tolist() for z in found.values()]
    [[0.0, 4.0], [2.0, 2.0]]
    """
    if not len(hops) or min(hops) < 0 or not 0 <= alpha <= 1:
        least = min(hops, default="empty")
        raise ParameterError(f"hops is {least} and alpha {alpha}; pass numbers from 0, and a share.")
    first = checked(vectors, edges, len(vectors))
    row, state, kept = Normalised.of(edges, 0.0, "row"), first, {}
    for hop in range(max(hops) + 1):
        if hop:
            state = row.mixed(edges @ state, state, first, alpha)
        if hop in hops:
            kept[hop] = state
    return {hop: kept[hop] for hop in hops}


def depth_network(
    parts: Sequence[tuple[Views, Array]], *, several: bool = False, epochs: int = 8, networks: int = 1, seed: int = 0
) -> DepthAnswer:
    r"""Networks with one hidden layer, taught by items of which each step sees one depth, drawn at random.

    .. math:: \min_\theta \frac{1}{n} \sum_i \ell \big( f_\theta(z_i^{(h)}), \, y_i \big),
        \qquad h \sim \text{uniform over the depths of the part that item } i \text{ is of}

    with the cross-entropy of a softmax, or of a sigmoid for each label. An answer is the mean over depths and networks.

    Parameters
    ----------
    parts : sequence of (views, goals)
        Items at some depths, arrays of shape (n, d); and what they are, rows of shape (n, width) that sum to 1, or of 0
        and 1. Parts may have different depths.
    several : bool
        Whether an item may have several labels at once.
    epochs : int >= 1
        Passes; the learning rate falls to 0 along a cosine. Over more than 100,000 items there are as many fewer, but
        two, and batches are larger.
    networks : int >= 1
        How many differ in their first weights and are averaged.
    seed : int

    Returns
    -------
    DepthAnswer
        Items at any number of depths to probabilities.

    Raises
    ------
    DataError
        If there is no item to learn from.

    References
    ----------
    Loshchilov & Hutter 2017, SGDR, arXiv:1608.03983 (cosine).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.depth_network import depth_network
    >>> x, y = np.repeat([[-1.0], [1.0]], 20, axis=0).astype("float32"), np.repeat(np.eye(2), 20, axis=0)
    >>> answer = depth_network([([x, 0.5 * x], y)], epochs=20)
    >>> answer([np.array([[-2.0], [2.0]], dtype="float32")]).argmax(axis=1)
    array([0, 1])
    """
    if not sum(len(goals) for _, goals in parts):
        raise DataError("There is no item to learn from; pass at least one.")
    import torch

    from polyculture.features.network import build, weights_of
    from polyculture.training import batch_for, train

    scale = _size(parts[0][0])
    objective, rows = _objective(parts, scale, several=several)
    width, outputs = parts[0][0][0].shape[1], parts[0][1].shape[1]
    made = []
    # the caller's random numbers stay as they were
    with torch.random.fork_rng(devices=[]):
        for number in range(networks):
            torch.manual_seed(1000 * number + seed)
            network = build(width, HIDDEN, outputs, DROPOUT)
            train(
                network,
                objective,
                np.arange(rows),
                learning_rate=LEARNING_RATE,
                weight_decay=WEIGHT_DECAY,
                # very many items are no more than a thousand steps a pass, as in the backbone
                batch_size=batch_for(rows, max(BATCH, rows // 1000)),
                epochs=_passes(epochs, rows),
                schedule=_cosine,
                seed=1000 * number + seed,
                name="network over depths",
            )
            made.append(weights_of(network))
    return DepthAnswer(tuple(made), float(scale), several)


def _passes(epochs: int, rows: int) -> int:
    """As many as see no more items than so many passes over :data:`MANY` do, at least two where that many are asked."""
    return min(epochs, max(2, math.ceil(epochs * MANY / rows)))


def _size(views: Views) -> np.float32:
    """Root mean square, by which inputs are divided: no unit of the vectors matters."""
    mean = np.mean([np.square(view, dtype=np.float64).mean() for view in views])
    return np.float32(np.sqrt(mean) if mean > 0 else 1.0)


def _cosine(step: int, steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def _objective(parts: Sequence[tuple[Views, Array]], scale: np.float32, *, several: bool) -> tuple[Objective, int]:
    """The loss over the items of all parts, numbered one after the other, and how many there are."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    # all views of all parts below each other: view v of an item stands `apart` rows below its view v - 1
    below = np.concatenate([np.asarray(view, np.float32) for views, _ in parts for view in views])
    pool = torch.from_numpy(np.divide(below, scale, out=below))
    goals = torch.from_numpy(np.concatenate([y for _, y in parts]).astype(np.float32))
    starts = np.cumsum([0, *(len(views) * len(y) for views, y in parts)])
    first, apart, many = (
        torch.from_numpy(np.concatenate(each))
        for each in zip(
            *(
                (start + np.arange(len(y)), np.full(len(y), len(y)), np.full(len(y), len(views)))
                for start, (views, y) in zip(starts, parts, strict=False)
            ),
            strict=True,
        )
    )

    def objective(network: torch.nn.Module, rows: torch.Tensor) -> tuple[torch.Tensor, int, int]:
        depth = (torch.rand(len(rows)) * many[rows]).long()
        given, truth = moved(pool[first[rows] + depth * apart[rows]], goals[rows])
        scores = network(given)
        loss = binary_cross_entropy_with_logits(scores, truth) if several else cross_entropy(scores, truth)
        return loss, int((scores.argmax(1) == truth.argmax(1)).sum()), len(rows)

    return objective, len(goals)
