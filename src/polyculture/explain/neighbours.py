"""Which neighbours on the graph made the answer, where vectors are spread in proportion to weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints, Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.explain.asked import Asked
from polyculture.explain.served import by_network, check_served
from polyculture.features.spread import LEARNT
from polyculture.features.spread_inputs import Layer

MOST = 50
"""Neighbours of an item that are looked at: those with the largest shares."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Fitted items that an item receives from.

    Parameters
    ----------
    items : array of int, shape (k,)
        Positions among the fitted items.
    parts : array of shape (k, d)
        What each adds to the item's vector.
    effects : array of shape (k,)
        How much the network's log-odds of the predicted class fall when the part is taken out.
    """

    items: Ints
    parts: Floats
    effects: Floats


def linear(model: CrossDomainClassifier) -> bool:
    """Whether the model spreads vectors over a graph, and in proportion to weights.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain.neighbours import linear
    >>> model = CrossDomainClassifier(("lexical",), graph="none", components=2)
    >>> linear(model.fit(["good day", "bad day"] * 20, ["+", "-"] * 20))
    False
    """
    spread = model.features_.spread_
    return bool(spread.layers_) and spread.propagation_ not in LEARNT


def neighbours_of(asked: Asked, *, most: int = MOST) -> list[Neighbours]:
    r"""What each neighbour did: the change in the network's answer when its part is taken out of the item's vector.

    Decoupled propagation is linear: an item's vector is exactly :math:`a x + \sum_j w_j x_j`. As vectors are
    standardised, taking :math:`w_j x_j` out makes neighbour j an average item, and leaves the graph as
    it is. Effects are of the network, that of the item's domain or merged: base models do not see the graph.

    Parameters
    ----------
    asked : Asked
    most : int >= 1
        The neighbours with the largest parts are looked at.

    Returns
    -------
    list of n Neighbours
        Without items where no graph was chosen, or where layers are learnt.

    Raises
    ------
    ParameterError
        If an item's domain was adapted over a graph, or has arrived: the network does not answer there.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, neighbours_of
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), graph="same", hops=(1,), neighbours=3, components=3)
    >>> found = neighbours_of(Asked.of(model.fit(texts, labels), ["good night"]))
    >>> len(found[0].items)
    3
    """
    if not linear(asked.model):
        width = asked.encoded.vectors.shape[1]
        return [Neighbours(np.empty(0, int), np.empty((0, width)), np.empty(0)) for _ in range(len(asked))]
    check_served(by_network(asked.model, asked.domain), asked.domain)
    strongest = [_strongest(asked, i, most) for i in range(len(asked))]
    rows = np.repeat(np.arange(len(asked)), [len(items) for items, _ in strongest])
    without = asked.encoded.vectors[rows] - np.concatenate([parts for _, parts in strongest])
    whole = asked.network_odds(asked.encoded.vectors, np.arange(len(asked)))
    effects = whole[rows] - asked.network_odds(without.astype(np.float32), rows)
    ends = np.cumsum([len(items) for items, _ in strongest])[:-1]
    pieces = zip(strongest, np.split(effects, ends), strict=True)
    return [Neighbours(items, parts, own) for (items, parts), own in pieces]


def kept_neighbours(asked: Asked, found: Sequence[Neighbours]) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the model answers when the parts of some neighbours are kept; see :func:`polyculture.explain.faithful`."""

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        gone = [(~mask).astype(float) @ found[i].parts for i, mask in zip(rows.tolist(), kept, strict=True)]
        return asked.probability(_with_vectors(asked, rows, asked.encoded.vectors[rows] - np.stack(gone)), rows)

    return keep


def neighbour_reasons(
    model: CrossDomainClassifier,
    text: Any,
    domain: str | None = None,
    *,
    edges: sp.sparray | None = None,
    most: int = 5,
) -> list[dict[str, Any]]:
    r"""Which fitted items carried a decision over the graph, the weightiest first; see :func:`neighbours_of`.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    text : str, or array of shape (d,)
        One item.
    domain : str or None
    edges : sparse array of shape (1, fitted items), or None
        Where edges are given.
    most : int
        Neighbours to return; the candidates are the 50 with the largest parts.

    Returns
    -------
    list of dict
        ``item`` (position in what was given to ``fit``), ``weight`` (length of its part) and ``effect``; empty where no
        graph was chosen or where layers are learnt.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import neighbour_reasons
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), graph="same", hops=(1,), neighbours=3, components=3)
    >>> [sorted(found) for found in neighbour_reasons(model.fit(texts, labels), "good night", most=1)]
    [['effect', 'item', 'weight']]
    """
    if not linear(model):
        return []
    one = [text] if isinstance(text, str) else np.asarray(text, dtype=float).reshape(1, -1)
    asked = Asked.of(model, one, domain=None if domain is None else [domain], edges=edges)
    return listed(asked, neighbours_of(asked)[0], most)


def listed(asked: Asked, found: Neighbours, most: int) -> list[dict[str, Any]]:
    """The neighbours with the largest effects, the largest first, by their positions in what was given to fit."""
    items = asked.model.as_given(found.items)
    order = np.argsort(-np.abs(found.effects), kind="stable")[:most].tolist()
    return [
        {
            "item": int(items[j]),
            "effect": float(found.effects[j]),
            "weight": float(np.linalg.norm(found.parts[j])),
        }
        for j in order
    ]


def _with_vectors(asked: Asked, rows: Ints, vectors: Floats) -> Any:
    return replace(asked.encoded.take(rows), vectors=vectors.astype(np.float32))


def _strongest(asked: Asked, i: int, most: int) -> tuple[Ints, Floats]:
    """The items with the largest parts over all blocks, and what each adds to the vector."""
    features, total = asked.model.features_, dict[int, Floats]()
    width, start = asked.encoded.vectors.shape[1], 0
    views = features.search_views(asked.encoded.take(np.array([i])))
    for layer in features.spread_.layers_.values():
        edges = layer.graph.attach(views[layer.view] if layer.view else _given(asked, i, layer))
        fitted = layer.propagation.hops_[0]
        for hop in range(len(layer.propagation.hops_)) if layer.propagation.method == "sign" else [None]:
            shares = layer.propagation.neighbour_parts(edges, hop)
            columns = slice(start, start + fitted.shape[1])
            # what is beyond the most of one block may be among the most of all blocks only if it is near their end
            for j in np.argsort(-shares.weights, kind="stable")[: 4 * most].tolist():
                item = int(shares.indices[j])
                total.setdefault(item, np.zeros(width))[columns] += shares.weights[j] * fitted[item]
            start += fitted.shape[1]
    kept = sorted(total, key=lambda item: -float(np.linalg.norm(total[item])))[:most]
    return np.array(kept, dtype=int), np.array([total[item] for item in kept]).reshape(len(kept), width)


def _given(asked: Asked, i: int, layer: Layer) -> sp.csr_array:
    count = layer.graph.edges.shape[1]
    return sp.csr_array((1, count), dtype=np.float32) if asked.edges is None else asked.edges[[i]]
