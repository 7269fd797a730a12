"""A short fine-tuning of the fused weights on all domains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.features.backbone import Backbone


def fine_tune_merged(
    backbone: Backbone,
    weights: Mapping[str, Array],
    X: Floats,
    y: Array,
    *,
    rows: Array,
    stop: Array,
    learning_rate: float = 5e-5,
    epochs: int = 3,
) -> dict[str, Array]:
    """Train merged weights on, on all domains together, with a small step; kept only where held-out items gain.

    Parameters
    ----------
    backbone : Backbone
        Fitted; its shape and training settings.
    weights : mapping of name to array
        Merged weights.
    X : array of shape (n, d)
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    rows, stop : array of int
        Rows to train on and rows that decide.
    learning_rate : float
    epochs : int
        0 gives the weights back.

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
    if epochs < 1 or not len(stop):
        return {name: np.asarray(value) for name, value in weights.items()}
    tuned, _ = backbone.trained(
        weights, X, y, rows, stop, learning_rate=learning_rate, epochs=epochs, name="fused model"
    )
    return tuned
