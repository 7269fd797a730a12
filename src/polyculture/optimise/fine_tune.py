"""A short fine-tuning of the fused weights on all domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.features.any_backbone import AnyBackbone


def fine_tune_merged(
    backbone: AnyBackbone,
    weights: Mapping[str, Array],
    X: Any,
    y: Array,
    *,
    rows: Array,
    stop: Array,
    learning_rate: float | None = None,
    epochs: int | None = None,
) -> dict[str, Array]:
    """Train merged weights on, on all domains together, with a small step; kept only where held-out items gain.

    Parameters
    ----------
    backbone : Backbone or TextBackbone
        Fitted; its shape and training settings.
    weights : mapping of name to array
        Merged weights.
    X : array of shape (n, d), or array of n texts
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    rows, stop : array of int
        Rows to train on and rows that decide.
    learning_rate, epochs : float or None, int or None
        None is what suits the backbone; no epochs give the weights back.

    Returns
    -------
    dict of name to array

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.backbone import Backbone
    >>> from polyculture.optimise import fine_tune_merged
    >>> x = np.random.RandomState(0).randn(80, 3).astype("float32")
    >>> y, rows = (x[:, 0] > 0).astype(int), np.arange(80)
    >>> backbone = Backbone(hidden=(4,), epochs=2).fit(x, y)
    >>> tuned = fine_tune_merged(backbone, backbone.weights_, x, y, rows=rows[:60], stop=rows[60:])
    >>> sorted(tuned) == sorted(backbone.weights_)
    True
    """
    suits = backbone.suits
    rate = suits.fine_tune_rate if learning_rate is None else learning_rate
    epochs = suits.fine_tune_epochs if epochs is None else epochs
    if epochs < 1 or not len(stop):
        return {name: np.asarray(value) for name, value in weights.items()}
    tuned, _ = backbone.trained(
        weights,
        X,
        y,
        rows,
        stop,
        learning_rate=rate,
        epochs=epochs,
        name="fused model",
    )
    return tuned
