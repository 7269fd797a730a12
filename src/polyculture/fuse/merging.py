"""Experts to one set of weights: every method is tried, held-out items decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.closed_form import ridge_head
from polyculture.features.sampling import at_most
from polyculture.fuse.average import average
from polyculture.fuse.regmean import regmean
from polyculture.fuse.score import score
from polyculture.fuse.task_arithmetic import task_arithmetic

MERGES = ("average", "task_arithmetic", "regmean")
SCALES = (0.1, 0.3, 0.6)
RIDGES = (0.01, 0.3)


@dataclass(frozen=True)
class Merged:
    """A set of weights, how it was made, and its loss on held-out items (NaN without any).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.merging import Merged
    >>> Merged("average", "equal weights", {"w": np.zeros(1)}, 0.3).method
    'average'
    """

    method: str
    setting: str
    weights: Mapping[str, Array]
    loss: float


def merge(
    backbone: AnyBackbone,
    experts: Mapping[str, Mapping[str, Array]],
    X: Any,
    y: Array,
    domain: Array,
    *,
    rows: Array,
    stop: Array,
    methods: tuple[str, ...] = MERGES,
    refit_head: bool | None = None,
) -> list[Merged]:
    """The best setting of each method, judged on held-out items, the best method first.

    Parameters
    ----------
    backbone : Backbone or TextBackbone
        Fitted; the experts' common start.
    experts : mapping of domain to weights
    X : array of shape (n, d), or array of n texts
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)
    rows, stop : array of int
        Rows that statistics and heads are fitted on, and rows that decide. The domain is never told to a merged model.
    methods : tuple of str
        Of ``"average"``, ``"task_arithmetic"``, ``"regmean"``.
    refit_head : bool or None
        Try each merge with its head fitted again in closed form, too; None is what suits the backbone.

    Raises
    ------
    ParameterError
        If a method is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt import fine_tune
    >>> from polyculture.features.backbone import Backbone
    >>> from polyculture.fuse import merge
    >>> x = np.random.RandomState(0).randn(80, 3).astype("float32")
    >>> y, domain, rows = (x[:, 0] > 0).astype(int), np.repeat(["a", "b"], 40), np.arange(80)
    >>> backbone = Backbone(hidden=(4,), epochs=2).fit(x, y)
    >>> experts = fine_tune(backbone, x, y, domain, epochs=1)
    >>> found = merge(backbone, experts, x, y, domain, rows=rows[::2], stop=rows[1::2])
    >>> sorted(merged.method for merged in found)
    ['average', 'regmean', 'task_arithmetic']
    """
    if unknown := [m for m in methods if m not in MERGES]:
        raise ParameterError(f"there is no merge named {unknown[0]!r}; use one of {', '.join(MERGES)}")
    grams = _grams(backbone, experts, X, domain, rows) if "regmean" in methods else {}
    best: dict[str, Merged] = {}
    refits = backbone.suits.refit_head if refit_head is None else refit_head
    some = at_most(rows, backbone.random_state)
    for method, setting, weights in _settings(backbone, experts, grams, methods):
        for headed, name in _heads(backbone, weights, (X, y, some), setting, refit_head=refits):
            loss = score(backbone.logits(X[stop], headed), y[stop], domain[stop])
            if method not in best or loss < best[method].loss:
                best[method] = Merged(method, name, headed, loss)
    return sorted(best.values(), key=lambda m: m.loss)


def _grams(
    backbone: AnyBackbone, experts: Mapping[str, Mapping[str, Array]], X: Any, domain: Array, rows: Array
) -> dict[str, dict[str, Array]]:
    found = {}
    for name, weights in experts.items():
        own = rows[domain[rows] == name]
        most = backbone.suits.gram_items
        found[name] = backbone.gram_sums(X[at_most(own, backbone.random_state, most or len(own))], weights)
    return found


def _settings(
    backbone: AnyBackbone,
    experts: Mapping[str, Mapping[str, Array]],
    grams: Mapping[str, Mapping[str, Array]],
    methods: tuple[str, ...],
) -> Iterator[tuple[str, str, dict[str, Array]]]:
    base, all_experts = backbone.weights_, list(experts.values())
    if "average" in methods:
        yield "average", "equal weights", average(base, all_experts)
    if "task_arithmetic" in methods:
        for scale in SCALES:
            yield "task_arithmetic", f"scale {scale}", task_arithmetic(base, all_experts, scale=scale)
    if "regmean" in methods:
        for ridge in RIDGES:
            yield (
                "regmean",
                f"ridge {ridge}",
                regmean(base, all_experts, grams=[grams[d] for d in experts], ridge=ridge),
            )


def _heads(
    backbone: AnyBackbone, weights: dict[str, Array], items: tuple[Any, Array, Array], setting: str, *, refit_head: bool
) -> Iterator[tuple[dict[str, Array], str]]:
    yield weights, setting
    if not refit_head:
        return
    X, y, rows = items
    received = backbone.layer_inputs(X[rows], weights)
    received.pop("logits")
    last, hidden = list(received.items())[-1]
    head = ridge_head(hidden, y[rows], backbone.coding_.width)
    kind = weights[f"{last}.weight"].dtype
    yield (
        weights | {f"{last}.weight": head[:, :-1].astype(kind), f"{last}.bias": head[:, -1].astype(kind)},
        f"{setting}, head in closed form",
    )
