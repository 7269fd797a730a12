"""A linear auto-encoder over items: two items of a user belong together as far as they were taken together."""

from __future__ import annotations

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp

from polyculture.arrays import Floats
from polyculture.errors import ParameterError, ShapeError
from polyculture.recommend.base import normalised
from polyculture.recommend.ease import LIMIT, Ease
from polyculture.recommend.times import places


def timed_ease(
    matrix: sp.csr_array,
    *,
    times: sp.csr_array,
    span: float = 0.1,
    ridge: float = 100.0,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    output_exponent: float = 0.0,
) -> Ease:
    r"""Learn how much each item speaks for each other one, the more from users who took both at about the same time.

    .. math:: B = I - P\, \mathrm{diag}(P)^{-1}, \quad P = (G + \lambda I)^{-1}, \quad
        G_{ij} = \sum_u x_{ui} x_{uj} \, e^{-|p_{ui} - p_{uj}| / s}

    The place p of an item in a user's history goes from 0, the first, to 1, the last. With a long span s this is
    :func:`~polyculture.recommend.ease.ease`; a short one tells what belongs to one occasion from what is of one taste.
    As e to minus a distance is a kernel, G is that of a least-squares problem too. A score is a sum over the whole
    history of the user, whenever that was.

    Parameters
    ----------
    matrix : sparse array of shape (users, items)
    times : sparse array of the same shape
        When a user took an item: only the order within a user counts, and 0 is the earliest.
    span : float > 0
        s, as a share of a history.
    ridge : float > 0
        λ.
    user_exponent, item_exponent : float in [0, 1]
        Powers of the degrees that interactions are divided by.
    output_exponent : float
        Scores are multiplied by this power of the item's degree.

    Raises
    ------
    ParameterError
        If a setting is out of range.
    ShapeError
        If there are more than 20,000 items: their square is held, and its cube computed.

    References
    ----------
    Steck 2019, Embarrassingly shallow autoencoders for sparse data, WWW, arXiv:1905.03375, without times.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    >>> times = sp.csr_array([[1.0, 2.0, 8.0, 9.0], [1.0, 0.0, 0.0, 0.0]])
    >>> scores = timed_ease(taken, times=times, ridge=1.0).scores(np.array([1]))
    >>> bool(scores[0, 1] > scores[0, 2])
    True
    """
    check_items(matrix.shape[1])
    gram = near(matrix, times, span, user_exponent)
    return solved(matrix, gram, ridge, (user_exponent, item_exponent, output_exponent))


def near(matrix: sp.csr_array, times: sp.csr_array, span: float, user_exponent: float) -> Floats:
    """G of :func:`timed_ease` before items are divided by powers of their degrees; float32, shape (items, items).

    Takes time as the sum of squared lengths of the histories does.
    """
    if not span > 0:
        raise ParameterError(f"span is {span}; use a number above 0")
    x = normalised(matrix, user_exponent, 0.0)[0]
    at = places(x, times) / span
    found = np.zeros((x.shape[1], x.shape[1]), dtype=np.float32)
    for start, end in zip(x.indptr[:-1].tolist(), x.indptr[1:].tolist(), strict=True):
        if end - start:
            items, values, mine = x.indices[start:end], x.data[start:end], at[start:end]
            kernel = np.exp(-np.abs(mine[:, None] - mine)).astype(np.float32)
            found[np.ix_(items, items)] += kernel * values * values[:, None]
    return found


def solved(matrix: sp.csr_array, gram: Floats, ridge: float, exponents: tuple[float, float, float]) -> Ease:
    """The model for G as :func:`near` gives it."""
    if ridge <= 0:
        raise ParameterError(f"ridge is {ridge}; use a number above 0")
    user, item, output = exponents
    x, degrees = normalised(matrix, user, item)
    scale = degrees ** np.float32(-item)
    whole = gram * scale * scale[:, None]
    whole[np.diag_indices(len(whole))] += np.float32(ridge)
    inverse = np.asarray(sl.inv(whole, overwrite_a=True, check_finite=False, assume_a="pos"), dtype=np.float32)
    return Ease(x, inverse, np.diag(inverse).copy(), degrees**output, exponents, ridge)


def check_items(items: int) -> None:
    """Refuse more items than can be held by pairs."""
    if items > LIMIT:
        raise ShapeError(f"timed_ease inverts a square array of the {items} items, at most {LIMIT}; use spectral")
