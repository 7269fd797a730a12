"""How alike two representations of the same items are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError
from polyculture.measure.checks import representation, same_items, same_rows
from polyculture.measure.registry import measure

# A self-similarity below this share of the squared trace is what rounding leaves, not what the items say.
RESOLUTION = 1e-10
# Numbers held at once while Gram matrices are compared: 128 MB.
BLOCK = 2**24


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
    float in [-1, 1], or [0, 1] if biased; 0 is expected by chance, or :math:`\mathrm{tr}(K)\,\mathrm{tr}(L) /
    ((n-1) \|K\| \|L\|)` with centred K and L if biased. Never clamped: a negative value is less alike than chance.
    NaN if a representation does not vary, or varies in so few items that, once chance is taken off, no similarity to
    itself is left to divide by; 1 would be a claim that the data cannot support.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 4 (2 if biased).
    DataError
        If a value is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 1000)), rng.normal(size=(100, 1000))
    >>> round(cka(x, 3 * x + 1), 6)
    1.0
    >>> abs(cka(x, y)) < 0.05, round(cka(x, y, debiased=False), 1)
    (True, 0.9)
    """
    pair = same_items(x, y, at_least=4 if debiased else 2)
    return float(_alignment([centred(part) for part in pair], debiased=debiased)[0, 1])


def cka_matrix(representations: Sequence[Array], *, debiased: bool = True) -> Floats:
    r"""`cka` of all pairs among many representations of the same items.

    .. math:: C_{kl} = \frac{\langle A_k, A_l \rangle}{\|A_k\| \, \|A_l\|}

    Each Gram matrix is centred once; all inner products are then one matrix product, summed over blocks of rows so
    that memory does not grow with the square of n.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    debiased : bool, default True
        See `cka`.

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

    References
    ----------
    Kornblith et al. 2019, arXiv:1905.00414; Song et al. 2012, JMLR 13.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> cka_matrix([x, -x, 2 * x]).round(6)
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    return _alignment(centred_all(representations, at_least=4 if debiased else 2), debiased=debiased)


def centred_all(representations: Sequence[Array], *, at_least: int) -> list[Floats]:
    """Check many representations of the same items and centre each."""
    checked = [representation(x, f"representation {k}", at_least=at_least) for k, x in enumerate(representations)]
    if not checked:
        raise ShapeError("No representations were given; pass one or more arrays with one row for each item.")
    same_rows(*checked, names=tuple(f"representation {k}" for k in range(len(checked))))
    return [centred(x) for x in checked]


def centred(x: Floats) -> Floats:
    """Columns with mean zero and a largest magnitude of one, which no later product can overflow."""
    # Taking off a row before the mean leaves exact zeros where a column is constant.
    x = _unit(x)
    x = x - x[0]
    return _unit(x - x.mean(axis=0))


def normalised(sums: Floats, traces: Floats) -> Floats:
    """Cosines from inner products (..., m, m); NaN where a self-product is lost in rounding."""
    energy = np.diagonal(sums, axis1=-2, axis2=-1)
    energy = np.where(energy > RESOLUTION * traces**2, energy, np.nan)
    return np.asarray(sums / np.sqrt(energy[..., :, None] * energy[..., None, :]))


def features_are_cheaper(parts: Sequence[Floats]) -> bool:
    """Whether products of features cost less than products of items."""
    n, widths = len(parts[0]), [part.shape[1] for part in parts]
    by_features = sum(d * e for d, e in combinations_with_replacement(widths, 2))
    return bool(by_features < n * (sum(widths) + len(parts) ** 2))


def feature_sums(parts: Sequence[Floats], *, debiased: bool) -> Floats:
    """Inner products of centred Gram matrices, from d × d matrices."""
    sums = np.empty((len(parts), len(parts)))
    for k, j in combinations_with_replacement(range(len(parts)), 2):
        sums[k, j] = sums[j, k] = np.sum((parts[k].T @ parts[j]) ** 2)
    if not debiased:
        return sums
    n, lengths = len(parts[0]), squared_lengths(parts)
    traces = lengths.sum(axis=1)
    return np.asarray(sums - n / (n - 2) * lengths @ lengths.T + np.outer(traces, traces) / ((n - 1) * (n - 2)))


def squared_lengths(parts: Sequence[Floats]) -> Floats:
    """Squared length of each item in each representation, (m, n)."""
    return np.stack([np.einsum("ij,ij->i", part, part) for part in parts])


def row_blocks(start: int, stop: int, width: int) -> Iterator[slice]:
    """Consecutive slices of rows, each `width` numbers long, that fit in memory together."""
    step = max(1, BLOCK // width)
    for first in range(start, stop, step):
        yield slice(first, min(first + step, stop))


def _alignment(parts: Sequence[Floats], *, debiased: bool) -> Floats:
    sums = (feature_sums if features_are_cheaper(parts) else _item_sums)(parts, debiased=debiased)
    return normalised(sums, squared_lengths(parts).sum(axis=1))


def _item_sums(parts: Sequence[Floats], *, debiased: bool) -> Floats:
    n, m = len(parts[0]), len(parts)
    lengths = squared_lengths(parts)
    sums = np.zeros((m, m))
    for rows in row_blocks(0, n, n * m):
        stack = np.stack([part[rows] @ part.T for part in parts])
        if debiased:
            _u_centre(stack, lengths, rows)
        stack = stack.reshape(m, -1)
        sums += stack @ stack.T
    return sums


def _u_centre(stack: Floats, lengths: Floats, rows: slice) -> None:
    # Rows of the Gram matrix of centred vectors sum to zero, so without its diagonal row i sums to minus lengths[i].
    m, n = lengths.shape
    stack += (lengths[:, rows, None] + lengths[:, None, :]) / (n - 2)
    stack -= lengths.sum(axis=1).reshape(m, 1, 1) / ((n - 1) * (n - 2))
    stack[:, np.arange(stack.shape[1]), np.arange(n)[rows]] = 0


def _unit(x: Floats) -> Floats:
    largest = np.abs(x).max()
    return np.asarray(x / largest) if largest > 0 else x
