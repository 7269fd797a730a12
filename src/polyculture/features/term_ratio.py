"""How much more often a term stands in one class than in the others."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints


def term_ratios(X: sp.csr_array, y: Ints, classes: int) -> Floats:
    r"""Naive Bayes' log-count ratio of each term, the largest over classes.

    .. math:: r_t = \max_k \Big| \log\frac{(1 + n_{tk}) / \sum_s (1 + n_{sk})}
        {(1 + \bar n_{tk}) / \sum_s (1 + \bar n_{sk})} \Big|

    with :math:`n_{tk}` the items of class k that hold term t, and :math:`\bar n_{tk}` those of all other classes. Terms
    times their ratio, under a linear model, are the NB-SVM: what tells no class apart has no say, however rare it is.

    Parameters
    ----------
    X : sparse array of shape (n, terms)
    y : array of int, shape (n,)
        Classes 0 ... classes - 1.
    classes : int

    Returns
    -------
    array of float32, shape (terms,)

    References
    ----------
    Wang & Manning 2012, ACL, aclanthology.org/P12-2018.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from polyculture.features.term_ratio import term_ratios
    >>> held = sp.csr_array(np.array([[1, 1], [1, 1], [0, 1], [0, 1]]))
    >>> [round(float(ratio), 2) for ratio in term_ratios(held, np.array([1, 1, 0, 0]), 2)]
    [0.69, 0.41]
    """
    there = sp.csr_array((np.asarray(X.data != 0, dtype=np.float32), X.indices, X.indptr), shape=X.shape)
    member = np.zeros((len(y), classes), dtype=np.float32)
    member[np.arange(len(y)), y] = 1.0
    inside = np.asarray(there.T @ member, dtype=np.float64)
    outside = inside.sum(axis=1, keepdims=True) - inside
    seen = np.flatnonzero(member.any(axis=0))
    ratio = _shares(inside[:, seen]) - _shares(outside[:, seen])
    return np.asarray(np.abs(ratio).max(axis=1), dtype=np.float32)


def _shares(counts: Floats) -> Floats:
    return np.asarray(np.log1p(counts) - np.log((1.0 + counts).sum(axis=0)))
