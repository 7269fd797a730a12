"""Terms count as much as they tell the classes apart, found anew whenever a model learns."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from polyculture.adapt.linear import Answer, Fit
from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import DataError
from polyculture.features.term_ratio import term_ratios


def ratio_weighted(fit: Fit) -> Fit:
    r"""A way to fit on whether terms occur, each weighted by naive Bayes' ratio, rows of length 1.

    .. math:: v_{it} \propto r_t\, [x_{it} \neq 0]

    with :math:`r_t` of :func:`polyculture.features.term_ratio.term_ratios`, of the very items that the model learns
    from. In self-training the ratios follow: a word that only the target uses weighs nothing at first, and as much as
    any other once items that hold it are taken for one class. Words that tell nothing apart, as names of products,
    stay out of it, where a plain linear model learns some weight for each.

    Parameters
    ----------
    fit : callable
        Vectors and classes to a model, such as :func:`polyculture.adapt.linear.logistic` with its classes filled in.

    Returns
    -------
    callable
        Terms and classes to a model; classes may be probabilities, then the ratios are those of the likeliest.

    Raises
    ------
    DataError
        When it learns: if there is no label.

    References
    ----------
    Wang & Manning 2012, Baselines and bigrams: simple, good sentiment and topic classification, ACL,
    aclanthology.org/P12-2018.

    Examples
    --------
    The word that stands in both classes counts little beside the one that stands in one of them.

    >>> import numpy as np, scipy.sparse as sp
    >>> from functools import partial
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.adapt.ratio_weighted import ratio_weighted
    >>> words = sp.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1]]))
    >>> model = ratio_weighted(partial(logistic, classes=2))(words, np.array([1, 1, 0, 0]))
    >>> model(sp.csr_array(np.array([[5.0, 1, 0], [0, 0, 1]]))).argmax(axis=1)
    array([1, 0])
    """

    def weighted(X: Matrix, y: Array) -> Answer:
        labels = _likeliest(np.asarray(y))
        rows = np.flatnonzero(labels >= 0)
        if not len(rows):
            raise DataError("There is no label to learn from; pass at least one.")
        there = _occurs(X)
        ratios = term_ratios(there[rows], labels[rows], int(labels.max()) + 1).astype(np.float64)
        model = fit(_by(there, ratios), y)
        return lambda asked: model(_by(_occurs(asked), ratios))

    return weighted


def _likeliest(y: Array) -> Array:
    return y if y.ndim == 1 else np.where(y.max(axis=1) > 0, y.argmax(axis=1), -1)


def _occurs(X: Matrix) -> sp.csr_array:
    found = sp.csr_array(X, dtype=np.float64, copy=True)
    found.eliminate_zeros()
    found.data[:] = 1.0
    return found


def _by(there: sp.csr_array, ratios: Floats) -> sp.csr_array:
    return sp.csr_array(normalize(sp.csr_array(there * ratios[None])))
