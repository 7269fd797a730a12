"""Every kind of reason put to the test on the same items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.classify import CrossDomainClassifier
from polyculture.errors import ParameterError
from polyculture.explain.asked import Asked
from polyculture.explain.domains import domain_shares, kept_domains
from polyculture.explain.entry import Wanted, chosen_kinds
from polyculture.explain.faithfulness import Keep, faithful
from polyculture.explain.features import Groups, feature_reasons, kept_features, training_mean
from polyculture.explain.graph import graph_reasons, kept_edges
from polyculture.explain.modalities import kept_modalities, modality_shares
from polyculture.explain.neighbours import kept_neighbours, neighbours_of
from polyculture.explain.patches import kept_patches, patch_reasons, patch_size
from polyculture.explain.sanity import model_check, randomised, stability
from polyculture.explain.words import kept_words, word_reasons
from polyculture.preprocess.tokens import spaced_tokens

Weights = list[Floats]


@dataclass(frozen=True, eq=False)
class Found:
    """Reasons of one kind: weights of the parts of each item, how the model answers with some, and what parts are."""

    weights: Weights
    keep: Keep
    parts: Sequence[Ints] | None = None

    def like(self, own: Found) -> Weights:
        """The weights in the order of other reasons' parts; 0 where a part is none of these."""
        if self.parts is None or own.parts is None:
            return self.weights
        found = []
        for mine, weights, theirs in zip(self.parts, self.weights, own.parts, strict=True):
            known = dict(zip(mine.tolist(), weights.tolist(), strict=True))
            found.append(np.array([known.get(part, 0.0) for part in theirs.tolist()]))
        return found


def judge(
    asked: Asked,
    kind: str,
    *,
    again: CrossDomainClassifier | None = None,
    groups: Groups | None = None,
    mixes: int = 3,
    seed: int = 0,
) -> dict[str, Any]:
    """One kind of reason put to the test: against random ones, a mixed-up model, and small changes of the items.

    Parameters
    ----------
    asked : Asked
    kind : {"words", "features", "patches", "neighbours", "edges", "domains", "modalities"}
    again : CrossDomainClassifier or None
        The same model fitted with another seed.
    groups : mapping of name to columns, or None
        For features.
    mixes : int >= 1
        Mixed-up models.
    seed : int

    Returns
    -------
    dict
        What :func:`faithful` finds; ``model``, of :func:`model_check`, None where items have fewer than three parts;
        and ``stability``, of :func:`stability`, where items can be changed a little (words, features).

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, judge
    >>> texts, labels = ["a good day", "a bad day", "the good meal", "the bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels)
    >>> found = judge(Asked.of(model, texts), "words", mixes=1)
    >>> found["deletion"]["margin"]["low"] > 0
    True
    """
    if kind not in _KINDS:
        raise ParameterError(f"reasons of the kind {kind!r} cannot be judged; use one of {', '.join(_KINDS)}")
    chosen_kinds(asked, [kind], Wanted(groups=groups))
    own = _KINDS[kind](asked, groups)
    found: dict[str, Any] = faithful(own.keep, own.weights, seed=seed)
    found["model"] = None
    if max(map(len, own.weights)) > 2:
        others = [randomised(asked.model, seed=seed + k) for k in range(mixes)]
        mixed = [_KINDS[kind](asked.with_model(other), groups).like(own) for other in others]
        refit = None if again is None else _KINDS[kind](asked.with_model(again), groups).like(own)
        found["model"] = model_check(own.weights, mixed, refit, seed=seed)
    if kind in _CHANGED:
        found["stability"] = _CHANGED[kind](asked, groups, own.weights, seed)
    return found


def _words(asked: Asked, _: Groups | None) -> Found:
    rows = np.arange(len(asked))
    reasons = word_reasons(asked.predict, asked.items.tolist(), rows, predicted=asked.predicted)
    return Found([r.weights for r in reasons], kept_words(asked.predict, reasons, rows))


def _features(asked: Asked, groups: Groups | None) -> Found:
    mean, rows = training_mean(asked.model), np.arange(len(asked))
    reasons = feature_reasons(asked.predict, asked.items, rows, mean=mean, groups=groups, predicted=asked.predicted)
    return Found([r.weights for r in reasons], kept_features(asked.predict, asked.items, reasons, rows, mean=mean))


