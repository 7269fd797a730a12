"""How many equal founders would explain the ancestry as well."""

from __future__ import annotations

from polyculture.arrays import Array
from polyculture.measure.ancestry.contributions import founder_shares
from polyculture.measure.ancestry.pedigree import Pedigree
from polyculture.measure.diversity.hill import hill


def effective_founders(pedigree: Pedigree, weights: Array | None = None) -> float:
    r"""Number of equally large roots that would give the same chance that two models share one.

    .. math:: N_e = 1 \Big/ \sum_r s_r^2

    Parameters
    ----------
    pedigree : Pedigree
    weights : array of shape (nodes,), optional
        How much each model counts; all alike if None.

    Returns
    -------
    float in [1, roots]

    Raises
    ------
    DataError
        If a weight is negative, or all are zero.

    References
    ----------
    Lacy 1989, Zoo Biology 8.

    Examples
    --------
    >>> effective_founders(Pedigree.of(4, [2, 3], [0, 1]))
    2.0
    """
    return float(hill(founder_shares(pedigree, weights), 2))
