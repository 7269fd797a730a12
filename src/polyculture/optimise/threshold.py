"""Decision threshold for metrics that ask for one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import balanced_accuracy_score, f1_score

from polyculture.arrays import Array, Ints
from polyculture.errors import ParameterError

METRICS: dict[str, Callable[[Ints, Ints], float]] = {
    "f1": lambda y, p: float(f1_score(y, p, zero_division=0.0)),
    "macro_f1": lambda y, p: float(f1_score(y, p, average="macro", zero_division=0.0)),
    "balanced_accuracy": lambda y, p: float(balanced_accuracy_score(y, p)),
}


def best_threshold(probabilities: Array, y: Ints, *, metric: str = "macro_f1", candidates: int = 99) -> float:
    """Probability of the second of two classes from which on it is predicted, chosen on held-out items.

    Parameters
    ----------
    probabilities : array of shape (n, 2)
    y : array of int, shape (n,)
        0 or 1.
    metric : {"f1", "macro_f1", "balanced_accuracy"}
    candidates : int >= 1
        Evenly spaced thresholds that are tried; of equal ones the nearest to one half wins.

    Raises
    ------
    ParameterError
        If the metric is not known or there are more than two classes.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise import best_threshold
    >>> p = np.array([0.1, 0.2, 0.3, 0.4])
    >>> 0.2 < best_threshold(np.stack([1 - p, p], axis=1), np.array([0, 0, 1, 1])) < 0.31
    True
    """
    if metric not in METRICS:
        raise ParameterError(f"there is no metric named {metric!r} for a threshold; use one of {', '.join(METRICS)}")
    if probabilities.shape[1] != 2:
        raise ParameterError(f"a threshold is for two classes, there are {probabilities.shape[1]}; leave it out")
    tried = np.linspace(0, 1, candidates + 2)[1:-1]
    scores = np.array([METRICS[metric](y, (probabilities[:, 1] >= t).astype(int)) for t in tried])
    best = np.flatnonzero(scores == scores.max())
    return float(tried[best[np.argmin(np.abs(tried[best] - 0.5))]])
