"""Centred kernel alignment estimated from batches."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.measure.checks import same_items
from polyculture.measure.inference.interval import check_count
from polyculture.measure.representation.gram import centred, inner_products, normalised, spans, squared_lengths


def minibatch_cka(x: Array, y: Array, *, batch: int = 256, epochs: int = 1, seed: int = 0) -> float:
    r"""Debiased linear CKA estimated from Gram matrices of batches, as networks in training report it.

    .. math::
        \frac{\sum_b w_b \, \mathrm{HSIC}_1(K_b, L_b)}
        {\sqrt{\sum_b w_b \, \mathrm{HSIC}_1(K_b, K_b) \; \sum_b w_b \, \mathrm{HSIC}_1(L_b, L_b)}}, \qquad w_b = n_b

    A ratio of sums, not a mean of ratios: each sum is unbiased, a ratio is not. To weigh batches by their items keeps a
    short last one from counting as much as the others. It costs n · batch · d; `StreamingCKA` costs n · d² and is
    exact.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite.
    batch : int >= 4, default 256
        Items in a batch. The last has what remains of them, and is left out if that is fewer than 4.
    epochs : int, default 1
        How often all items are shuffled and cut again; more of them lower the variance.
    seed : int, default 0
        Decides the shuffles.

    Returns
    -------
    float; 0 is expected by chance. Never clamped. NaN where `cka` is.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 4.
    DataError
        If a value is not finite.
    ParameterError
        If batch < 4 or epochs < 1.

    References
    ----------
    Nguyen, Raghu and Kornblith 2021, arXiv:2010.15327.

    Examples
    --------
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 1000, 5))
    >>> from polyculture.measure import cka
    >>> round(cka(x, x + noise), 2), round(minibatch_cka(x, x + noise, batch=100), 2)
    (0.5, 0.5)
    """
    check_count(batch, "batch", 4)
    check_count(epochs, "epochs", 1)
    parts = [centred(part) for part in same_items(x, y, at_least=4)]
    n, rng = len(parts[0]), np.random.default_rng(seed)
    sums, traces = np.zeros((2, 2)), np.zeros(2)
    for _ in range(epochs):
        order = rng.permutation(n)
        for some in spans(0, n, batch):
            rows = order[some]
            if len(rows) >= 4:
                # Each batch has a mean of its own; a common scale keeps the weights as they are.
                few = [part[rows] - part[rows].mean(axis=0) for part in parts]
                sums += inner_products(few) / (len(rows) - 3)
                traces += squared_lengths(few).sum(axis=1) / np.sqrt(len(rows))
    return float(normalised(sums, traces)[0, 1])
