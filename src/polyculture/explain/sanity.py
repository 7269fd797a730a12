"""Whether reasons depend on what the model learnt, and whether they stay where nothing that matters changes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from polyculture.arrays import Array, Floats
from polyculture.classify import CrossDomainClassifier
from polyculture.classify.unlabelled import OwnNetwork
from polyculture.classify.unlabelled_graph import OwnOverGraph
from polyculture.errors import DataError, ShapeError
from polyculture.features.base_model import BaseModel
from polyculture.features.spread import LEARNT
from polyculture.measure import bootstrap
from polyculture.measure.inference.interval import Interval

NEAR = 0.15
"""Rank correlations nearer to 0 than this explain less than a fortieth of one another."""


def randomised(model: CrossDomainClassifier, *, seed: int = 0) -> CrossDomainClassifier:
    """The model with what it learnt mixed up: the numbers of every tensor in random order.

    Backbone, experts, merged weights, networks of domains without labels, learnt layers of a graph, and base models,
    whose terms are mixed; what encodes items and what fuses answers stays. The model itself is left as it is.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    seed : int

    References
    ----------
    Adebayo et al. 2018, Sanity checks for saliency maps, arXiv:1810.03292.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import randomised
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(["good day", "bad day"] * 20, ["+", "-"] * 20)
    >>> other = randomised(model)
    >>> bool(np.allclose(np.sort(other.merged_["1.weight"].ravel()), np.sort(model.merged_["1.weight"].ravel())))
    True
    """
    rng, mixed = np.random.default_rng(seed), copy(model)
    mixed.backbone_ = copy(model.backbone_)
    mixed.backbone_.weights_ = _mixed(model.backbone_.weights_, rng)
    mixed.experts_ = {name: _mixed(weights, rng) for name, weights in model.experts_.items()}
    mixed.merged_ = _mixed(model.merged_, rng)
    mixed.families_ = {name: _mixed_terms(family, rng) for name, family in model.families_.items()}
    if model.features_.spread_.propagation_ in LEARNT and model.features_.spread_.layers_:
        mixed.features_ = _mixed_layers(model, rng)
    mixed.own_ = {name: _mixed_own(own, rng) for name, own in model.own_.items()}
    return mixed


def _mixed_own(own: OwnNetwork | OwnOverGraph, rng: np.random.Generator) -> OwnNetwork | OwnOverGraph:
    if isinstance(own, OwnNetwork):
        return replace(own, weights=_mixed(own.weights, rng))
    tried = own.found.tried
    network = replace(tried.network, networks=tuple(_mixed(each, rng) for each in tried.network.networks))
    return replace(own, found=replace(own.found, tried=replace(tried, network=network)))


def _mixed(weights: Any, rng: np.random.Generator) -> dict[str, Array]:
    return {name: rng.permutation(np.ravel(value)).reshape(np.shape(value)) for name, value in weights.items()}


def _mixed_terms(family: BaseModel, rng: np.random.Generator) -> BaseModel:
    mixed = copy(family)
    mixed.weights_ = family.weights_[:, rng.permutation(family.weights_.shape[1])]
    return mixed


def _mixed_layers(model: CrossDomainClassifier, rng: np.random.Generator) -> Any:
    state = model.features_.state()
    layers = {}
    for name, layer in state["spread"]["layers"].items():
        spread = layer["propagation"]
        layers[name] = layer | {"propagation": spread | {"weights": _mixed(spread["weights"], rng)}}
    return type(model.features_).from_state(state | {"spread": state["spread"] | {"layers": layers}})


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's correlation; 0 where one of them is the same throughout, and orders nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import rank_correlation
    >>> round(rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.0, 0.5, 0.6])), 6)
    1.0
    """
    if len(one) != len(other):
        raise ShapeError(f"there are {len(one)} weights and {len(other)}; compare reasons of the same parts")
    ranks = [rankdata(w) - (len(w) + 1) / 2 for w in (one, other)]
    lengths = float(np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1]))
    return float(ranks[0] @ ranks[1]) / lengths if lengths else 0.0


