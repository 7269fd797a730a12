"""Several measures of one ranking at several cuts."""

from __future__ import annotations

from collections.abc import Sequence

import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.registry import Part, Registry

_HOME = "polyculture.measure.ranking"

RANKINGS = Registry(
    "measure of rankings",
    {
        "recall": Part(f"{_HOME}.recall:recall_at", "share of the relevant items that are found", "arXiv:2002.02126"),
        "ndcg": Part(
            f"{_HOME}.ndcg:ndcg_at", "how early they come, beside the best order", "Järvelin & Kekäläinen 2002"
        ),
        "precision": Part(
            f"{_HOME}.precision:precision_at", "share of the places that are well used", "arXiv:2011.01731"
        ),
        "hit_rate": Part(f"{_HOME}.hit_rate:hit_rate_at", "whether anything is found", "arXiv:2011.01731"),
        "mrr": Part(f"{_HOME}.reciprocal_rank:reciprocal_rank_at", "one over the first rank", "Voorhees 1999"),
        "map": Part(
            f"{_HOME}.average_precision:average_precision_at",
            "mean precision at what is found",
            "Buckley & Voorhees 2000",
        ),
    },
)
"""Measures of rankings by the names that tables give them."""


def measure_rankings(
    ranked: Array, relevant: sp.sparray, k: Sequence[int] = (10, 20), *, measures: Sequence[str] = tuple(RANKINGS)
) -> dict[str, Floats]:
    """Each measure at each cut, a value a user, with the conventions of RecBole (and so of LightGCN).

    Parameters
    ----------
    ranked : int array of shape (users, at least the largest k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : sequence of int >= 1
    measures : sequence of str
        Out of `RANKINGS`.

    Returns
    -------
    mapping of "recall@10", "recall@20", ... to float64 arrays of shape (users,)
        NaN for users without relevant items: take means over the others.

    Raises
    ------
    ShapeError
        If the arrays do not belong to the same users, or fewer than k items are ranked.
    DataError
        If an item is none of the columns, or stands twice in a row.
    ParameterError
        If a measure has another name, or a k is no whole number from 1.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> found = measure_rankings(np.array([[2, 0]]), sp.csr_array([[1, 0, 0]]), [1, 2], measures=["recall", "mrr"])
    >>> {name: values.tolist() for name, values in found.items()}
    {'recall@1': [0.0], 'recall@2': [1.0], 'mrr@1': [0.0], 'mrr@2': [0.5]}
    """
    if not len(k):
        raise ParameterError("k names no cut; give one or more, such as (10, 20)")
    return {f"{name}@{cut}": RANKINGS.load(name)(ranked, relevant, cut) for name in measures for cut in k}
