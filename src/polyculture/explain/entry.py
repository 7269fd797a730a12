"""From a model and items to the reasons of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.errors import ParameterError
from polyculture.explain.asked import Asked
from polyculture.explain.domains import domain_shares
from polyculture.explain.explanation import Explanation
from polyculture.explain.features import Groups, feature_reasons, training_mean
from polyculture.explain.graph import graph_reasons, learnt
from polyculture.explain.modalities import Views, modality_shares
from polyculture.explain.neighbours import linear, listed, neighbours_of
from polyculture.explain.odds import of_class
from polyculture.explain.patches import patch_reasons, patch_size
from polyculture.explain.prototypes import Known, nearest, seen
from polyculture.explain.served import by_experts, by_network, check_served
from polyculture.explain.shapley import Shapley
from polyculture.explain.words import word_reasons
from polyculture.progress import LOG

Found = Iterator[Any]
"""What one kind of reason says of each item, in their order."""


@dataclass(frozen=True)
class Wanted:
    """How reasons are to be found: what all kinds are told."""

    most: int = 10
    groups: Groups | None = None
    known: tuple[Any, Any] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Kind:
    """One kind of reason: where it applies, what to say where it does not, how it is found, and of which items."""

    applies: Callable[[Asked, Wanted], bool]
    otherwise: str
    find: Callable[[Asked, Wanted], Found]
    served: Callable[[CrossDomainClassifier, Array], Mask] = lambda _, domain: np.ones(len(domain), dtype=bool)


def explain(
    model: CrossDomainClassifier,
    X: Any,
    *,
    domain: Sequence[str] | Array | None = None,
    edges: sp.sparray | None = None,
    kinds: Sequence[str] = ("auto",),
    most: int = 10,
    groups: Groups | None = None,
    known: tuple[Any, Any] | None = None,
    seed: int = 0,
) -> list[Explanation]:
    """Why a model answers as it does for these items.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    X, domain, edges
        As in :meth:`CrossDomainClassifier.predict`.
    kinds : sequence of str
        Of ``"words"``, ``"features"``, ``"patches"``, ``"neighbours"``, ``"edges"``, ``"domains"``, ``"modalities"``
        and ``"prototypes"``; ``"auto"`` is all that apply to this model and these items. Neighbours, edges
        and domains are of a network: ``"auto"`` leaves them out for items of a domain that another part answers for.
    most : int >= 1
        Features, patches, neighbours, edges and prototypes to name.
    groups : mapping of name to columns, or None
        Columns that count as one feature; see :func:`patches`.
    known : (items, labels), or None
        Labelled items to choose prototypes from.
    seed : int
        Of what is sampled.

    Returns
    -------
    list of Explanation

    Raises
    ------
    ParameterError
        If a kind is not known, does not apply, or is named and of a part of the model that does not answer for an item.
    DataError
        If items are none that the model can read.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import explain
    >>> texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
    >>> labels, domain = ["+", "-"] * 30, ["days"] * 30 + ["meals"] * 30
    >>> model = CrossDomainClassifier(("lexical",), components=4).fit(texts, labels, domain=domain)
    >>> found = explain(model, ["good night"])[0]
    >>> found.predicted, max(found.words, key=lambda word: word["weight"])["word"], list(found.domains)
    ('+', 'good', ['days', 'meals'])
    """
    if most < 1:
        raise ParameterError(f"most is {most}; use at least 1")
    asked = Asked.of(model, X, domain=domain, edges=edges)
    wanted = Wanted(most, groups, known, seed)
    found: dict[str, list[Any]] = {}
    for kind in chosen_kinds(asked, kinds, wanted):
        LOG.info("reasons: %s ...", kind)
        found[kind] = _listing(asked, kind, wanted)
    probability, names = of_class(asked.probabilities, asked.predicted), model.target_.names.tolist()
    return [
        Explanation(
            i,
            asked.domain[i],
            names[asked.predicted[i]],
            float(probability[i]),
            **{kind: listing[i] for kind, listing in found.items()},
        )
        for i in range(len(asked))
    ]


def chosen_kinds(asked: Asked, kinds: Sequence[str], wanted: Wanted) -> list[str]:
    """The kinds that are asked for, each once.

    Raises
    ------
    ParameterError
        If one is not known, does not apply, or none is asked for.
    """
    listed_kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if not listed_kinds:
        raise ParameterError(f"no kind of reasons is asked for; use auto, or some of {', '.join(KINDS)}")
    if strange := [kind for kind in listed_kinds if kind not in (*KINDS, "auto")]:
        raise ParameterError(f"there are no reasons named {strange[0]!r}; use auto, or some of {', '.join(KINDS)}")
    for kind in listed_kinds:
        if kind != "auto":
            _check_applies(asked, kind, wanted)
    everything = "auto" in listed_kinds
    return [k for k, kind in KINDS.items() if k in listed_kinds or (everything and kind.applies(asked, wanted))]


def _check_applies(asked: Asked, kind: str, wanted: Wanted) -> None:
    if not KINDS[kind].applies(asked, wanted):
        one = asked.several and kind in ("words", "features", "patches")
        why = "the items have several modalities; ask for modalities" if one else KINDS[kind].otherwise
        raise ParameterError(f"there are no reasons of the kind {kind}: {why}")
    check_served(KINDS[kind].served(asked.model, asked.domain), asked.domain)


def _listing(asked: Asked, kind: str, wanted: Wanted) -> list[Any]:
    """What a kind of reason says of each item; None where it is of a part of the model that does not answer."""
    served = KINDS[kind].served(asked.model, asked.domain)
    if served.all():
        return list(KINDS[kind].find(asked, wanted))
    rows = np.flatnonzero(served)
    found = KINDS[kind].find(asked.take(rows), wanted) if len(rows) else iter(())
    by_row = dict(zip(rows.tolist(), found, strict=True))
    return [by_row.get(i) for i in range(len(asked))]


def _words(asked: Asked, wanted: Wanted) -> Found:
    del wanted
    rows = np.arange(len(asked))
    for reasons in word_reasons(asked.predict, asked.items.tolist(), rows, predicted=asked.predicted):
        yield [{"word": w.strip(), "weight": float(v)} for w, v in zip(reasons.words, reasons.weights, strict=True)]


def _features(asked: Asked, wanted: Wanted) -> Found:
    mean, rows = training_mean(asked.model), np.arange(len(asked))
    labels = getattr(asked.model, "feature_names_in_", None) if wanted.groups is None else None
    for reasons in feature_reasons(
        asked.predict, asked.items, rows, mean=mean, groups=wanted.groups, predicted=asked.predicted
    ):
        names = reasons.names if labels is None else [str(labels[int(name)]) for name in reasons.names]
        order = np.argsort(-np.abs(reasons.weights), kind="stable")[: wanted.most].tolist()
        yield [{"name": names[j], "weight": float(reasons.weights[j])} for j in order]


def _patches(asked: Asked, wanted: Wanted) -> Found:
    images, rows = np.asarray(asked.items), np.arange(len(asked))
    side = patch_size(images)
    for found in patch_reasons(asked.predict, images, rows, size=side, predicted=asked.predicted):
        places = np.array(list(np.ndindex(*found.weights.shape))) * side
        weights = found.weights.ravel()
        order = np.argsort(-np.abs(weights), kind="stable")[: wanted.most].tolist()
        yield [
            {"row": int(places[j, 0]), "column": int(places[j, 1]), "size": side, "weight": float(weights[j])}
            for j in order
        ]


def _neighbours(asked: Asked, wanted: Wanted) -> Found:
    yield from (listed(asked, found, wanted.most) for found in neighbours_of(asked))


def _edges(asked: Asked, wanted: Wanted) -> Found:
    for reasons in graph_reasons(asked, seed=wanted.seed):
        ends = asked.model.as_given(reasons.around.listed()).tolist()
        order = np.argsort(-reasons.edges, kind="stable")[: wanted.most].tolist()
        yield [{"from": ends[j][0], "to": ends[j][1], "weight": float(reasons.edges[j])} for j in order]


def _domains(asked: Asked, wanted: Wanted) -> Found:
    yield from _shares(domain_shares(asked, seed=wanted.seed), list(asked.model.experts_))


def _modalities(asked: Asked, wanted: Wanted) -> Found:
    yield from _shares(modality_shares(asked, seed=wanted.seed), Views.of(asked.model).names)


def _shares(found: Shapley, names: Sequence[str]) -> Found:
    for shares, errors in zip(found.shares.tolist(), found.errors.tolist(), strict=True):
        yield {n: {"share": s, "error": e} for n, s, e in zip(names, shares, errors, strict=True)}


def _prototypes(asked: Asked, wanted: Wanted) -> Found:
    if wanted.known is None:
        return
    known, names = Known.of(asked.model, *wanted.known), asked.model.target_.names.tolist()
    for found in nearest(seen(asked.model, asked.encoded), known, most=wanted.most):
        yield [{"item": f["item"], "class": names[f["code"]], "similarity": f["similarity"]} for f in found]


def _several_views(asked: Asked) -> bool:
    model = asked.model
    return len(model.features_.encoders_) + (model.backbone_.reads == "texts") > 1


KINDS: dict[str, Kind] = {
    "words": Kind(lambda a, _: a.texts, "the items are numbers; ask for features", _words),
    "features": Kind(
        lambda a, _: not (a.texts or a.images or a.several), "the items are no numbers; ask for words", _features
    ),
    "patches": Kind(lambda a, _: a.images, "the items are no images; ask for words or features", _patches),
    "neighbours": Kind(
        lambda a, _: linear(a.model), "no graph spreads its vectors in proportion", _neighbours, by_network
    ),
    "edges": Kind(lambda a, _: learnt(a), "no layers over one graph were learnt", _edges, by_network),
    "domains": Kind(
        lambda a, _: len(a.model.experts_) > 1, "the model has no experts of two domains", _domains, by_experts
    ),
    "modalities": Kind(lambda a, _: _several_views(a), "the model has one encoder; fit it with several", _modalities),
    "prototypes": Kind(lambda _, w: w.known is not None, "give known labelled items to choose from", _prototypes),
}
