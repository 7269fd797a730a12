"""What the methods of adaptation are given, checked."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import DataError, ShapeError


def two_samples(source: Matrix, target: Matrix, *, least: int = 1) -> tuple[Matrix, Matrix]:
    """Vectors of source and target, finite and in the same columns.

    Parameters
    ----------
    source, target : array or sparse array of shape (n, d) and (m, d)
        Both dense or both sparse; float32 stays, all else becomes float64.
    least : int
        Rows that each must have.

    Raises
    ------
    ShapeError
        If they have other columns, too few rows, or one is sparse and the other dense.
    DataError
        If a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.inputs import two_samples
    >>> [part.dtype.name for part in two_samples(np.ones((2, 1), dtype=np.float32), np.ones((1, 1), dtype=int))]
    ['float32', 'float64']
    """
    parts = finite(source, "source", least), finite(target, "target", least)
    if parts[0].shape[1] != parts[1].shape[1]:
        raise ShapeError(
            f"source has {parts[0].shape[1]} columns and target {parts[1].shape[1]}; encode both in the same way."
        )
    if sp.issparse(parts[0]) != sp.issparse(parts[1]):
        raise ShapeError("One of source and target is sparse and the other dense; encode both in the same way.")
    return parts


def finite(values: Matrix, name: str, least: int = 1) -> Matrix:
    """A matrix of finite numbers with enough rows, CSR where it is sparse."""
    given = sp.csr_array(values) if sp.issparse(values) else np.asarray(values)
    if given.ndim != 2 or given.shape[0] < least:
        raise ShapeError(f"{name} has shape {given.shape}; pass a matrix with at least {least} row(s).")
    given = given if given.dtype == np.float32 else given.astype(np.float64)
    held = given.data if sp.issparse(given) else given
    if not np.isfinite(held).all():
        raise DataError(f"{name} holds a value that is not finite{_where(given)}; remove or fill it.")
    return given


def codes(y: Array, rows: int, name: str = "y") -> Ints:
    """Classes 0, 1, ... of so many rows, -1 where there is none; at least one is there."""
    given = np.asarray(y)
    if given.shape != (rows,) or not np.issubdtype(given.dtype, np.integer):
        raise ShapeError(f"{name} has shape {given.shape} and type {given.dtype}; pass one whole number a row, {rows}.")
    if not (given >= 0).any():
        raise DataError(f"{name} holds no label; the source needs some.")
    return given


def sides(source: Matrix, y: Array, target: Matrix) -> tuple[Matrix, Ints, Matrix]:
    """Source, its classes and target, checked."""
    source, target = two_samples(source, target, least=2)
    return source, codes(y, source.shape[0]), target


def distributions(answers: Array, name: str = "answers") -> Floats:
    """Rows of probabilities as float64."""
    given = np.asarray(answers, dtype=np.float64)
    if given.ndim != 2 or not given.shape[0] or given.shape[1] < 2:
        raise ShapeError(f"{name} has shape {given.shape}; pass one row an item and one column a class.")
    wrong = ~((given >= 0).all(axis=1) & (np.abs(given.sum(axis=1) - 1) < 1e-3))
    if wrong.any():
        raise DataError(f"{name} holds no distribution in row {np.argmax(wrong)}; each row must sum to 1.")
    return given


def _where(values: Matrix) -> str:
    return "" if sp.issparse(values) else f" in row {np.argmin(np.isfinite(values).all(axis=1))}"


def proportions(y: Ints, classes: int) -> Floats:
    """Share of each class among the labelled rows."""
    counts = np.bincount(y[y >= 0], minlength=classes)
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def balanced_accuracy(found: Array, truth: Array) -> float:
    """Share of each class that is answered right, mean over the classes that occur.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.inputs import balanced_accuracy
    >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    0.75
    """
    return float(np.mean([(found[truth == k] == k).mean() for k in np.unique(truth)]))


def dense(values: Matrix) -> Array:
    """The same numbers without gaps."""
    return np.asarray(values if isinstance(values, np.ndarray) else values.toarray())


def stacked(above: Matrix, below: Matrix) -> Matrix:
    """Rows of both, CSR where they are sparse."""
    if sp.issparse(above):
        return sp.vstack([above, below], format="csr")
    return np.concatenate([above, below])