def correlations(one: Sequence[Floats], other: Sequence[Floats], *, seed: int = 0) -> Interval:
    """Mean rank correlation of two sets of reasons, over items with at least three parts.

    Raises
    ------
    DataError
        If no item has three parts.
    """
    found = [rank_correlation(a, b) for a, b in zip(one, other, strict=True) if len(a) > 2]
    if not found:
        raise DataError("no item has three parts, whose order could be compared")
    return bootstrap(np.mean, np.array(found), samples=1000, seed=seed)


def model_check(
    reasons: Sequence[Floats],
    mixed: Sequence[Sequence[Floats]],
    again: Sequence[Floats] | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Whether reasons are those of what was learnt: a model that is mixed up must have others.

    Parameters
    ----------
    reasons : sequence of n arrays
        Of the model.
    mixed : sequence of sequences of n arrays
        Of :func:`randomised` models, one draw after the other; correlations are averaged over draws.
    again : sequence of n arrays, or None
        Of the model fitted again with another seed, for the same classes.
    seed : int

    Returns
    -------
    dict
        ``randomised`` and ``refit``: rank correlation with the reasons (estimate, low, high); ``passes``: the first is
        within 0.15 of 0, or its interval holds 0, and all of that interval is below that of the second.

    References
    ----------
    Adebayo et al. 2018, arXiv:1810.03292.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import model_check
    >>> rng = np.random.default_rng(0)
    >>> own = list(rng.normal(size=(40, 9)))
    >>> model_check(own, [list(rng.normal(size=(40, 9)))], [w + 0.1 for w in own])["passes"]
    True
    """
    kept = [i for i, w in enumerate(reasons) if len(w) > 2]
    if not kept:
        raise DataError("no item has three parts, whose order could be compared")
    each = [np.mean([rank_correlation(reasons[i], draw[i]) for draw in mixed]) for i in kept]
    noise = bootstrap(np.mean, np.array(each), samples=1000, seed=seed)
    near = abs(noise.estimate) < NEAR or noise.low <= 0 <= noise.high
    found: dict[str, Any] = {"items": len(kept), "randomised": vars(noise), "refit": None, "passes": bool(near)}
    if again is not None:
        same = correlations(reasons, again, seed=seed)
        found |= {"refit": vars(same), "passes": bool(near and noise.high < same.low)}
    return found


def stability(before: Sequence[Floats], after: Sequence[Floats], changes: Floats, *, seed: int = 0) -> dict[str, Any]:
    r"""How much reasons change under small changes of the items, beside random attribution.

    .. math:: s = \frac{\lVert w(x') - w(x) \rVert}{\lVert w(x) \rVert} \Big/ \delta

    with :math:`\delta` the relative change of the item. Random attribution deals an item's own weights out anew each
    time it is asked.

    Parameters
    ----------
    before, after : sequences of m arrays
        Weights of the same parts of an item before and after a change of it; an item may stand there several times.
    changes : array of shape (m,)
        Relative size of each change.
    seed : int

    Returns
    -------
    dict
        ``reasons``, ``random`` (means), ``margin`` (how much steadier than random; estimate, low, high), ``largest``
        (of the reasons) and ``correlation`` (mean rank correlation of before and after).

    References
    ----------
    Yeh et al. 2019, On the (in)fidelity and sensitivity of explanations, arXiv:1901.09392.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import stability
    >>> weights = list(np.random.default_rng(0).normal(size=(20, 8)))
    >>> stability(weights, [1.01 * w for w in weights], np.full(20, 0.1))["margin"]["low"] > 0
    True
    """
    rng = np.random.default_rng(seed)
    kept = [i for i, w in enumerate(before) if len(w) > 1 and np.linalg.norm(w) > 0 and changes[i] > 0]
    if not kept:
        raise DataError("no item has reasons that could change")

    def moved(w: Floats, other: Floats, change: float) -> float:
        return float(np.linalg.norm(other - w) / np.linalg.norm(w) / change)

    own = np.array([moved(before[i], after[i], changes[i]) for i in kept])
    chance = np.array([moved(before[i], rng.permutation(before[i]), changes[i]) for i in kept])
    margin = bootstrap(np.mean, chance - own, samples=1000, seed=seed)
    return {
        "reasons": float(own.mean()),
        "random": float(chance.mean()),
        "margin": vars(margin),
        "largest": float(own.max()),
        "correlation": float(np.mean([rank_correlation(before[i], after[i]) for i in kept])),
    }
