"""How early the relevant items come, measured against the best order."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.measure.ranking.hits import Divisor, divisors, hits, quotient


def ndcg_at(ranked: Array, relevant: sp.sparray, k: int, *, divide_by: Divisor = "reachable") -> Floats:
    r"""Discounted gain of the first k items, as a share of that of the best possible list.

    .. math:: \frac{\sum_{j \le k} [L_j \in R] / \log_2(j + 1)}{\sum_{j \le \min(k, |R|)} 1 / \log_2(j + 1)}

    Parameters
    ----------
    ranked : int array of shape (users, at least k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : int >= 1
    divide_by : {"relevant", "reachable"}
        Whether the best list ends at k, or holds all relevant items.

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
        If k is no whole number from 1, or `divide_by` is another word.

    Notes
    -----
    LightGCN, RecBole and trec_eval (``ndcg_cut``) end the best list at k. NGCF's first release took the items that were
    found in their best order for the best list, which is another measure and larger.

    References
    ----------
    Järvelin & Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20(4).

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ranked, relevant = np.array([[2, 0], [1, 0]]), sp.csr_array([[1, 0, 1, 1], [0, 0, 0, 0]])
    >>> ndcg_at(ranked, relevant, 2)
    array([ 1., nan])
    """
    found, counts = hits(ranked, relevant, k)
    discounts = 1.0 / np.log2(np.arange(2, max(k, counts.max(initial=0)) + 2))
    best = np.concatenate([[0.0], np.cumsum(discounts)])[divisors(counts, k, divide_by)]
    return quotient(found @ discounts[:k], best, counts)
