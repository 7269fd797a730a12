"""How alike two representations of the same items are in who is near whom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import (
    TILES,
    centred,
    centred_all,
    debiased_products,
    gram_tiles,
    normalised,
    squared_lengths,
    stack_products,
)
from polyculture.measure.representation.rsa import squared_distances

WIDTHS = (0.4, 0.8, 1.0)
# Items among which the median distance is taken; there may be more of them.
MEDIAN_OF = 4096


@measure(
    bounds=(-1, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=0.0,
    cost="n² d",
    paper="Kornblith et al. 2019, arXiv:1905.00414; Song et al. 2012, JMLR 13",
)
def rbf_cka(x: Array, y: Array, *, width: float = 0.8, debiased: bool = True) -> float:
    r"""Centred kernel alignment with a Gaussian kernel, corrected for the number of items.

    .. math:: K_{ij} = \exp \Big( -\frac{\|x_i - x_j\|^2}{2 \sigma^2} \Big), \qquad
        \sigma = c \operatorname{median}_{i < j} \|x_i - x_j\|

    Kernels are centred and compared as in `cka`, to which the value tends as the width grows.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite.
    width : float, default 0.8
        Width c of the kernel in median distances, so that no unit matters; conclusions that hold for 0.4, 0.8 and 1
        do not hang on it. Of more than 4096 items, the median is that among 4096 evenly spaced ones.
    debiased : bool, default True
        See `cka`.

    Returns
    -------
    float in [-1, 1], or [0, 1] if biased; 0 is expected by chance if not. Never clamped. NaN if a representation does
    not vary, half of its pairs of items or more are identical, or too little similarity is left once chance is taken
    off.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 4 (2 if biased).
    DataError
        If a value is not finite.
    ParameterError
        If a width is not above 0.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> round(rbf_cka(x, 3 * x + 1), 6), abs(rbf_cka(x, x[::-1])) < 0.1
    (1.0, True)
    """
    parts = [centred(part) for part in same_items(x, y, at_least=4 if debiased else 2)]
    return float(_alignments(parts, [width], debiased=debiased, memory=TILES)[0, 0, 1])


def rbf_cka_matrix(
    representations: Sequence[Array],
    *,
    widths: Sequence[float] = WIDTHS,
    debiased: bool = True,
    dtype: npt.DTypeLike | None = None,
    memory: int = TILES,
) -> Floats:
    """`rbf_cka` of all pairs, for several widths at once: distances are computed once, all pairs are one product.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    widths : sequence of float, default (0.4, 0.8, 1.0)
        See `rbf_cka`.
    debiased, dtype, memory
        See `cka_matrix`.

    Returns
    -------
    float64 array of shape (widths, m, m), each matrix symmetric; NaN as in `rbf_cka`.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 4 (2 if biased).
    DataError
        If a value is not finite.
    ParameterError
        If a width is not above 0, or `dtype` is neither float32 nor float64.

    References
    ----------
    Kornblith et al. 2019, arXiv:1905.00414; Song et al. 2012, JMLR 13.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> rbf_cka_matrix([x, 2 * x], widths=[1]).round(6)
    array([[[1., 1.],
            [1., 1.]]])
    """
    parts = centred_all(representations, at_least=4 if debiased else 2, dtype=dtype)
    return _alignments(parts, widths, debiased=debiased, memory=memory)


def _alignments(parts: Sequence[Floats], widths: Sequence[float], *, debiased: bool, memory: int) -> Floats:
    if not len(widths) or not min(widths) > 0:
        raise ParameterError(f"widths is {widths}; pass one or more numbers above 0.")
    n, m = len(parts[0]), len(parts)
    lengths, medians = squared_lengths(parts), np.array([_median_squared(part) for part in parts])
    sums, rows = np.zeros((len(widths), m, m)), np.zeros((len(widths), m, n))
    for at, across, tile in gram_tiles(parts, debiased=False, memory=memory // 2):
        ratios = _to_ratios(tile, lengths, medians, at, across)
        for c, width in enumerate(widths):
            kernel = _kernel(ratios, width, diagonal=at == across)
            sums[c] += stack_products(kernel) * (1 if at == across else 2)
            rows[c, :, at] += kernel.sum(axis=2, dtype=np.float64)
            if at != across:
                rows[c, :, across] += kernel.sum(axis=1, dtype=np.float64)
    return np.stack([_aligned(sums[c], rows[c], width, debiased=debiased) for c, width in enumerate(widths)])


def _to_ratios(tile: Floats, lengths: Floats, medians: Floats, rows: slice, columns: slice) -> Floats:
    """Turn products of items into squared distances over the median one, in place."""
    tile *= -2
    tile += lengths[:, rows, None].astype(tile.dtype)
    tile += lengths[:, None, columns].astype(tile.dtype)
    tile /= medians[:, None, None].astype(tile.dtype)
    return tile


def _kernel(ratios: Floats, width: float, *, diagonal: bool) -> Floats:
    """Kernel less its value at the median distance, with zeros where an item meets itself.

    Centring takes off any constant, and the less is left for it to take off, the more digits survive; for a wide
    kernel, exp(-z) - 1 has many more of them than exp(-z).
    """
    kernel = np.expm1(ratios * (-0.5 / width**2)) - ratios.dtype.type(_at_median(width))
    if diagonal:
        np.einsum("kii->ki", kernel)[...] = 0
    return np.asarray(kernel)


def _at_median(width: float) -> float:
    return float(np.expm1(-0.5 / width**2))


def _aligned(sums: Floats, rows: Floats, width: float, *, debiased: bool) -> Floats:
    """Alignment from inner products and row sums of zero-diagonal kernels."""
    n, own = rows.shape[1], -_at_median(width)
    totals = rows.sum(axis=1)
    # Sum of the diagonal of the doubly centred kernel.
    traces = (n - 1) * own - totals / n
    if debiased:
        return normalised(debiased_products(sums, rows), traces)
    whole, totals = rows + own, totals + n * own
    centred_sums = sums + n * own**2 - 2 / n * whole @ whole.T + np.outer(totals, totals) / n**2
    return normalised(centred_sums, traces)


def _median_squared(x: Floats) -> float:
    """Square of the median distance; NaN if it is zero."""
    step = -(-len(x) // MEDIAN_OF)
    return float(np.median(np.sqrt(squared_distances(x[::step])))) ** 2 or np.nan
