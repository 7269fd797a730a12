"""How many of the relevant items are found."""

from __future__ import annotations

import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.measure.ranking.hits import Divisor, divisors, hits, quotient


def recall_at(ranked: Array, relevant: sp.sparray, k: int, *, divide_by: Divisor = "relevant") -> Floats:
    r"""Share of a user's relevant items that are among the first k.

    .. math:: \frac{|L_k \cap R|}{|R|} \quad\text{or}\quad \frac{|L_k \cap R|}{\min(k, |R|)}

    Parameters
    ----------
    ranked : int array of shape (users, at least k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : int >= 1
    divide_by : {"relevant", "reachable"}
        Whether all relevant items count, or no more of them than k places hold.

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
    LightGCN, RecBole and trec_eval divide by all relevant items, Mult-VAE and what follows it by no more than k.

    References
    ----------
    He et al. 2020, LightGCN, arXiv:2002.02126; Liang et al. 2018, Mult-VAE, arXiv:1802.05814.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ranked, relevant = np.array([[2, 0], [1, 0]]), sp.csr_array([[1, 0, 1, 1], [0, 0, 0, 0]])
    >>> recall_at(ranked, relevant, 2)
    array([0.66666667,        nan])
    """
    found, counts = hits(ranked, relevant, k)
    return quotient(found.sum(axis=1), divisors(counts, k, divide_by), counts)
