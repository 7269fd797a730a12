"""Whether reasons are true: what the model answers when the weightiest parts are left out, or alone are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError
from polyculture.explain.words import Predict, Reasons, kept_words
from polyculture.measure import bootstrap

Keep = Callable[[Ints, Sequence[Mask]], Floats]
"""Items by position, and which of their parts are kept, to the probability of what was predicted for them."""

FRACTIONS = (0.1, 0.2, 0.3, 0.5, 0.7)
SIGNS = {"deletion": -1.0, "insertion": 1.0, "comprehensiveness": 1.0, "sufficiency": -1.0}
"""Whether more is better."""


def faithful(keep: Keep, weights: Sequence[Floats], *, draws: int = 5, samples: int = 1000, seed: int = 0) -> Any:
    r"""Deletion, insertion, comprehensiveness and sufficiency of reasons, beside random ones, with intervals.

    With :math:`p(q)` the probability of the predicted class when the weightiest share q of an item's parts is left out,
    and :math:`r(q)` when it alone is kept,

    .. math:: \text{deletion} = \int_0^1 p(q) \, dq, \quad \text{insertion} = \int_0^1 r(q) \, dq, \quad
              \text{comprehensiveness} = \overline{p(0) - p(q)}, \quad \text{sufficiency} = \overline{p(0) - r(q)},

    integrals by trapezia, means over q of 10, 20, 30, 50 and 70 % (at least one part). Deletion and sufficiency are
    better the lower, the others the higher. Random reasons put the same parts in random orders.

    Parameters
    ----------
    keep : callable
        ``(items, masks) -> probabilities``; see :func:`polyculture.explain.words.kept_words`.
    weights : sequence of n arrays of shape (parts of the item,)
        Items with fewer than two parts have no order and are left out.
    draws : int >= 1
        Random orders of each item.
    samples : int
        Of the bootstrap over items.
    seed : int

    Returns
    -------
    dict
        ``items``, how many were judged; for each of the four ``reasons`` and ``random`` (means) and ``margin`` (how
        much better than random; estimate, low, high).

    Raises
    ------
    DataError
        If no item has two parts.

    References
    ----------
    Petsiuk et al. 2018, arXiv:1806.07421 (deletion, insertion); DeYoung et al. 2020, arXiv:1911.03429
    (comprehensiveness, sufficiency).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import faithful
    >>> worth = np.array([0.6, 0.2, 0.1])
    >>> found = faithful(lambda rows, kept: np.array([m @ worth for m in kept]), [worth] * 20)
    >>> found["deletion"]["margin"]["low"] > 0
    True
    """
    rows = np.array([i for i, w in enumerate(weights) if len(w) > 1], dtype=int)
    if not len(rows):
        raise DataError("no item has two parts, and one alone cannot be in the right order")
    rng = np.random.default_rng(seed)
    own = _scores(keep, rows, [np.argsort(-weights[i], kind="stable") for i in rows])
    drawn = [_scores(keep, rows, [rng.permutation(len(weights[i])) for i in rows]) for _ in range(draws)]
    chance = {name: np.mean([d[name] for d in drawn], axis=0) for name in SIGNS}
    found: dict[str, Any] = {"items": len(rows)}
    for name, sign in SIGNS.items():
        margin = bootstrap(np.mean, sign * (own[name] - chance[name]), samples=samples, seed=seed)
        found[name] = {
            "reasons": float(own[name].mean()),
            "random": float(chance[name].mean()),
            "margin": {"estimate": margin.estimate, "low": margin.low, "high": margin.high},
        }
    return found


def _counts(parts: int) -> list[int]:
    """How many parts are left out, or kept, from none to all."""
    if parts <= 10:
        return list(range(parts + 1))
    return sorted({0, parts, *(max(1, round(f * parts)) for f in FRACTIONS)})


def _scores(keep: Keep, rows: Ints, orders: Sequence[Ints]) -> dict[str, Floats]:
    """The four scores of each item."""
    masks, owner = [], []
    for row, order in zip(rows.tolist(), orders, strict=True):
        top = [np.isin(np.arange(len(order)), order[:count]) for count in _counts(len(order))]
        masks += [~mask for mask in top] + top
        owner += [row] * (2 * len(top))
    p = keep(np.array(owner, dtype=int), masks)
    scores: dict[str, list[float]] = {name: [] for name in SIGNS}
    start = 0
    for order in orders:
        counts = np.array(_counts(len(order)))
        left, alone = p[start : start + 2 * len(counts)].reshape(2, -1)
        start += 2 * len(counts)
        at = np.searchsorted(counts, [max(1, round(f * len(order))) for f in FRACTIONS])
        scores["deletion"].append(float(np.trapezoid(left, counts / len(order))))
        scores["insertion"].append(float(np.trapezoid(alone, counts / len(order))))
        scores["comprehensiveness"].append(float((left[0] - left[at]).mean()))
        scores["sufficiency"].append(float((left[0] - alone[at]).mean()))
    return {name: np.array(values) for name, values in scores.items()}


def faithfulness(predict: Predict, reasons: Sequence[Reasons], domain: Array, *, seed: int = 0) -> dict[str, Any]:
    """Deletion and insertion by these reasons against a random order, with intervals over items.

    Deletion leaves the weightiest words out first: the probability of the predicted class should fall faster than in
    random order. Insertion keeps only the weightiest: it should rise faster. Each score is the mean probability over
    the fractions 10, 20, 30, 50 and 70 % of the words; :func:`faithful` integrates over all shares and tells more.

    Parameters
    ----------
    predict : callable
    reasons : sequence of n Reasons
    domain : array of str, shape (n,)
    seed : int
        Of the random order and of the bootstrap.

    Returns
    -------
    dict
        ``deletion``, ``insertion``: ``reasons`` and ``random`` (means) and ``margin`` (how much better than random;
        estimate, low, high).

    References
    ----------
    Petsiuk et al. 2018, arXiv:1806.07421; DeYoung et al. 2020, arXiv:1911.03429.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import faithfulness, word_reasons
    >>> def predict(texts, domain):
    ...     p = np.array([0.9 if "good" in t else 0.2 for t in texts])
    ...     return np.stack([1 - p, p], axis=1)
    >>> texts, domain = ["a very good day for a walk"] * 20, np.repeat("x", 20)
    >>> found = faithfulness(predict, word_reasons(predict, texts, domain), domain)
    >>> found["deletion"]["margin"]["low"] > 0
    True
    """
    rng = np.random.default_rng(seed)
    orders = {
        "reasons": [np.argsort(-r.weights, kind="stable") for r in reasons],
        "random": [rng.permutation(len(r.words)) for r in reasons],
    }
    keep = kept_words(predict, reasons, domain)
    scores = {
        (how, name): _curve(keep, order, insert=how == "insertion")
        for how in ("deletion", "insertion")
        for name, order in orders.items()
    }
    found: dict[str, Any] = {}
    for how, sign in (("deletion", -1.0), ("insertion", 1.0)):
        margin = bootstrap(np.mean, sign * (scores[how, "reasons"] - scores[how, "random"]), samples=1000, seed=seed)
        found[how] = {
            "reasons": float(scores[how, "reasons"].mean()),
            "random": float(scores[how, "random"].mean()),
            "margin": {"estimate": margin.estimate, "low": margin.low, "high": margin.high},
        }
    return found


def _curve(keep: Keep, orders: Sequence[Ints], *, insert: bool) -> Floats:
    """Mean probability of the predicted class over the fractions, shape (n,)."""
    masks = [
        np.isin(np.arange(len(order)), order[: max(1, round(fraction * len(order)))]) == insert
        for fraction in FRACTIONS
        for order in orders
    ]
    found = keep(np.tile(np.arange(len(orders)), len(FRACTIONS)), masks)
    return np.asarray(found.reshape(len(FRACTIONS), -1).mean(axis=0))
