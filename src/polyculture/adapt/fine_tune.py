"""Supervised fine-tuning: from the backbone's weights, one expert a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyculture import pieces
from polyculture.arrays import Array, Mask
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.encoders.base import held_out
from polyculture.progress import LOG
from polyculture.targets import kind_of


def fine_tune(
    backbone: AnyBackbone,
    X: Any,
    y: Array,
    domain: Array,
    *,
    validation: Mask | None = None,
    layers: str = "auto",
    learning_rate: float | None = None,
    epochs: int | None = None,
    least: int = 4,
) -> dict[str, dict[str, Array]]:
    r"""Adapt the backbone to each domain by training on with that domain's labels.

    .. math:: \theta_d = \theta_0 - \eta \sum_{t} \nabla L_d(\theta_{d,t}), \qquad \tau_d = \theta_d - \theta_0

    Parameters
    ----------
    backbone : Backbone or TextBackbone
        Fitted; every expert starts from its weights, which makes their weights sound to merge.
    X : array of shape (n, d), or sequence of n texts
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)
    validation : array of bool, shape (n,), or None
        Each domain's own held-out items decide when its expert stops.
    layers : {"auto", "all", "upper", "head"}
        Which layers change; ``"auto"``, and None for the next two, is what suits the backbone (`backbone.suits`).
    learning_rate : float or None
        Smaller than the backbone's: the expert should stay near.
    epochs, least : int or None, int
        Passes at most; a domain with fewer labelled items, or with one class, keeps the backbone's weights, and one
        without any has no expert.

    Returns
    -------
    dict of domain to weights

    References
    ----------
    Ilharco et al. 2023, arXiv:2212.04089 (task vectors).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt import fine_tune
    >>> from polyculture.features.backbone import Backbone
    >>> x = np.random.RandomState(0).randn(80, 3).astype("float32")
    >>> y, domain = (x[:, 0] > 0).astype(int), np.repeat(["a", "b"], 40)
    >>> sorted(fine_tune(Backbone(hidden=(4,), epochs=2).fit(x, y), x, y, domain, epochs=1))
    ['a', 'b']
    """
    suits = backbone.suits
    frozen = backbone.frozen_layers(suits.layers if layers == "auto" else layers)
    experts: dict[str, dict[str, Array]] = {}
    asked: dict[str, tuple[Any, ...]] = {}
    kind = kind_of(y)
    for name in sorted(set(domain[kind.labelled(y)].tolist())):
        own = kind.blank(y, domain == name)
        rows, stop = held_out(own, validation, share=0.1, seed=backbone.random_state)
        if len(rows) < least or not kind.varies(y[rows]):
            LOG.info("domain %s: too few labels for an expert, the backbone serves it", name)
            experts[name] = dict(backbone.weights_)
            continue
        how: dict[str, Any] = {
            "learning_rate": suits.learning_rate if learning_rate is None else learning_rate,
            "epochs": suits.epochs if epochs is None else epochs,
            "frozen": frozen,
            "name": f"expert {name}",
        }
        experts[name], asked[name] = {}, (rows, stop, how)
    names = [f"expert {name}" for name in asked]
    found = pieces.steps(_trained, names, asked.values(), shared=(backbone, X, y))
    for name, own_weights in zip(asked, found, strict=True):
        experts[name] = {**backbone.weights_, **own_weights}
    return experts


def _trained(
    backbone: AnyBackbone, X: Any, y: Array, rows: Array, stop: Array, how: Mapping[str, Any]
) -> dict[str, Array]:
    """The weights that training changed; all others stay the backbone's own."""
    found, _ = backbone.trained(backbone.weights_, X, y, rows, stop, **how)
    return {name: value for name, value in found.items() if value is not backbone.weights_[name]}
