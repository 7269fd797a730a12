"""Why a model decided as it did: which words and which neighbouring items, and whether these reasons are true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.classify import CrossDomainClassifier
from polyculture.features.combine import Encoded
from polyculture.measure import bootstrap
from polyculture.preprocess.tokens import spaced_tokens
from polyculture.targets.classes import softmax

Predict = Callable[[list[str], Array], Array]
"""Texts and their domains to probabilities of shape (n, classes)."""

FRACTIONS = (0.1, 0.2, 0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Reasons:
    """Words of one text and what each did for the class that was predicted.

    Parameters
    ----------
    words : sequence of str
        With the white space that follows them: joined, they give the text.
    weights : array of float, shape (words,)
        How much the log-odds of the predicted class fall when the word is left out.
    predicted : int
    """

    words: Sequence[str]
    weights: Floats
    predicted: int


def word_reasons(predict: Predict, texts: Sequence[str], domain: Array) -> list[Reasons]:
    r"""What each word did: the change in the model's answer when it is left out.

    .. math:: w_j = \operatorname{logit} p_{\hat y}(x) - \operatorname{logit} p_{\hat y}(x \setminus j)

    It holds for every model alike, linear or not, and is exact for what it says: the effect of leaving that one word
    out.

    Parameters
    ----------
    predict : callable
        ``(texts, domain) -> probabilities``.
    texts : sequence of n str
    domain : array of str, shape (n,)

    References
    ----------
    Li et al. 2016, arXiv:1612.08220 (erasure).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import word_reasons
    >>> def predict(texts, domain):
    ...     p = np.array([0.9 if "good" in t else 0.2 for t in texts])
    ...     return np.stack([1 - p, p], axis=1)
    >>> reasons = word_reasons(predict, ["a good day"], np.array(["x"]))[0]
    >>> reasons.words[int(reasons.weights.argmax())]
    'good '
    """
    words = [spaced_tokens(t) or [t] for t in texts]
    asked, owner = [], []
    for i, row in enumerate(words):
        asked += ["".join(row), *("".join(row[:j] + row[j + 1 :]) for j in range(len(row)))]
        owner += [i] * (len(row) + 1)
    found = predict(asked, domain[np.array(owner, dtype=int)])
    starts = np.concatenate([[0], np.cumsum([len(row) + 1 for row in words])])
    reasons = []
    for i, row in enumerate(words):
        own = found[starts[i] : starts[i + 1]]
        predicted = int(own[0].argmax())
        odds = _log_odds(own[:, predicted])
        reasons.append(Reasons(row, odds[0] - odds[1:], predicted))
    return reasons


def _log_odds(p: Array) -> Array:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p) - np.log1p(-p))


def faithfulness(predict: Predict, reasons: Sequence[Reasons], domain: Array, *, seed: int = 0) -> dict[str, Any]:
    """Deletion and insertion by these reasons against a random order, with intervals over items.

    Deletion leaves the weightiest words out first: the probability of the predicted class should fall faster than in
    random order.
    Insertion keeps only the weightiest: it should rise faster. Each score is the mean probability over the fractions
    10, 20, 30, 50 and
    70 % of the words.

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
        estimate, low,
        high).

    References
    ----------
    Petsiuk et al. 2018, arXiv:1806.07421; DeYoung et al. 2020, arXiv:1911.03429.
    """
    rng = np.random.default_rng(seed)
    orders = {
        "reasons": [np.argsort(-r.weights, kind="stable") for r in reasons],
        "random": [rng.permutation(len(r.words)) for r in reasons],
    }
    predicted = np.array([r.predicted for r in reasons])
    scores = {
        (how, name): _curve(predict, reasons, order, predicted, domain, keep=how == "insertion")
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


def _curve(
    predict: Predict, reasons: Sequence[Reasons], orders: Sequence[Ints], predicted: Ints, domain: Array, *, keep: bool
) -> Array:
    """Mean probability of the predicted class over the fractions, shape (n,)."""
    texts = [
        _part(r.words, order[: max(1, round(fraction * len(order)))], keep=keep)
        for fraction in FRACTIONS
        for r, order in zip(reasons, orders, strict=True)
    ]
    found = predict(texts, np.tile(domain, len(FRACTIONS)))
    left = found[np.arange(len(texts)), np.tile(predicted, len(FRACTIONS))]
    return np.asarray(left.reshape(len(FRACTIONS), -1).mean(axis=0))


def _part(words: Sequence[str], chosen: Ints, *, keep: bool) -> str:
    marked = set(chosen.tolist())
    return "".join(w for j, w in enumerate(words) if (j in marked) == keep).strip()


def domain_specificity(
    reasons: Sequence[Reasons], domain: Array, *, permutations: int = 200, seed: int = 0
) -> dict[str, float]:
    r"""How different the domains' weighty words are.

    .. math:: s = 1 - \frac{2}{D(D-1)} \sum_{d<e} \cos(v_d, v_e)

    with :math:`v_d` the sum of |weights| by word over the items of domain d. The null permutes the domains of items:
    few items have few
    words in common whatever their domain.

    Parameters
    ----------
    reasons : sequence of n Reasons
    domain : array of str, shape (n,)
    permutations, seed : int

    Returns
    -------
    dict
        ``estimate``; ``null``, its mean over permutations; ``p``, the share of permutations at least as large (one
        added to both).
    """
    names, codes = np.unique(domain, return_inverse=True)
    terms = sorted({w.strip().lower() for r in reasons for w in r.words})
    place = {term: i for i, term in enumerate(terms)}
    weights = np.zeros((len(reasons), len(terms)))
    for i, r in enumerate(reasons):
        np.add.at(weights[i], [place[w.strip().lower()] for w in r.words], np.abs(r.weights))
    observed = _apart(weights, codes, len(names))
    rng = np.random.default_rng(seed)
    null = np.array([_apart(weights, rng.permutation(codes), len(names)) for _ in range(permutations)])
    return {
        "estimate": observed,
        "null": float(null.mean()),
        "p": float((1 + (null >= observed).sum()) / (1 + permutations)),
    }


def _apart(weights: Floats, codes: Ints, count: int) -> float:
    sums = np.stack([weights[codes == d].sum(axis=0) for d in range(count)])
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    upper = np.triu_indices(count, 1)
    return float(1 - (unit @ unit.T)[upper].mean()) if count > 1 else 0.0


def neighbour_reasons(
    model: CrossDomainClassifier, text: str, domain: str | None = None, *, most: int = 5
) -> list[dict[str, Any]]:
    r"""Which fitted items carried a decision over the graph, the weightiest first.

    Decoupled propagation is linear: an item's vector is exactly :math:`a x + \sum_j w_j x_j`. The effect of neighbour j
    is the change of
    the network's log-odds when its share :math:`w_j x_j` is taken out.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    text : str
    domain : str or None
    most : int
        Neighbours to return; the candidates are the 50 with the largest shares.

    Returns
    -------
    list of dict
        ``item`` (position among the fitted items), ``weight`` and ``effect``; empty where no graph was chosen or where
        layers are learnt.
    """
    encoded = model.encode([text])
    shares = model.features_.neighbour_shares(encoded)
    if not shares:
        return []
    weights = model.experts_.get(domain or "", model.merged_)
    items, parts = _strongest(shares, encoded.vectors.shape[1])
    without = np.vstack([encoded.vectors, encoded.vectors - parts]).astype(np.float32)
    odds = softmax(model.backbone_.logits(without, weights))
    change = _log_odds(odds[:, odds[0].argmax()])
    effects = change[0] - change[1:]
    order = np.argsort(-np.abs(effects), kind="stable")[:most]
    return [
        {"item": int(items[j]), "effect": float(effects[j]), "weight": float(np.linalg.norm(parts[j]))} for j in order
    ]


def _strongest(shares: Sequence[tuple[slice, Ints, Floats]], width: int, most: int = 50) -> tuple[Ints, Floats]:
    """The items with the largest shares over all blocks, and what each adds to the vector."""
    total: dict[int, Floats] = {}
    for columns, items, parts in shares:
        for item, part in zip(items.tolist(), parts, strict=True):
            total.setdefault(item, np.zeros(width))[columns] += part
    kept = sorted(total, key=lambda item: -float(np.linalg.norm(total[item])))[:most]
    return np.array(kept, dtype=int), np.array([total[item] for item in kept]).reshape(len(kept), width)


def predictor(model: CrossDomainClassifier) -> Predict:
    """The fused model as :func:`word_reasons` wants it."""

    def predict(texts: list[str], domain: Array) -> Array:
        encoded: Encoded = model.encode(texts)
        return model.answers(encoded, domain)["fused"]

    return predict