def _patches(asked: Asked, _: Groups | None) -> Found:
    images, rows = np.asarray(asked.items), np.arange(len(asked))
    reasons = patch_reasons(asked.predict, images, rows, size=patch_size(images), predicted=asked.predicted)
    keep = kept_patches(asked.predict, images, reasons, rows)
    return Found([r.weights.ravel() for r in reasons], keep)


def _neighbours(asked: Asked, _: Groups | None) -> Found:
    found = neighbours_of(asked)
    return Found([f.effects for f in found], kept_neighbours(asked, found), [f.items for f in found])


def _edges(asked: Asked, _: Groups | None) -> Found:
    reasons = graph_reasons(asked)
    return Found([r.edges for r in reasons], kept_edges(asked, reasons))


def _domains(asked: Asked, _: Groups | None) -> Found:
    return Found(list(domain_shares(asked).shares), kept_domains(asked))


def _modalities(asked: Asked, _: Groups | None) -> Found:
    return Found(list(modality_shares(asked).shares), kept_modalities(asked))


def _words_changed(asked: Asked, _: Groups | None, weights: Weights, seed: int) -> dict[str, Any]:
    """Each text without its least important word, and with it doubled."""
    before, texts, owner, copies = list[Floats](), list[str](), list[int](), list[Ints]()
    for i, (text, own) in enumerate(zip(asked.items.tolist(), weights, strict=True)):
        words, j = spaced_tokens(text), int(np.abs(own).argmin())
        for changed, more in ((words[:j] + words[j + 1 :], 0), ([*words[: j + 1], *_spaced(words[j:])], 2)):
            said = "".join(changed).strip()
            # in scripts without spaces what stood on both sides may become one word
            if len(own) > 2 and len(spaced_tokens(said)) == len(changed):
                before.append(np.delete(own, j))
                texts.append(said)
                owner.append(i)
                copies.append(np.arange(j, j + more))
    rows = np.array(owner, dtype=int)
    found = word_reasons(asked.predict, texts, rows, predicted=asked.predicted[rows])
    after = [np.delete(f.weights, gone) for f, gone in zip(found, copies, strict=True)]
    return stability(before, after, np.array([1 / (len(w) + 1) for w in before]), seed=seed)


def _spaced(words: Sequence[str]) -> list[str]:
    """Words that follow one without a space at the end of a text, too."""
    return [*words] if words[0].endswith(" ") else [f" {words[0]}", *words[1:]]


def _features_changed(asked: Asked, groups: Groups | None, weights: Weights, seed: int) -> dict[str, Any]:
    """Each item three times, with noise of a fiftieth of its own length."""
    X = np.asarray(asked.items.toarray() if sp.issparse(asked.items) else asked.items, dtype=float)
    rng, mean = np.random.default_rng(seed), training_mean(asked.model)
    rows = np.repeat(np.arange(len(X)), 3)
    noise = rng.normal(size=(len(rows), X.shape[1])) * np.where(X[rows] != mean, X[rows] - mean, 0.0)
    sizes = np.linalg.norm(noise, axis=1) / np.maximum(np.linalg.norm((X - mean)[rows], axis=1), 1e-12)
    moved = X[rows] + noise * (0.02 / np.maximum(sizes, 1e-12))[:, None]
    changed = sp.csr_array(moved) if sp.issparse(asked.items) else moved
    found = feature_reasons(asked.predict, changed, rows, mean=mean, groups=groups, predicted=asked.predicted[rows])
    return stability([weights[i] for i in rows], [f.weights for f in found], np.full(len(rows), 0.02), seed=seed)


_KINDS: dict[str, Callable[[Asked, Groups | None], Found]] = {
    "words": _words,
    "features": _features,
    "patches": _patches,
    "neighbours": _neighbours,
    "edges": _edges,
    "domains": _domains,
    "modalities": _modalities,
}
_CHANGED: dict[str, Callable[[Asked, Groups | None, Weights, int], dict[str, Any]]] = {
    "words": _words_changed,
    "features": _features_changed,
}
