"""Each labelled domain in turn as if it had no labels, to see which way to adapt would have helped there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from polyculture.adapt.inputs import balanced_accuracy, codes, finite
from polyculture.adapt.linear import Fit
from polyculture.arrays import Array, Matrix
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.sampling import at_most


def left_out_domains(
    fit: Fit,
    X: Matrix,
    y: Array,
    domain: Array,
    methods: Mapping[str, Callable[..., Any]],
    *,
    most: int = 4,
    items: int = 2000,
    seed: int = 0,
) -> dict[str, float]:
    r"""Balanced accuracy of each way to adapt, mean over labelled domains that were treated as targets.

    .. math:: \frac{1}{|D|} \sum_{d \in D} \operatorname{acc}\big(\operatorname{adapt}(X_{-d}, y_{-d}, X_d),\; y_d\big)

    It asks labels that are there, and not those of the target: where sources differ from each other as they differ
    from the target, nothing predicts better. It says nothing where the target is of another kind than all of them.

    Parameters
    ----------
    fit : callable
        Vectors and classes to a model; see :mod:`polyculture.adapt.linear`.
    X : array or sparse array of shape (n, d)
    y : array of int, shape (n,)
        Classes; -1 where there is none.
    domain : array of str, shape (n,)
    methods : mapping of str to callable
        See :data:`polyculture.adapt.automatic.METHODS`.
    most : int >= 1
        Domains that are tried, drawn at random.
    items : int >= 1
        Labelled items of the others, and items of the one that is left out, at most.
    seed : int

    Returns
    -------
    dict of str to float in [0, 1]

    Raises
    ------
    ShapeError
        If there is not one class and one domain for each row.
    ParameterError
        If fewer than two domains have labels.

    References
    ----------
    Gulrajani & Lopez-Paz 2021, In search of lost domain generalization, arXiv:2007.01434 (leave-one-domain-out
    validation).

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import METHODS
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.adapt.selection.left_out import left_out_domains
    >>> x, y, domain = np.random.default_rng(0).normal(size=(80, 2)), np.arange(80) % 2, np.repeat(["a", "b"], 40)
    >>> x[:, 0] += 9 * (domain == "b") + 6 * y
    >>> found = left_out_domains(partial(logistic, classes=2), x, y, domain, METHODS)
    >>> found["none"] < 0.6 and found["coral"] > 0.9
    True
    """
    given = finite(X, "X")
    known = codes(y, given.shape[0])
    where = np.asarray(domain)
    if where.shape != known.shape:
        raise ShapeError(f"domain has shape {where.shape}; pass one for each of the {len(known)} rows.")
    names = np.unique(where[known >= 0])
    if len(names) < 2:
        raise ParameterError("Fewer than two domains have labels; nothing can be left out. Use circular validation.")
    rng = np.random.RandomState(seed)
    tried = np.sort(rng.permutation(names)[:most])
    scores: dict[str, list[float]] = {name: [] for name in methods}
    for left in tried:
        source = at_most(np.flatnonzero((known >= 0) & (where != left)), seed, items)
        target = at_most(np.flatnonzero((known >= 0) & (where == left)), seed, items)
        for name, method in methods.items():
            adapted = method(fit, given[source], known[source], given[target])
            scores[name].append(balanced_accuracy(adapted.answer(given[target]).argmax(axis=1), known[target]))
    return {name: float(np.mean(found)) for name, found in scores.items()}
