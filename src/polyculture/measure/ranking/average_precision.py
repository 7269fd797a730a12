"""How well used the places are up to each relevant item."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.measure.ranking.hits import Divisor, divisors, hits, quotient


def average_precision_at(ranked: Array, relevant: sp.sparray, k: int, *, divide_by: Divisor = "reachable") -> Floats:
    r"""Mean of the precisions at the ranks of the relevant items among the first k.

    .. math:: \frac{1}{\min(k, |R|)} \sum_{j \le k} [L_j \in R] \, \frac{|L_{1..j} \cap R|}{j}

    Parameters
    ----------
    ranked : int array of shape (users, at least k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : int >= 1
    divide_by : {"relevant", "reachable"}
        By how many relevant items the sum is divided: no more than k, or all.

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
    RecBole divides by no more relevant items than k, trec_eval (``map_cut``) by all of them.

    References
    ----------
    Buckley & Voorhees 2000, Evaluating evaluation measure stability, SIGIR.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ranked, relevant = np.array([[2, 0], [1, 0]]), sp.csr_array([[1, 0, 1, 1], [0, 0, 0, 0]])
    >>> average_precision_at(ranked, relevant, 2)
    array([ 1., nan])
    """
    found, counts = hits(ranked, relevant, k)
    precision = np.cumsum(found, axis=1) / np.arange(1, k + 1)
    return quotient((precision * found).sum(axis=1), divisors(counts, k, divide_by), counts)
