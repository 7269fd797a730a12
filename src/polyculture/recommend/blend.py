"""Several models as one: a weighted sum of scores that were put on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyculture.arrays import Floats

WEIGHTS = (0.15, 0.3, 0.6, 1.0)
"""Tried for a model that joins, where the model that was best alone weighs 1."""


def blend(scores: Sequence[Floats], worth: Callable[[Floats], float]) -> tuple[list[float], float]:
    """Weights of models, by adding one at a time the model and weight that gain most; none joins without a gain.

    Parameters
    ----------
    scores : sequence of arrays of one shape
        On one scale; not changed.
    worth : callable of an array of that shape, which it may change
        Higher is better.

    Returns
    -------
    list of float, float
        Weights that sum to 1, and what the sum is worth.

    Examples
    --------
    >>> import numpy as np
    >>> blend([np.array([[3.0, 1.0]]), np.array([[0.0, 9.0]])], lambda s: float(s[0, 0] - s[0, 1]))
    ([1.0, 0.0], 2.0)
    """
    alone = [worth(each.copy()) for each in scores]
    first = int(np.argmax(alone))
    weights, top = np.zeros(len(scores)), alone[first]
    weights[first], total = 1.0, scores[first].copy()
    while True:
        trials = {
            (at, weight): worth(total + np.float32(weight) * scores[at])
            for at in np.flatnonzero(weights == 0).tolist()
            for weight in WEIGHTS
        }
        if not trials or max(trials.values()) <= top:
            break
        at, weight = max(trials, key=lambda key: trials[key])
        top, weights[at] = trials[at, weight], weight
        total += np.float32(weight) * scores[at]
    return (weights / weights.sum()).tolist(), top
