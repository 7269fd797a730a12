"""A small network that scores the entries of short lists, learnt by a softmax over each list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats, Ints, Mask
from polyculture.recommend.adam import Adam

UNITS = 64
EPOCHS = 15
BATCH = 128
"""Lists a step."""

RATE = 0.03
WARM_UP = 20
"""Steps before the learning rate is reached; from there it falls to nothing in a straight line."""


@dataclass(frozen=True)
class ListNetwork:
    """One hidden layer of rectified units over features that were brought to mean 0 and deviation 1."""

    means: Floats
    scales: Floats
    first: Floats
    """Shape (features, units)."""
    bias: Floats
    last: Floats

    def scores(self, features: Floats) -> Floats:
        """Float32 array of shape (...,) from (..., features); only the order within a list means anything."""
        found: Floats = self.hidden((features - self.means) / self.scales) @ self.last
        return found

    def hidden(self, features: Floats) -> Floats:
        """What the units give for features on the common scale."""
        return np.maximum(features @ self.first + self.bias, np.float32(0))


def list_network(features: Floats, hits: Mask, *, random_state: int = 0) -> ListNetwork:
    r"""Learn to put what was taken above the rest of each list.

    .. math:: L = - \frac{1}{\sum_{ui} y_{ui}} \sum_{ui} y_{ui} \log \frac{e^{f(\phi_{ui})}}{\sum_j e^{f(\phi_{uj})}},
        \qquad f(\phi) = w^\top \max(0, A^\top \phi + b)

    This is ListNet's loss with the taken entries as the target. Lists without one teach nothing and are left out.

    Parameters
    ----------
    features : float32 array of shape (lists, entries, features)
    hits : bool array of shape (lists, entries)
        y: which entries were taken.
    random_state : int

    References
    ----------
    Cao et al. 2007, Learning to rank: from pairwise approach to listwise approach, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.recommend.list_network import list_network
    >>> features = np.random.default_rng(0).random((300, 5, 2), dtype=np.float32)
    >>> hits = features[:, :, 0] == features[:, :, 0].max(axis=1, keepdims=True)
    >>> found = list_network(features, hits).scores(features)
    >>> bool((found.argmax(axis=1) == hits.argmax(axis=1)).mean() > 0.95)
    True
    """
    rng, taught = np.random.default_rng(random_state), hits.any(axis=1)
    features, hits = features[taught], hits[taught]
    flat = features.reshape(-1, features.shape[2])
    means, scales = flat.mean(axis=0, dtype=np.float64), flat.std(axis=0, dtype=np.float64)
    means, scales = means.astype(np.float32), np.where(scales > 0, scales, 1).astype(np.float32)
    features = (features - means) / scales
    weights = rng.standard_normal((features.shape[2] + 2, UNITS)).astype(np.float32)
    weights *= np.float32(1 / np.sqrt(features.shape[2]))
    weights[-2] = 0
    # the last layer begins small, so that the first steps do not start from a made-up order
    weights[-1] *= np.float32(0.1)
    adam, steps = Adam(), EPOCHS * -(-len(features) // BATCH)
    for _ in range(EPOCHS):
        for part in _parts(len(features), rng):
            network = ListNetwork(means, scales, weights[:-2], weights[-2], weights[-1])
            adam.move(weights, _gradient(network, features[part], hits[part]), _rate(adam.steps, steps))
    return ListNetwork(means, scales, weights[:-2], weights[-2], weights[-1])


def _gradient(network: ListNetwork, features: Floats, hits: Mask) -> Floats:
    """Of the loss of some lists, by all weights in one array: the first layer, its bias, the last layer."""
    flat = features.reshape(-1, features.shape[2])
    units = network.hidden(flat)
    scores = (units @ network.last).reshape(hits.shape)
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    taken = hits.sum(axis=1, keepdims=True)
    by_score = scores * (taken / scores.sum(axis=1, keepdims=True)) - hits
    by_score = (by_score / taken.sum()).astype(np.float32).ravel()
    back = (by_score[:, None] * network.last) * (units > 0)
    return np.concatenate([flat.T @ back, back.sum(axis=0)[None], (by_score @ units)[None]])


def _parts(count: int, rng: np.random.Generator) -> list[Ints]:
    order = rng.permutation(count)
    return [order[start : start + BATCH] for start in range(0, count, BATCH)]


def _rate(step: int, steps: int) -> float:
    return RATE * min(1.0, (step + 1) / WARM_UP) * (1 - step / steps)
