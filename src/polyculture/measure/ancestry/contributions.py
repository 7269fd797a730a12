"""How much of an ecosystem descends from each of its roots."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError
from polyculture.measure.ancestry.pedigree import Pedigree


def founder_shares(pedigree: Pedigree, weights: Array | None = None) -> Floats:
    r"""Share of the models' ancestry that goes back to each root.

    .. math:: s_r = \sum_i v_i \, p_{ir} \Big/ \sum_i v_i, \qquad p_{ir} = \frac{1}{k_i} \sum_{a \in \text{parents}(i)}
        p_{ar}, \qquad p_{rr} = 1

    A model with k parents has 1/k from each; every model's parts sum to one, and so do the shares.

    Parameters
    ----------
    pedigree : Pedigree
    weights : array of shape (nodes,) or (nodes, w), optional
        How much each model counts; all count alike if None. With several columns, shares are found for each.

    Returns
    -------
    float array of shape (roots,) or (roots, w), in the order of `Pedigree.roots`; columns sum to one.

    Raises
    ------
    DataError
        If a weight is negative, or all are zero.

    References
    ----------
    Lacy 1989, Zoo Biology 8; Boichard, Maignel and Verrier 1997, Genetics Selection Evolution 29.

    Examples
    --------
    >>> merged = Pedigree.of(4, [2, 3, 3], [0, 0, 1])
    >>> founder_shares(merged).tolist()
    [0.625, 0.375]
    """
    given = np.ones(pedigree.nodes) if weights is None else np.asarray(weights, dtype=np.float64)
    total = given.sum(axis=0)
    if (given < 0).any() or not np.all(total > 0):
        raise DataError("weights are negative, or all zero; pass how much each model counts.")
    return np.asarray(pedigree.up(given)[pedigree.roots] / total)


def likeness_to_all(pedigree: Pedigree, shares: Array) -> Floats:
    r"""Probability that a part of a model and a part of a random one go back to the same root, by model.

    .. math:: g_i = \sum_r p_{ir} s_r

    Its mean over the models that made the shares is the Herfindahl index of the shares.

    Parameters
    ----------
    pedigree : Pedigree
    shares : array of shape (roots,) or (roots, w)

    Returns
    -------
    float array of shape (nodes,) or (nodes, w)

    Examples
    --------
    >>> merged = Pedigree.of(4, [2, 3, 3], [0, 0, 1])
    >>> print(likeness_to_all(merged, founder_shares(merged)).mean(), 0.625**2 + 0.375**2)
    0.53125 0.53125
    """
    values = np.zeros((pedigree.nodes, *np.shape(shares)[1:]))
    values[pedigree.roots] = shares
    return pedigree.down(values)


def from_root(pedigree: Pedigree, chosen: Ints) -> Floats:
    """Part of each model that goes back to each of some roots.

    Parameters
    ----------
    pedigree : Pedigree
    chosen : int array of shape (c,)
        Numbers of models; of one that is no root, the part that comes through it.

    Returns
    -------
    float array of shape (nodes, c), in [0, 1]; 0 for models that do not descend from it, 1 for those that have nothing
    else.

    Examples
    --------
    >>> from_root(Pedigree.of(4, [2, 3, 3], [0, 0, 1]), np.array([0])).tolist()
    [[1.0], [0.0], [1.0], [0.5]]
    """
    values = np.zeros((pedigree.nodes, len(chosen)))
    values[chosen, np.arange(len(chosen))] = 1
    return pedigree.down(values)
