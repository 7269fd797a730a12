"""Accuracy by domain, its mean and its worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from polyculture.arrays import Array, Ints
from polyculture.measure import paired_interval, t_interval

METRICS = ("macro_f1", "accuracy")


def macro_f1(truth: Ints, predicted: Ints) -> float:
    r"""Mean over the classes that occur in `truth` of :math:`2 TP / (2 TP + FP + FN)`, in [0, 1]; NaN without items.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.evaluation.accuracy import macro_f1
    >>> macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])).__round__(3)
    0.733
    """
    if not len(truth):
        return float("nan")
    size = int(max(truth.max(), predicted.max())) + 1
    table = np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size)
    right, of_class, said = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    occurs = of_class > 0
    return float(np.mean(2 * right[occurs] / (of_class + said)[occurs]))


def accuracy(truth: Ints, predicted: Ints) -> float:
    """Share of items that are right, in [0, 1]; NaN without items."""
    return float(np.mean(truth == predicted)) if len(truth) else float("nan")


def by_domain(truth: Ints, predicted: Ints, domain: Array) -> dict[str, dict[str, Any]]:
    """Both metrics in per cent: ``{"macro_f1": {"mean", "worst", "by_domain"}, "accuracy": ...}``.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.evaluation.accuracy import by_domain
    >>> by_domain(np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1]), np.array(["a", "a", "b", "b"]))["accuracy"]
    {'mean': 75.0, 'worst': 50.0, 'by_domain': {'a': 100.0, 'b': 50.0}}
    """
    found: dict[str, dict[str, Any]] = {}
    for name, metric in (("macro_f1", macro_f1), ("accuracy", accuracy)):
        each = {str(d): 100 * metric(truth[domain == d], predicted[domain == d]) for d in sorted(set(domain.tolist()))}
        found[name] = {"mean": float(np.mean(list(each.values()))), "worst": min(each.values()), "by_domain": each}
    return found


def averaged(runs: Sequence[Mapping[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Mean over seeds of what :func:`by_domain` gave; ``worst`` is the mean of each seed's worst domain."""
    found: dict[str, dict[str, Any]] = {}
    for name in METRICS:
        parts = [run[name] for run in runs]
        found[name] = {
            "mean": float(np.mean([p["mean"] for p in parts])),
            "worst": float(np.mean([p["worst"] for p in parts])),
            "by_domain": {d: float(np.mean([p["by_domain"][d] for p in parts])) for d in parts[0]["by_domain"]},
        }
    return found


def lead(
    truth: Ints, first: Ints, second: Ints, domain: Array, *, seed: int = 0, samples: int = 200
) -> dict[str, dict[str, float]]:
    """Points of macro-F1 by which the first is ahead, on the mean and the worst domain: paired bootstrap over items."""
    codes = np.unique(domain, return_inverse=True)[1]
    reduce: dict[str, Callable[[list[float]], float]] = {"mean": fmean, "worst": min}

    def statistic(kind: str) -> Callable[[Array, Array], float]:
        def value(both: Array, predicted: Array) -> float:
            each = [
                macro_f1(both[here, 0], predicted[here]) for here in (both[:, 1] == d for d in np.unique(both[:, 1]))
            ]
            return 100 * reduce[kind](each)

        return value

    both = np.stack([truth, codes], axis=1)
    found = {}
    for kind in ("mean", "worst"):
        interval = paired_interval(statistic(kind), both, first, second, samples=samples, seed=seed)
        found[kind] = {"estimate": interval.estimate, "low": interval.low, "high": interval.high}
    return found


def lead_over_seeds(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, float]]:
    """The same by Student's t over the differences of each seed; takes what :func:`by_domain` gave."""
    found = {}
    for kind in ("mean", "worst"):
        differences = np.array([a["macro_f1"][kind] - b["macro_f1"][kind] for a, b in zip(first, second, strict=True)])
        interval = t_interval(differences)
        found[kind] = {"estimate": interval.estimate, "low": interval.low, "high": interval.high}
    return found
