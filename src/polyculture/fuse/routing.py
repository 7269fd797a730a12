"""Routing: how near an item is to each domain decides whose expert answers it, or that none of them should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ParameterError
from polyculture.fuse.similarity import Moments, Similarity
from polyculture.targets import kind_of
from polyculture.targets.classes import softmax

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
SHARES = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.0)


@dataclass(frozen=True)
class Router:
    r"""Mixes the experts' answers by the similarity of an item to their domains; strange items get the static merge.

    .. math:: w(x) = \operatorname{softmax}\big(-\delta(x) / 2T\big)

    Parameters
    ----------
    similarity : Similarity
    temperature : float > 0
        T: the higher, the more experts have a say.
    threshold : float
        Items that are stranger are answered by the static merge.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.routing import Router
    >>> from polyculture.fuse.similarity import Similarity, moments
    >>> x, domain = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array(["a", "a", "b", "b"])
    >>> router = Router(Similarity.of(moments(x, domain)), 1.0, np.inf)
    >>> router.weights(np.array([[1.0], [6.0]])).round(2)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """

    similarity: Similarity
    temperature: float
    threshold: float

    def weights(self, X: Floats, groups: Array | None = None) -> Floats:
        """Share of each domain's expert in the answer, shape (n, domains); rows of 0 where the static merge answers.

        Parameters
        ----------
        X : array of shape (n, d)
        groups : array of shape (n,), or None
            Items of one group are known to be of one domain, whichever it is, and are judged together.
        """
        distances, strange = self.similarity.distances(X), self.similarity.strangeness(X)
        if groups is not None:
            _, place = np.unique(np.asarray(groups), return_inverse=True)
            distances, strange = _summed(distances, place), _summed(strange, place) / np.bincount(place)[place]
        return _shares(distances, self.temperature) * (strange <= self.threshold)[:, None]

    def answers(self, X: Floats, experts: Floats, static: Floats, groups: Array | None = None) -> Floats:
        r"""Probabilities, or values: :math:`\sum_d w_d(x)\, p_d(y \mid x)`, as the rule of total probability has it.

        Parameters
        ----------
        X : array of shape (n, d)
        experts : array of shape (domains, n, outputs)
            Probabilities, or values, of each domain's expert, in the order of ``similarity.domains``.
        static : array of shape (n, outputs)
            Those of the static merge.
        groups : array of shape (n,), or None
            As in :meth:`weights`.
        """
        return _mixed(self.weights(X, groups), experts, static)


def _summed(values: Floats, place: Array) -> Floats:
    found = np.zeros((int(place.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(found, place, values)
    return np.asarray(found[place])


def _shares(distances: Floats, temperature: float) -> Floats:
    return softmax(-distances / (2 * temperature))


def _mixed(weights: Floats, experts: Floats, static: Floats) -> Floats:
    away = 1 - weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("nd,dnk->nk", weights, experts) + away * static)


def calibrated(
    sums: Mapping[str, Moments],
    X: Floats,
    y: Array,
    domain: Array,
    experts: Floats,
    static: Mapping[str, Floats],
    *,
    ridge: float = 0.1,
    temperatures: Sequence[float] = TEMPERATURES,
    shares: Sequence[float] = SHARES,
) -> Router:
    """A router whose temperature and threshold serve known and unknown domains best, by leaving each out in turn.

    With a domain left out neither similarity nor experts nor static merge know of it: its held-out items stand for a
    domain to come, the others' for known ones, and both sides have the same say in the mean loss. Among what is tried
    are a router that never falls back and one that always does.

    Parameters
    ----------
    sums : mapping of domain to Moments
        Of items that experts were trained on; two domains at least.
    X, y, domain : array of shape (n, d), array of n rows, array of str of shape (n,)
        Held-out items of these domains.
    experts : array of shape (domains, n, outputs)
        Answers of each domain's expert for all held-out items, in the order of `sums`.
    static : mapping of domain to array of shape (n, outputs)
        Answers of the static merge of all experts but this domain's.
    ridge : float >= 0
        As in :meth:`Similarity.of`.
    temperatures : sequence of float > 0
        What is tried.
    shares : sequence of float in [0, 1]
        Of items of known domains that experts answer: what is tried for a threshold.

    Raises
    ------
    ParameterError
        If there are fewer than two domains, or merges or experts are missing.
    DataError
        If a domain has no held-out item.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.routing import calibrated
    >>> from polyculture.fuse.similarity import moments
    >>> rng = np.random.RandomState(0)
    >>> domain = np.repeat(["a", "b", "c"], 50)
    >>> x = rng.randn(150, 2) + np.repeat([[0, 0], [9, 0], [0, 9]], 50, axis=0)
    >>> y = np.repeat([0, 1, 0], 50)
    >>> sure = np.stack([np.tile(p, (150, 1)) for p in ([0.9, 0.1], [0.1, 0.9], [0.9, 0.1])])
    >>> even = np.full((150, 2), 0.5)
    >>> router = calibrated(moments(x, domain), x, y, domain, sure, dict.fromkeys("abc", even))
    >>> bool((router.answers(x, sure, even).argmax(axis=1) == y).mean() > 0.95)
    True
    """
    _check_held(sums, domain, experts, static)
    folds = list(_folds(sums, X, y, domain, experts, static, ridge))
    tried = [
        (t, share, float(np.mean([fold.loss(t, share) for fold in folds]))) for t in temperatures for share in shares
    ]
    temperature, share, _ = min(tried, key=lambda each: each[2])
    similarity = Similarity.of(sums, ridge=ridge)
    return Router(similarity, temperature, _threshold(similarity.strangeness(X), share))


@dataclass(frozen=True)
class _Fold:
    """Held-out items as they look to a router that does not know one of the domains."""

    distances: Floats
    strange: Floats
    unknown: Array
    experts: Floats
    static: Floats
    y: Array

    def loss(self, temperature: float, share: float) -> float:
        """Mean of that of known and of unknown domains."""
        kind = kind_of(self.y)
        sees = self.strange <= _threshold(self.strange[~self.unknown], share)
        found = _mixed(_shares(self.distances, temperature) * sees[:, None], self.experts, self.static)
        losses = kind.losses(kind.raised(found), self.y)
        return float(losses[self.unknown].mean() + losses[~self.unknown].mean()) / 2


def _folds(
    sums: Mapping[str, Moments], X: Floats, y: Array, domain: Array, experts: Floats, static: Any, ridge: float
) -> Iterator[_Fold]:
    for place, name in enumerate(sums):
        similarity = Similarity.of({other: each for other, each in sums.items() if other != name}, ridge=ridge)
        yield _Fold(
            similarity.distances(X),
            similarity.strangeness(X),
            np.asarray(domain) == name,
            np.delete(experts, place, axis=0),
            static[name],
            y,
        )


def _threshold(strange: Floats, share: float) -> float:
    """Below which this share of items lies; 1 and 0 are all items and none, not only those seen here."""
    return {1.0: np.inf, 0.0: -np.inf}.get(share, float(np.quantile(strange, share)))


def _check_held(sums: Mapping[str, Moments], domain: Array, experts: Floats, static: Mapping[str, Floats]) -> None:
    if len(sums) < 2:
        raise ParameterError("there are fewer than two domains, and one is left out in turn; route among more")
    if len(experts) != len(sums) or set(static) != set(sums):
        raise ParameterError(
            f"there are {len(sums)} domains, {len(experts)} experts and {len(static)} merges without one; give one of "
            "each for each domain"
        )
    if missing := [name for name in sums if not (np.asarray(domain) == name).any()]:
        raise DataError(f"no item of the domain {missing[0]} is held out; hold out some of each domain")
