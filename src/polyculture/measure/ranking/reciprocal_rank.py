"""How early the first relevant item comes."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.measure.ranking.hits import hits, quotient


def reciprocal_rank_at(ranked: Array, relevant: sp.sparray, k: int) -> Floats:
    r"""One over the rank of the first relevant item, 0 where none is among the first k.

    .. math:: \frac{1}{\min \{ j \le k : L_j \in R \}}

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
    RecBole cuts at k, too; trec_eval's ``recip_rank`` looks at the whole list.

    References
    ----------
    Voorhees 1999, The TREC-8 question answering track report.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ranked, relevant = np.array([[2, 0], [1, 0]]), sp.csr_array([[1, 0, 1, 1], [0, 0, 0, 0]])
    >>> reciprocal_rank_at(ranked, relevant, 2)
    array([ 1., nan])
    """
    found, counts = hits(ranked, relevant, k)
    first = found.argmax(axis=1)
    return quotient(np.where(found.any(axis=1), 1.0 / (first + 1), 0.0), np.ones(len(counts)), counts)
