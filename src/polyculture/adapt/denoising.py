"""Marginalised denoising: each item's frequent columns, guessed from the columns that stand beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from polyculture.adapt.inputs import finite
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import ParameterError, ShapeError


@dataclass(frozen=True, eq=False)
class Denoising:
    """A linear map and a squashing function: items to guesses of their frequent columns.

    Parameters
    ----------
    weights : array of shape (d, k)
    bias : array of shape (k,)
    columns : array of int, shape (k,)
        Which columns are guessed, the most frequent first.
    """

    weights: Floats
    bias: Floats
    columns: Ints

    def __call__(self, X: Matrix) -> Floats:
        r"""The hidden layer, :math:`\tanh(X W + b)`.

        Raises
        ------
        ShapeError
            If X has other columns than the items that the map was learnt from.
        """
        if X.shape[1] != len(self.weights):
            raise ShapeError(f"X has {X.shape[1]} columns; pass the {len(self.weights)} that the map was learnt from.")
        return np.asarray(np.tanh(np.asarray(X @ self.weights) + self.bias))


def denoising(
    X: Matrix, *, noise: float = 0.5, outputs: int = 1000, blocks: int = 5, ridge: float = 0.01, seed: int = 0
) -> Denoising:
    r"""The map that best restores items of which columns were lost at random, in closed form.

    Each column is lost with probability :math:`p`, infinitely often; the least squares of restoring column j from what
    is left need only :math:`S = X^\top X`:

    .. math:: W = (Q + \lambda I)^{-1} P, \qquad
        Q_{ij} = (1 - p)^2 S_{ij},\; Q_{ii} = (1 - p) S_{ii}, \qquad P_{ij} = (1 - p) S_{ij}

    with a column of ones that is never lost. A word that is only used in one domain is so told by the words that it
    stands with there, and of these some are used in the other: learn it from the items of both.

    Columns are parted at random into blocks, each restores all outputs alone, and the blocks' guesses are averaged:
    :math:`b` blocks cost :math:`d^3 / b^2` where one costs :math:`d^3`.

    Parameters
    ----------
    X : array or sparse array of shape (n, d)
        Items of all domains; for words, whether each occurs (0 or 1). No label is used.
    noise : float in [0, 1)
        Chance of losing a column, :math:`p`.
    outputs : int >= 1
        How many columns to guess: those that most items hold, of equals the first; all where there are fewer.
    blocks : int >= 1
        At most one a column.
    ridge : float > 0
        :math:`\lambda`.
    seed : int
        Of the blocks.

    Returns
    -------
    Denoising
        Call it on items, later ones too. For a second layer, learn one from what the first gives.

    Raises
    ------
    ShapeError, DataError
        If X has no row, or holds values that are not finite.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    Chen, Xu, Weinberger & Sha 2012, Marginalized denoising autoencoders for domain adaptation, arXiv:1206.4683.

    Examples
    --------
    Two words that go together, and one that goes alone: the first is guessed where only the second stands.

    >>> import numpy as np
    >>> from polyculture.adapt.denoising import denoising
    >>> x = np.array([[1.0, 1, 0]] * 4 + [[0, 0, 1]] * 4)
    >>> denoising(x, blocks=1, outputs=2)(np.array([[0.0, 1, 0], [0, 0, 1]])).round(1)
    array([[0.7, 0.7],
           [0. , 0. ]])
    """
    X = finite(X, "X")
    d = X.shape[1]
    if not 0 <= noise < 1 or outputs < 1 or not 1 <= blocks <= d or not ridge > 0:
        raise ParameterError(
            f"noise is {noise}, outputs {outputs}, blocks {blocks} and ridge {ridge}; "
            f"pass a share below 1, at least 1, 1 to {d}, and a number above 0."
        )
    product = X.T @ X
    scatter = np.asarray(product.toarray() if sp.issparse(product) else product, dtype=np.float64)
    total = np.asarray(X.sum(axis=0), dtype=np.float64).ravel()
    columns = _frequent(X)[:outputs]
    weights, bias = np.empty((d, len(columns))), np.zeros(len(columns))
    for part in np.array_split(np.random.RandomState(seed).permutation(d), blocks):
        goal = np.vstack([scatter[np.ix_(part, columns)] * (1 - noise), total[columns]])
        found = scipy.linalg.solve(_corrupted(scatter, total, X.shape[0], part, noise, ridge), goal, assume_a="pos")
        weights[part] = found[:-1] / blocks
        bias += found[-1] / blocks
    return Denoising(weights, bias, columns)


def _corrupted(scatter: Floats, total: Floats, n: int, part: Ints, noise: float, ridge: float) -> Floats:
    """Expected products of columns of which some are lost, the column of ones last."""
    kept, k = 1 - noise, len(part)
    expected = np.empty((k + 1, k + 1))
    expected[:k, :k] = scatter[np.ix_(part, part)] * kept**2
    expected[np.arange(k), np.arange(k)] = scatter[part, part] * kept
    expected[k, :k] = expected[:k, k] = total[part] * kept
    expected[k, k] = n
    expected[np.diag_indices(k + 1)] += ridge
    return expected


def _frequent(X: Matrix) -> Array:
    """Columns, those first that most items hold."""
    held = np.asarray((X != 0).sum(axis=0)).ravel()
    return np.argsort(-held, kind="stable")
