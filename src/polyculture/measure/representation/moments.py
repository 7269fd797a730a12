"""What permutations of the items would do to CKA, without making them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv, ndtr, ndtri

from polyculture.arrays import Array, Floats
from polyculture.measure.checks import same_items
from polyculture.measure.representation.gram import centred

# Closer to symmetric than this, a gamma distribution is a normal one to all digits that matter.
SYMMETRIC = 1e-4


class Shape(NamedTuple):
    """What the third moment under permutation asks of Gram matrices A of K layers, U-centred and of unit norm."""

    items: int
    cubes: Floats  # (K,): sum of A_ij³
    triangles: Floats  # (K,): trace of A³

    @classmethod
    def joined(cls, shapes: Sequence[Shape]) -> Shape:
        """Of the layers of several models, one after the other."""
        cubes, triangles = (np.concatenate(part) for part in zip(*(shape[1:] for shape in shapes), strict=True))
        return cls(shapes[0].items, cubes, triangles)


def cka_biased_mean(x: Array, y: Array) -> float:
    r"""Mean of biased linear CKA over all permutations of the items of one representation.

    .. math:: \frac{\mathrm{tr}(K) \, \mathrm{tr}(L)}{(n-1) \, \|K\| \, \|L\|}

    with K and L the centred Gram matrices. Exact; for debiased CKA the mean is 0.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items; finite.

    Returns
    -------
    float in [0, 1]; NaN if one does not vary.

    Raises
    ------
    ShapeError
        If rows differ, or there are fewer than 2.
    DataError
        If a value is not finite.

    References
    ----------
    Kazi-Aoual et al. 1995, Computational Statistics & Data Analysis 20.

    Examples
    --------
    >>> x, y = np.random.default_rng(0).normal(size=(2, 100, 1000))
    >>> round(cka_biased_mean(x, y), 2)
    0.91
    """
    parts = [centred(part) for part in same_items(x, y, at_least=2)]
    shares = []
    for part in parts:
        gram = part.T @ part if part.shape[1] < len(part) else part @ part.T
        norm = float(np.linalg.norm(gram))
        shares.append(float(np.trace(gram)) / norm if norm > 0 else np.nan)
    return float(shares[0] * shares[1] / (len(parts[0]) - 1))


def gram_shape(stack: Floats) -> Shape:
    """Sums of cubes and of triangles of each Gram matrix of a stack (K, n, n), U-centred and of unit norm."""
    cubes = [np.einsum("ij,ij,ij", gram, gram, gram, dtype=np.float64) for gram in stack]
    triangles = [np.einsum("ij,ij", gram @ gram, gram, dtype=np.float64) for gram in stack]
    return Shape(stack.shape[1], np.array(cubes), np.array(triangles))


def cka_variance(n: int) -> float:
    r"""Variance of debiased CKA over all permutations of the items, :math:`2 / (n (n - 3))`: the same for all data.

    U-centred matrices have zero row sums and a zero diagonal, so that every mixed term of the variance of a Mantel
    statistic is a multiple of their squared norms, which CKA divides by.

    Examples
    --------
    >>> round(cka_variance(100) ** 0.5, 4)
    0.0144
    """
    return 2 / (n * (n - 3))


def cka_skewness(shape: Shape) -> Floats:
    r"""Skewness of debiased CKA over all permutations of the items, for all pairs of layers, exact.

    The third moment of :math:`\sum_{i \ne j} A_{ij} B_{\pi(i) \pi(j)}` is a sum over the eight ways in which three
    pairs of items can share items; with zero row sums each way is a combination of :math:`\sum A_{ij}^3` and
    :math:`\mathrm{tr}(A^3)`.

    Parameters
    ----------
    shape : Shape
        Of K layers of 6 items or more.

    Returns
    -------
    float64 array of shape (K, K)
    """
    n, cubes, triangles = shape
    falling = np.cumprod([n - i for i in range(6)], dtype=np.float64)
    paths, apart = triangles - cubes, triangles - 2 * cubes
    third = np.outer(cubes, cubes) * (4 / falling[1] + 24 / falling[2] + (24 + 32) / falling[3])
    third += np.outer(triangles, triangles) * 8 / falling[2] + np.outer(paths, paths) * 24 / falling[3]
    third += np.outer(apart, apart) * (48 / falling[4] + 64 / falling[5])
    return np.asarray(third / cka_variance(n) ** 1.5)


def pearson_tail(z: Floats, skewness: Floats) -> Floats:
    r"""Probability of a standardised value above z in Pearson's distribution of type III (a shifted gamma).

    .. math:: P(Z > z) = Q(4/\gamma^2,\; 4/\gamma^2 + 2 z / \gamma)

    with Q the upper regularised incomplete gamma function, the lower one if the skewness γ is negative, and the normal
    tail if there is none.

    For permuted CKA this is an approximation that matches three moments: mean, variance and skewness. These are exact,
    the tail is not. With Gaussian features it is close down to 0.0001. Far out with heavy tails it is too small: among
    unrelated features of 40 items from Student's t with 2 degrees of freedom, p <= 0.05 comes 0.9 times as often as it
    says, 0.01 1.5 times, 0.005 twice, 0.001 5 times, 0.0001 20 to 30 times.
    """
    steep = np.where(np.abs(skewness) < SYMMETRIC, np.nan, skewness)
    shape = 4 / steep**2
    at = np.maximum(shape + 2 * z / steep, 0)
    tail = np.where(steep > 0, gammaincc(shape, at), gammainc(shape, at))
    return np.asarray(np.where(np.isnan(steep) & ~np.isnan(skewness), ndtr(-z), tail))


def pearson_threshold(alpha: float, skewness: Floats) -> Floats:
    """Standardised value that Pearson's distribution of type III passes with probability alpha."""
    steep = np.where(np.abs(skewness) < SYMMETRIC, np.nan, skewness)
    shape = 4 / steep**2
    at = np.where(steep > 0, gammainccinv(shape, alpha), gammaincinv(shape, alpha))
    value = (at - shape) * steep / 2
    return np.asarray(np.where(np.isnan(steep) & ~np.isnan(skewness), -ndtri(alpha), value))
