"""Whether anything is found."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.measure.ranking.hits import hits, quotient


def hit_rate_at(ranked: Array, relevant: sp.sparray, k: int) -> Floats:
    r"""Whether one of the first k items is relevant.

    .. math:: [\,|L_k \cap R| > 0\,]

    Parameters
    ----------
    ranked : int array of shape (users, at least k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : int >= 1

    Returns
    -------
    float64 array of shape (users,), values in [0, 1]; NaN for users without relevant items, whom a mean leaves out.

    Raises
    ------
    ShapeError
        If the arrays do not belong to the same users, or fewer than k items are ranked.
    DataError
        If an item is none of the columns, or stands twice in a row.
    ParameterError
        If k is no whole number from 1.

    Notes
    -----
    With one relevant item a user, as in leave-one-out, this is the recall.

    References
    ----------
    Zhao et al. 2021, RecBole, arXiv:2011.01731.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ranked, relevant = np.array([[2, 0], [1, 0]]), sp.csr_array([[1, 0, 1, 1], [0, 0, 0, 0]])
    >>> hit_rate_at(ranked, relevant, 2)
    array([ 1., nan])
    """
    found, counts = hits(ranked, relevant, k)
    return quotient(np.any(found, axis=1), np.ones(len(counts)), counts)
