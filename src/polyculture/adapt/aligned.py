"""Answers whose classes have given proportions on the whole."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError

ROUNDS = 100


def aligned(answers: Array, proportions: Array) -> Floats:
    r"""Answers weighed class by class, so that their mean is what it is said to be.

    .. math:: \tilde p_{ik} = p_{ik} \, w_k, \qquad
        \frac{1}{m} \sum_i \frac{p_{ik} w_k}{\sum_j p_{ij} w_j} = q_k

    found by scaling :math:`w_k \leftarrow w_k \sqrt{q_k / \bar p_k}` again and again. A model that was taught elsewhere
    takes some classes for others throughout; where classes are known to be about as frequent as there, this takes that
    back. Where they are not, it adds an error of its own.

    Parameters
    ----------
    answers : array of shape (m, classes)
        Not negative; rows need not sum to 1, as for several labels an item.
    proportions : array of shape (classes,)
        Not negative, of any sum.

    Returns
    -------
    array of shape (m, classes)
        Rows on the scale that they had: only what they say of classes against each other changes.

    Raises
    ------
    ShapeError
        If there is not one proportion a class.
    DataError
        If a number is negative or not finite, or all proportions are 0.

    References
    ----------
    Bridle, Heading & MacKay 1991, Unsupervised classifiers, mutual information and phantom targets, NeurIPS 4;
    Berthelot et al. 2020, ReMixMatch, arXiv:1911.09785 (distribution alignment).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.aligned import aligned
    >>> found = aligned(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0.5, 0.5]))
    >>> found.argmax(axis=1), (found / found.sum(axis=1, keepdims=True)).mean(axis=0).round(3)
    (array([0, 1]), array([0.5, 0.5]))
    """
    p, q = np.asarray(answers, dtype=np.float64), np.asarray(proportions, dtype=np.float64)
    if p.ndim != 2 or q.shape != p.shape[1:]:
        raise ShapeError(f"answers have shape {p.shape} and proportions {q.shape}; pass one proportion a class.")
    if not (np.isfinite(p).all() and np.isfinite(q).all() and (p >= 0).all() and (q >= 0).all() and q.any()):
        raise DataError("answers or proportions hold a number that is negative or not finite, or no class has a share.")
    said, wanted, weights = p[p.any(axis=1)], q / q.sum(), np.ones(len(q))
    for _ in range(ROUNDS if len(said) else 0):
        weighed = said * weights
        mean = (weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0)
        weights *= np.sqrt(np.divide(wanted, mean, out=np.ones_like(mean), where=mean > 0))
        weights /= weights.max()
    weighed = p * weights
    before, after = (each.sum(axis=1, keepdims=True) for each in (p, weighed))
    return np.asarray(weighed * np.divide(before, after, out=np.zeros_like(after), where=after > 0))
