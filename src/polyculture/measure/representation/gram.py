"""Inner products among many representations at once: what linear and Gaussian kernel alignment share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError, ShapeError
from polyculture.measure.checks import representation, same_rows

# A self-similarity below this share of the squared trace is what rounding leaves, not what the items say.
RESOLUTION = 1e-10
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Magnitudes whose differences neither overflow nor lose digits.
SAFE = (1e-100, 1e100)
# Entries of all Gram matrices together up to which float64 costs no one a second.
LITTLE = 2**22
# Products that are summed in the precision of their factors before float64 takes over.
RUN = 2**15
# Bytes of Gram matrices held at once: one tile of each, small enough to stay close to the processor.
TILES = 2**25


def centred_all(representations: Sequence[Array], *, at_least: int, dtype: npt.DTypeLike | None = None) -> list[Floats]:
    """Check many representations of the same items and centre each, in the precision that they deserve.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    at_least : int
        Fewest items that the measure is defined for.
    dtype : float32 or float64, optional
        Precision of what is returned. By default `precision` decides.

    Returns
    -------
    m arrays of shape (n, d_k), with columns of mean zero.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than `at_least`.
    DataError
        If a value is not finite.
    ParameterError
        If `dtype` is neither float32 nor float64.

    Examples
    --------
    >>> centred_all([[[1.0], [3.0]]], at_least=2)
    [array([[-1.],
           [ 1.]])]
    """
    chosen = precision(representations, dtype, grams=True)
    # Each is centred as soon as it is checked, so that one copy in float64 is held at a time.
    return [centred(x, chosen) for x in checked(representations, at_least=at_least)]


def checked(representations: Sequence[Array], *, at_least: int = 1) -> Iterator[Floats]:
    """Representations of the same items, one after the other, checked and as new arrays of float64."""
    if not len(representations):
        raise ShapeError("No representations were given; pass one or more arrays with one row for each item.")
    first = np.asarray(representations[0])
    for k, x in enumerate(representations):
        array = representation(x, f"representation {k}", at_least=at_least)
        same_rows(first, array, names=("representation 0", f"representation {k}"))
        yield array


def check_choice(value: str, name: str, choices: Sequence[str]) -> None:
    """Refuse a name that is none of those to choose from."""
    if value not in choices:
        raise ParameterError(f"{name} is {value!r}; pass one of {', '.join(choices)}.")


def centred(x: Floats, dtype: npt.DTypeLike = np.float64) -> Floats:
    """Columns with mean zero and a largest magnitude of one, which no later product can overflow."""
    largest = _largest(x)
    if largest and not SAFE[0] < largest < SAFE[1]:
        x = x / largest
    # Taking off a row before the mean leaves exact zeros where a column is constant.
    x = x - x[0]
    x -= x.mean(axis=0)
    return np.divide(x, _largest(x) or 1, out=np.empty(x.shape, dtype), casting="same_kind")


def precision(
    representations: Sequence[Array], dtype: npt.DTypeLike | None = None, *, grams: bool = False
) -> np.dtype[Any]:
    """Float32 for much data that was no finer to begin with; float64 otherwise.

    With `grams`, float64 also where products of features are cheaper: they lose in float32 what debiasing takes off.
    """
    if dtype is not None:
        if np.dtype(dtype) not in FLOATS:
            raise ParameterError(f"dtype is {np.dtype(dtype)}; pass float32 or float64.")
        return np.dtype(dtype)
    arrays = [np.asarray(x) for x in representations]
    coarse = all(a.ndim == 2 and a.dtype.kind == "f" and a.dtype.itemsize <= 4 for a in arrays)
    much = coarse and sum(len(a) ** 2 for a in arrays) > LITTLE
    return np.dtype(np.float32 if much and not (grams and features_are_cheaper(arrays)) else np.float64)


def features_are_cheaper(parts: Sequence[Array]) -> bool:
    """Whether products of features cost less than products of items, of which half are known by symmetry."""
    n, widths = len(parts[0]), [part.shape[1] for part in parts]
    by_features = sum(d * e for d, e in combinations_with_replacement(widths, 2))
    return bool(2 * by_features < n * (sum(widths) + len(parts) ** 2))


def inner_products(parts: Sequence[Floats], *, debiased: bool = True, memory: int = TILES) -> Floats:
    r"""Inner products of the centred Gram matrices of all pairs of representations.

    .. math::
        S_{kl} = \langle A_k, A_l \rangle, \qquad
        A_{ij} = x_i^\top x_j + \frac{a_i + a_j}{n-2} - \frac{\sum_k a_k}{(n-1)(n-2)}, \quad A_{ii} = 0, \quad
        a_i = \|x_i\|^2

    Of two equal expressions, one over items and one over features, the cheaper is computed.

    Parameters
    ----------
    parts : m arrays of shape (n, d_k)
        From `centred_all`: rows of the Gram matrix of centred vectors sum to zero, which the formula makes use of.
    debiased : bool, default True
        If false, A is the plain Gram matrix of the centred vectors.
    memory : int, default 32 MB
        Bytes of Gram matrices held at once.

    Returns
    -------
    float64 array of shape (m, m), symmetric.

    Examples
    --------
    >>> inner_products(centred_all([[[1.0], [3.0]], [[5.0], [0.0]]], at_least=2), debiased=False)
    array([[4., 4.],
           [4., 4.]])
    """
    if parts[0].dtype == np.float64 and features_are_cheaper(parts):
        return _by_features(parts, debiased=debiased)
    sums = np.zeros((len(parts), len(parts)))
    for rows, columns, stack in gram_tiles(parts, debiased=debiased, memory=memory):
        sums += stack_products(stack) * (1 if rows == columns else 2)
    return sums


def gram_tiles(
    parts: Sequence[Floats], *, debiased: bool, memory: int = TILES
) -> Iterator[tuple[slice, slice, Floats]]:
    """Square tiles of all Gram matrices, from the diagonal upwards: rows, columns and their `gram_tile`."""
    lengths, side = squared_lengths(parts), tile_side(parts, memory)
    room = np.empty(len(parts) * side * side, dtype=parts[0].dtype)
    for rows, columns in combinations_with_replacement(spans(0, len(parts[0]), side), 2):
        yield rows, columns, gram_tile(parts, rows, columns, room, lengths if debiased else None)


def tile_side(parts: Sequence[Floats], memory: int) -> int:
    """Rows and columns of the largest square tiles that fit in memory together, one for each representation."""
    return max(1, min(len(parts[0]), int((memory / (len(parts) * parts[0].itemsize)) ** 0.5)))


def spans(start: int, stop: int, width: int) -> list[slice]:
    """Consecutive slices, of `width` or fewer."""
    return [slice(first, min(first + width, stop)) for first in range(start, stop, width)]


def gram_tile(
    parts: Sequence[Floats], rows: slice, columns: slice, room: Floats, lengths: Floats | None = None
) -> Floats:
    """Products of some items with others in each representation, (m, rows, columns), written into `room`.

    Given the squared lengths of all items, the tile is one of U-centred Gram matrices. Rows and columns must then
    either start at the same item or share none.
    """
    shape = (len(parts), rows.stop - rows.start, columns.stop - columns.start)
    stack = room[: shape[0] * shape[1] * shape[2]].reshape(shape)
    for part, tile in zip(parts, stack, strict=True):
        np.matmul(part[rows], part[columns].T, out=tile)
    if lengths is not None:
        # Rows of the Gram matrix sum to zero, so without its diagonal row i sums to minus lengths[i].
        shift = u_shift(lengths)
        stack += shift[:, rows, None].astype(stack.dtype)
        stack += shift[:, None, columns].astype(stack.dtype)
        if rows.start == columns.start:
            np.einsum("kii->ki", stack[:, :, : shape[1]])[...] = 0
    return stack


def u_shift(lengths: Floats) -> Floats:
    """What U-centring adds to each row, and to each column, of the Gram matrices of centred vectors, (m, n)."""
    n = lengths.shape[1]
    return np.asarray(lengths / (n - 2) - lengths.sum(axis=1, keepdims=True) / (2 * (n - 1) * (n - 2)))


def stack_products(stack: Floats) -> Floats:
    """Inner products of all pairs of matrices of a stack, in float64."""
    flat, sums = stack.reshape(len(stack), -1), np.zeros((len(stack), len(stack)))
    # A longer sum in float32 would lose digits.
    for some in spans(0, flat.shape[1], RUN):
        sums += flat[:, some] @ flat[:, some].T
    return sums


def normalised(sums: Floats, traces: Floats) -> Floats:
    """Cosines from inner products (..., m, m); NaN where a self-product is lost in rounding."""
    energy = np.diagonal(sums, axis1=-2, axis2=-1)
    energy = np.where(energy > RESOLUTION * traces**2, energy, np.nan)
    return np.asarray(sums / np.sqrt(energy[..., :, None] * energy[..., None, :]))


def squared_lengths(parts: Sequence[Floats]) -> Floats:
    """Squared length of each item in each representation, (m, n), in float64."""
    return np.stack([np.einsum("ij,ij->i", part, part, dtype=np.float64) for part in parts])


def debiased_products(sums: Floats, rows: Floats) -> Floats:
    """Song's estimator, times n (n - 3), from the inner products of zero-diagonal Gram matrices and their row sums."""
    n, totals = rows.shape[1], rows.sum(axis=1)
    return np.asarray(sums + np.outer(totals, totals) / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows @ rows.T)


def _by_features(parts: Sequence[Floats], *, debiased: bool) -> Floats:
    starts = np.cumsum([0, *(part.shape[1] for part in parts[:-1])])
    joined, sums = np.concatenate(parts, axis=1), np.zeros((len(parts), len(parts)))
    for k, (part, start) in enumerate(zip(parts, starts, strict=True)):
        products = part.T @ joined[:, start:]
        sums[k, k:] = np.add.reduceat(np.einsum("ij,ij->j", products, products), starts[k:] - start)
    sums = sums + np.triu(sums, 1).T
    if not debiased:
        return sums
    # Without their diagonals, Gram matrices lose the products of lengths.
    lengths = squared_lengths(parts)
    return debiased_products(sums - lengths @ lengths.T, -lengths)


def _largest(x: Floats) -> float:
    return max(float(x.max()), -float(x.min()))
