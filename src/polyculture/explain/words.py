"""Which words of a text made the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.explain.odds import log_odds, of_class
from polyculture.features.combine import Encoded
from polyculture.preprocess.tokens import spaced_tokens

Predict = Callable[[list[str], Array], Array]
"""Texts and what belongs to each, its domain above all, to probabilities of shape (n, classes)."""


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


def word_reasons(
    predict: Predict, texts: Sequence[str], domain: Array, *, predicted: Ints | None = None
) -> list[Reasons]:
    r"""What each word did: the change in the model's answer when it is left out.

    .. math:: w_j = \operatorname{logit} p_{\hat y}(x) - \operatorname{logit} p_{\hat y}(x \setminus j)

    It holds for every model alike, linear or not, and is exact for what it says: the effect of leaving that one word
    out.

    Parameters
    ----------
    predict : callable
        ``(texts, domain) -> probabilities``.
    texts : sequence of n str
    domain : array of shape (n,)
        Passed on to `predict`, the text's own entry with every change of the text.
    predicted : array of int, shape (n,), or None
        The classes to speak of; None for those with the highest probability.

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
        chosen = int(own[0].argmax()) if predicted is None else int(predicted[i])
        odds = log_odds(own[:, chosen])
        reasons.append(Reasons(row, odds[0] - odds[1:], chosen))
    return reasons


def kept_words(predict: Predict, reasons: Sequence[Reasons], domain: Array) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the model answers when some words are kept: what :func:`polyculture.explain.faithful` asks for.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import Reasons
    >>> from polyculture.explain.words import kept_words
    >>> reasons = [Reasons(["good ", "day"], np.array([1.0, 0.0]), 0)]
    >>> keep = kept_words(lambda texts, _: np.array([[len(t)] for t in texts]), reasons, np.array(["x"]))
    >>> keep(np.array([0, 0]), [np.array([True, False]), np.array([False, True])]).tolist()
    [4.0, 3.0]
    """
    predicted = np.array([r.predicted for r in reasons], dtype=int)

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        texts = [joined(reasons[i].words, mask) for i, mask in zip(rows.tolist(), kept, strict=True)]
        return of_class(predict(texts, domain[rows]), predicted[rows])

    return keep


def joined(words: Sequence[str], kept: Mask) -> str:
    """The text of the words that are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.words import joined
    >>> joined(["a ", "good ", "day"], np.array([True, False, True]))
    'a day'
    """
    return "".join(w for w, k in zip(words, kept.tolist(), strict=True) if k).strip()


def predictor(model: CrossDomainClassifier) -> Predict:
    """The fused model as :func:`word_reasons` wants it.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import predictor
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels)
    >>> found = predictor(model)(["good", "bad"], np.array([None, None]))
    >>> bool(np.allclose(found, model.predict_proba(["good", "bad"])))
    True
    """

    def predict(texts: list[str], domain: Array) -> Any:
        encoded: Encoded = model.encode(texts)
        return model.answers(encoded, domain)["fused"]

    return predict
