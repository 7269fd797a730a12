"""Maximum mean discrepancy: how far apart two samples are, by matrix products and in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from polyculture.adapt.inputs import stacked, two_samples
from polyculture.arrays import Floats, Matrix
from polyculture.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
# Items among which the median distance is taken; there may be more of them.
MEDIAN_OF = 1024


def squared_mmd(
    source: Matrix,
    target: Matrix,
    *,
    widths: Sequence[float] = WIDTHS,
    biased: bool = False,
    scale: float | None = None,
    block: int = 1024,
) -> float:
    r"""Squared distance between the mean embeddings of two samples under a mean of Gaussian kernels.

    .. math:: \widehat{\mathrm{MMD}}^2 = \frac{\sum_{i \ne j} k(x_i, x_j)}{n (n - 1)} +
        \frac{\sum_{i \ne j} k(z_i, z_j)}{m (m - 1)} - \frac{2}{nm} \sum_{ij} k(x_i, z_j), \qquad
        k(x, z) = \frac{1}{|C|} \sum_{c \in C} \exp \Big( -\frac{\|x - z\|^2}{2 c^2 s^2} \Big)

    Distances come from matrix products of blocks, never from an array of (n, m, d).

    Parameters
    ----------
    source, target : array or sparse array of shape (n, d) and (m, d)
        At least two rows each.
    widths : sequence of float > 0
        Widths c of the kernels in median distances.
    biased : bool
        Whether pairs of an item with itself count, as in the distance of the samples themselves, which is never below
        0. Without them 0 is expected of two samples of one distribution, and values below 0 occur.
    scale : float or None
        The distance s; None: the median over pairs of both samples, of at most 1024 items, evenly spaced.
    block : int >= 1
        Rows of a block: memory is that of a few arrays of (block, block).

    Returns
    -------
    float, at most 2

    Raises
    ------
    ShapeError, DataError
        If source and target do not fit together, or hold values that are not finite.
    ParameterError
        If a width, the scale or the block is not above 0.

    References
    ----------
    Gretton et al. 2012, A kernel two-sample test, JMLR 13; Long et al. 2015, arXiv:1502.02791 (several widths).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.mmd import squared_mmd
    >>> x, z = np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]])
    >>> round(squared_mmd(x, z, widths=[1], scale=1), 4)  # 2 - 2 exp(-1/2)
    0.7869
    """
    source, target = _near_zero(*two_samples(source, target, least=2))
    s = median_distance(source, target) if scale is None else scale
    if not len(widths) or not min(widths) > 0 or not s > 0 or block < 1:
        raise ParameterError(f"widths is {widths}, scale {s} and block {block}; all must be above 0.")
    n, m = source.shape[0], target.shape[0]
    within = [kernel_sum(part, part, widths, s, block) for part in (source, target)]
    between = kernel_sum(source, target, widths, s, block) / (n * m)
    found: float
    if biased:
        found = within[0] / n**2 + within[1] / m**2 - 2 * between
    else:
        # the kernel of an item with itself is 1
        found = (within[0] - n) / (n * (n - 1)) + (within[1] - m) / (m * (m - 1)) - 2 * between
    return found


def _near_zero(source: Matrix, target: Matrix) -> tuple[Matrix, Matrix]:
    """Both less the mean of the source: short vectors lose fewer digits; sparse ones stay."""
    if isinstance(source, np.ndarray) and isinstance(target, np.ndarray):
        centre = source.mean(axis=0)
        return source - centre, target - centre
    return source, target


def median_distance(source: Matrix, target: Matrix) -> float:
    """Median distance over pairs of both samples, among at most 1024 items; 1 where it is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.mmd import median_distance
    >>> median_distance(np.array([[0.0], [1.0]]), np.array([[5.0]]))
    4.0
    """
    both = stacked(source, target)
    few = both[:: -(-both.shape[0] // MEDIAN_OF)]
    above = np.triu_indices(few.shape[0], 1)
    return float(np.median(np.sqrt(squared_distances(few, few)[above]))) or 1.0


def squared_distances(left: Matrix, right: Matrix) -> Floats:
    """Squared distances of all pairs, shape (n, m): lengths less twice the inner products.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.mmd import squared_distances
    >>> squared_distances(np.array([[0.0], [1.0]]), np.array([[3.0]])).ravel()
    array([9., 4.])
    """
    products = left @ right.T
    found = np.asarray(products.toarray() if sp.issparse(products) else products)
    found *= -2
    found += _squares(left)[:, None]
    found += _squares(right)[None, :]
    return np.asarray(np.maximum(found, 0, out=found))


def _squares(values: Matrix) -> Floats:
    if isinstance(values, np.ndarray):
        return np.asarray(np.einsum("ij,ij->i", values, values))
    return np.asarray(values.multiply(values).sum(axis=1)).ravel()


def kernel_sum(left: Matrix, right: Matrix, widths: Sequence[float], scale: float, block: int = 1024) -> float:
    """Sum of the kernel over all pairs, block by block.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.mmd import kernel_sum
    >>> kernel_sum(np.zeros((3, 1)), np.zeros((2, 1)), [1.0], 1.0)
    6.0
    """
    total = 0.0
    for i in range(0, left.shape[0], block):
        for j in range(0, right.shape[0], block):
            apart = squared_distances(left[i : i + block], right[j : j + block])
            if left is right and i == j:
                # rounding must not part an item from itself
                np.fill_diagonal(apart, 0)
            total += sum(float(np.exp(apart * (-0.5 / (c * scale) ** 2)).sum(dtype=np.float64)) for c in widths)
    return total / len(widths)


def mmd_loss(source: Tensor, target: Tensor, *, widths: Sequence[float] = WIDTHS, scale: float | None = None) -> Tensor:
    r"""Biased squared MMD of two batches, with gradients: the penalty of deep adaptation networks.

    Parameters
    ----------
    source, target : tensor of shape (n, d) and (m, d)
        Hidden features; gradients pass to both.
    widths : sequence of float > 0
    scale : float or None
        As in :func:`squared_mmd`; no gradient passes through the median.

    Returns
    -------
    tensor without axes, >= 0

    References
    ----------
    Long et al. 2015, Learning transferable features with deep adaptation networks, arXiv:1502.02791.

    Examples
    --------
    >>> import torch
    >>> from polyculture.adapt.mmd import mmd_loss
    >>> float(mmd_loss(torch.ones(3, 2), torch.ones(4, 2)))
    0.0
    """
    import torch

    both, n = torch.cat([source, target]), len(source)
    both = both - both.mean(0).detach()
    squares = both.square().sum(1)
    apart = (squares[:, None] + squares[None, :] - 2 * both @ both.T).clamp(min=0)
    above = torch.triu(torch.ones_like(apart, dtype=torch.bool), 1)
    s2 = float(apart.detach()[above].median()) or 1.0 if scale is None else scale**2
    kernel = torch.stack([torch.exp(apart * (-0.5 / (c * c * s2))) for c in widths]).mean(0)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
