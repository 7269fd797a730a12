"""How alike two representations of the same items are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from polyculture.arrays import Array, Floats
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import (
    TILES,
    centred,
    centred_all,
    inner_products,
    normalised,
    squared_lengths,
)


@measure(
    bounds=(-1, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=0.0,
    cost="min(n² d, n d²)",
    paper="Kornblith et al. 2019, arXiv:1905.00414; Song et al. 2012, JMLR 13",
)
def cka(x: Array, y: Array, *, debiased: bool = True) -> float:
    r"""Linear centred kernel alignment of two representations, corrected for the number of items.

    .. math::
        \mathrm{CKA} = \frac{\langle A, B \rangle}{\|A\| \, \|B\|}, \qquad
        A_{ij} = \tilde K_{ij} - \frac{r_i + r_j}{n-2} + \frac{\sum_k r_k}{(n-1)(n-2)}, \quad A_{ii} = 0

    with :math:`\tilde K` the Gram matrix of x without its diagonal, :math:`r` its row sums, and B the same for y. The
    biased form takes doubly centred Gram matrices instead. Of two equal expressions, one over items and one over
    features, the cheaper is computed.

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite. Computed in float64, centred first, since the
        Gram matrix of features with a large mean cancels to noise.
    debiased : bool, default True
        The biased form is far above zero by chance when features outnumber items: two independent Gaussian
        representations of 100 items in 1000 dimensions score 0.91.

    Returns
    -------
    float in [-1, 1], or [0, 1] if biased
        0 is expected by chance, or :math:`\mathrm{tr}(K)\,\mathrm{tr}(L) / ((n-1) \|K\| \|L\|)` with centred K and L
        if biased. Never clamped: a negative value is less alike than chance.
        NaN if a representation does not vary, or varies in so few items that, once chance is taken off, no similarity
        to itself is left to divide by; 1 would be a claim that the data cannot support.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 4 (2 if biased).
    DataError
        If a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 1000)), rng.normal(size=(100, 1000))
    >>> round(cka(x, 3 * x + 1), 6)
    1.0
    >>> abs(cka(x, y)) < 0.05, round(cka(x, y, debiased=False), 1)
    (True, 0.9)
    """
    parts = [centred(part) for part in same_items(x, y, at_least=4 if debiased else 2)]
    return float(_alignment(parts, debiased=debiased, memory=TILES)[0, 1])


def cka_matrix(
    representations: Sequence[Array],
    *,
    debiased: bool = True,
    dtype: npt.DTypeLike | None = None,
    memory: int = TILES,
) -> Floats:
    r"""`cka` of all pairs among many representations of the same items.

    .. math:: C_{kl} = \frac{\langle A_k, A_l \rangle}{\|A_k\| \, \|A_l\|}

    Each Gram matrix is centred once; all inner products are then one matrix product, summed over tiles of the upper
    triangle, so that memory does not grow with the square of n.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    debiased : bool, default True
        See `cka`.
    dtype : float32 or float64, optional
        Precision of the Gram matrices. By default float32 for much data that is itself no finer, which then agrees
        with float64 to about 1e-6, and float64 otherwise. Centring and sums are in float64 always.
    memory : int, default 32 MB
        Bytes of Gram matrices held at once, besides one centred copy of the representations.

    Returns
    -------
    float64 array of shape (m, m), symmetric, values in [-1, 1]; row and column k are NaN where representation k does
    not vary enough (see `cka`).

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 4 (2 if biased).
    DataError
        If a value is not finite.
    ParameterError
        If `dtype` is neither float32 nor float64.

    References
    ----------
    Kornblith et al. 2019, arXiv:1905.00414; Song et al. 2012, JMLR 13.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> cka_matrix([x, -x, 2 * x]).round(6)
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    parts = centred_all(representations, at_least=4 if debiased else 2, dtype=dtype)
    return _alignment(parts, debiased=debiased, memory=memory)


def _alignment(parts: Sequence[Floats], *, debiased: bool, memory: int) -> Floats:
    sums = inner_products(parts, debiased=debiased, memory=memory)
    return normalised(sums, squared_lengths(parts).sum(axis=1))
