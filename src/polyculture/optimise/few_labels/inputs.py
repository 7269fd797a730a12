"""What the methods are given, checked."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError, ParameterError, ShapeError

RULED_OUT = -1e3
"""Score of a class that has no labelled item, where only labelled items speak."""


def finite(values: Array, name: str) -> Floats:
    """A matrix of finite numbers as float64.

    Raises
    ------
    ShapeError
        If it has no two axes.
    DataError
        Naming the first row that holds anything else.

    Examples
    --------
    >>> from polyculture.optimise.few_labels.inputs import finite
    >>> finite([[1, 2]], "support")
    array([[1., 2.]])
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2:
        raise ShapeError(f"{name} has shape {found.shape}; pass one row an item")
    wrong = ~np.isfinite(found).all(axis=1)
    if wrong.any():
        raise DataError(f"{name} holds a value that is not finite in row {np.argmax(wrong) + 1}; remove or fill it")
    return found


def distributions(values: Array, rows: int, name: str) -> Floats:
    """So many rows of probabilities as float64."""
    found = finite(values, name)
    if len(found) != rows or found.shape[1] < 2:
        raise ShapeError(f"{name} has shape {found.shape}; pass {rows} row(s), and one column for each class")
    wrong = ~((found >= 0).all(axis=1) & (np.abs(found.sum(axis=1) - 1) < 1e-3))
    if wrong.any():
        raise DataError(f"{name} holds no distribution in row {np.argmax(wrong) + 1}; each row must sum to 1")
    return found


def labelled(support: Array, y: Array, prior: Array) -> tuple[Floats, Ints, Floats]:
    """Vectors, classes and the model's own probabilities of the labelled items, checked.

    Parameters
    ----------
    support : array of shape (n, d)
    y : array of int, shape (n,)
        Positions of classes; every item has one.
    prior : array of shape (n, classes)

    Raises
    ------
    ShapeError
        If rows do not match, or there are none.
    DataError
        If a value is not finite, a row is no distribution, or a class has no column.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.inputs import labelled
    >>> [part.shape for part in labelled(np.ones((1, 3)), np.array([0]), np.array([[0.5, 0.5]]))]
    [(1, 3), (1,), (1, 2)]
    """
    x, codes = finite(support, "support"), np.asarray(y)
    if not len(x) or codes.shape != (len(x),) or not np.issubdtype(codes.dtype, np.integer):
        raise ShapeError(f"{len(x)} vectors and labels of shape {codes.shape} were given; pass one whole number a row")
    own = distributions(prior, len(x), "prior")
    strange = (codes < 0) | (codes >= own.shape[1])
    if strange.any():
        row = int(np.argmax(strange))
        raise DataError(f"row {row + 1} has the class {codes[row]}; there are {own.shape[1]}, counted from 0")
    return x, codes, own


def class_means(x: Floats, y: Ints, classes: int) -> Floats:
    """Mean of each class's rows, shape (classes, d); zeros for a class without any.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.inputs import class_means
    >>> class_means(np.array([[1.0], [3.0]]), np.array([1, 1]), 2).tolist()
    [[0.0], [2.0]]
    """
    belongs = np.eye(classes)[y]
    return np.asarray(belongs.T @ x / np.maximum(belongs.sum(axis=0), 1.0)[:, None])


def without_items(y: Ints, classes: int) -> Floats:
    """What is added to the score of each class: nothing, or what rules it out where no item has it."""
    return np.where(np.bincount(y, minlength=classes) > 0, 0.0, RULED_OUT)


def unit(x: Floats) -> Floats:
    """Rows of length 1; zeros stay."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.where(length > 0, length, 1.0))


def squared_length(x: Floats) -> float:
    """Mean squared length of rows; 1 where all are zeros, so that it can be divided by."""
    found = float(np.square(x).sum(axis=1).mean())
    return found if found > 0 else 1.0


def above_zero(value: float, name: str) -> float:
    """A finite number above 0.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"{name} is {value}; pass a number above 0")
    return float(value)


def at_least_zero(value: float, name: str) -> float:
    """A finite number from 0."""
    if not (np.isfinite(value) and value >= 0):
        raise ParameterError(f"{name} is {value}; pass a number from 0")
    return float(value)
