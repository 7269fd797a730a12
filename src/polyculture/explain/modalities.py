"""Which view of an item decided: each encoder's vectors, and what its base model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.classify import CrossDomainClassifier
from polyculture.explain.asked import Asked
from polyculture.explain.odds import log_odds
from polyculture.explain.shapley import Shapley, shapley
from polyculture.features.combine import Encoded
from polyculture.features.spread import LEARNT
from polyculture.features.spread_inputs import Layer

TEXTS = "texts"
"""The player that stands for what a Transformer reads."""


@dataclass(frozen=True, eq=False)
class Views:
    """What the views of items are replaced by when they are absent.

    A view that is absent is at its training mean, both where the network reads it and where its base model does; a
    sparse one is empty, and so is the text of a Transformer. What fuses their answers stays as it is.
    """

    model: CrossDomainClassifier
    names: tuple[str, ...]
    columns: dict[str, slice]
    means: Floats

    @classmethod
    def of(cls, model: CrossDomainClassifier) -> Views:
        """The views of a fitted model.

        Examples
        --------
        >>> from polyculture import CrossDomainClassifier
        >>> from polyculture.explain.modalities import Views
        >>> model = CrossDomainClassifier(("lexical:words", "lexical:characters"), components=2)
        >>> Views.of(model.fit(["good day", "bad day"] * 20, ["+", "-"] * 20)).names
        ('lexical:words', 'lexical:characters')
        """
        means = _means(model)
        ends = np.cumsum([0, *(len(mean) for mean in means.values())]).tolist()
        columns = {name: slice(a, b) for name, a, b in zip(means, ends[:-1], ends[1:], strict=True)}
        names = list(dict.fromkeys([*model.features_.encoders_, *means]))
        if model.backbone_.reads == "texts":
            names.append(TEXTS)
        return cls(model, tuple(names), columns, np.concatenate(list(means.values())))

    def only(self, encoded: Encoded, kept: Sequence[Mask]) -> Encoded:
        """Encoded items with the views that are not kept at their training mean; one mask an item."""
        masks = np.stack(kept)
        vectors = encoded.vectors.copy()
        views: dict[str, Matrix] = dict(encoded.views)
        texts = encoded.texts
        for j, name in enumerate(self.names):
            gone = np.flatnonzero(~masks[:, j])
            if name in self.columns:
                vectors[gone, self.columns[name]] = self.means[self.columns[name]]
            if name in views:
                views[name] = self._emptied(name, views[name], gone)
            if name == TEXTS and texts is not None:
                texts = texts.copy()
                texts[gone] = ""
        return replace(encoded, views=views, vectors=vectors, texts=texts)

    def _emptied(self, name: str, view: Matrix, gone: Ints) -> Matrix:
        if sp.issparse(view):
            stays = np.ones(view.shape[0])
            stays[gone] = 0.0
            return sp.csr_array(sp.diags_array(stays) @ view, dtype=view.dtype)
        base, out = self.model.families_.get(name), np.array(view)
        out[gone] = 0.0 if base is None or base.block_ is None else base.block_.mean_
        return out


def modality_shares(asked: Asked, *, exact: int = 10, pairs: int = 32, seed: int = 0) -> Shapley:
    r"""Shapley shares of the views of an item in a decision.

    .. math:: v(S) = \operatorname{logit} p_{\hat y}(x \text{ with all views but } S \text{ at their training mean})

    for the whole fused model: network, base models and what joins them.

    Parameters
    ----------
    asked : Asked
    exact, pairs, seed
        As in :func:`shapley`.

    Returns
    -------
    Shapley
        Players are the encoders, in the order of ``Views.of(model).names``.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, modality_shares
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical:words", "lexical:characters"), components=2).fit(texts, labels)
    >>> modality_shares(Asked.of(model, ["good night"])).shares.shape
    (1, 2)
    """
    views, rows = Views.of(asked.model), np.arange(len(asked))

    def value(present: Mask) -> Array:
        return log_odds(asked.probability(views.only(asked.encoded, [present] * len(asked)), rows))

    return shapley(value, len(views.names), exact=exact, pairs=pairs, seed=seed)


def kept_modalities(asked: Asked) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the model answers when some views are kept; see :func:`polyculture.explain.faithful`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked
    >>> from polyculture.explain.modalities import kept_modalities
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical:words", "lexical:characters"), components=2).fit(texts, labels)
    >>> keep = kept_modalities(Asked.of(model, ["good night"]))
    >>> both, none = keep(np.array([0, 0]), [np.array([True, True]), np.array([False, False])])
    >>> bool(both > none)
    True
    """
    views = Views.of(asked.model)

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        return asked.probability(views.only(asked.encoded.take(rows), kept), rows)

    return keep


def _means(model: CrossDomainClassifier) -> dict[str, Floats]:
    """Mean over the fitted items of every block that the network is fed."""
    features = model.features_
    layers = features.spread_.layers_
    if not layers:
        # blocks are standardised
        return {name: np.zeros(len(block.scale_)) for name, block in features.blocks_.items()}
    return {name: _spread_mean(layer) for name, layer in layers.items()}


def _spread_mean(layer: Layer) -> Floats:
    spread = layer.propagation
    if spread_is_learnt(layer):
        return np.asarray(spread.transform(spread.vectors_, spread.edges_).mean(axis=0))
    if spread.method == "sign":
        return np.concatenate([hop.mean(axis=0) for hop in spread.hops_])
    return np.asarray(spread.hops_[-1].mean(axis=0))


def spread_is_learnt(layer: Layer) -> bool:
    """Whether a graph's layer passes messages that were learnt."""
    return getattr(layer.propagation, "layer", "") in LEARNT
