"""Losses of labelled items, each answered by a head that was fitted without it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.optimise.few_labels.chosen import Beside
from polyculture.optimise.few_labels.heads import Head
from polyculture.targets import Classes

Fit = Callable[[Array, Array, Array], Head]
"""Vectors, classes and the model's own probabilities of labelled items to a head."""


def folds_of(y: Ints, folds: int, seed: int) -> Ints:
    """The fold of each item: one an item where there are no more items, else each class spread over all.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.held_out import folds_of
    >>> sorted(folds_of(np.array([0, 0, 1, 1]), 2, 0).tolist())
    [0, 0, 1, 1]
    """
    if len(y) <= folds:
        return np.arange(len(y))
    mixed = np.random.default_rng(seed).permutation(len(y))
    in_turn = mixed[np.argsort(y[mixed], kind="stable")]
    part = np.empty(len(y), dtype=np.int64)
    part[in_turn] = np.arange(len(y)) % folds
    return part


def held_out_losses(fit: Fit, support: Floats, y: Ints, prior: Floats, part: Ints, beside: Beside) -> Floats:
    """Cross-entropy of each labelled item, answered by a head fitted on the other folds, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.as_it_is import as_it_is
    >>> from polyculture.optimise.few_labels.chosen import Beside
    >>> from polyculture.optimise.few_labels.held_out import held_out_losses
    >>> x, p = np.zeros((2, 1)), np.full((2, 2), 0.5)
    >>> held_out_losses(as_it_is, x, np.array([0, 1]), p, np.array([0, 1]), Beside(x[:0], p[:0])).round(3)
    array([0.693, 0.693])
    """
    losses = np.empty(len(y))
    for fold in np.unique(part):
        out, kept = np.flatnonzero(part == fold), part != fold
        head = fit(support[kept], y[kept], prior[kept])
        losses[out] = Classes.losses(Classes.raised(beside.answers(head, support[out], prior[out])), y[out])
    return losses
