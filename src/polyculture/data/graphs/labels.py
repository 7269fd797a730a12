"""Labels of nodes: one class each, or several labels at once as places of 0 and 1."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.answers import Policy
from polyculture.errors import DataError, ParameterError

KINDS = ("several", "single")


def of_matrix(
    matrix: Array, kind: str, source: str, *, zeros: bool = False
) -> tuple[Array, tuple[int, ...] | None, tuple[Policy, ...]]:
    """Labels of a matrix of 0 and 1, a column a label; a row of -1 is a node without labels.

    Parameters
    ----------
    matrix : array of shape (n, L)
    kind : {"several", "single"}
        Tuples, or the number of the first column that holds a 1.
    source : str
    zeros : bool
        Whether a row of 0 says that no label holds; otherwise it is a node without labels.

    Returns
    -------
    labels : object array of shape (n,)
    names : tuple of int, or None
    policies : tuple of Policy

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.array([[1, 0], [1, 1], [0, 0]])
    >>> of_matrix(matrix, "several", "m")[0].tolist(), of_matrix(matrix, "single", "m")[0].tolist()
    ([(1, 0), (1, 1), None], [0, 0, None])
    """
    if kind not in KINDS:
        raise ParameterError(f"labels is {kind!r}; use one of {', '.join(KINDS)}")
    values = np.asarray(matrix, dtype=np.float64)
    none = (values == -1).all(axis=1) | np.isnan(values).all(axis=1)
    none = none if zeros else none | (values == 0).all(axis=1)
    odd = ~none & ~np.isin(values, (0, 1)).all(axis=1)
    if odd.any():
        raise DataError(
            f"{source}: row {int(np.argmax(odd)) + 1} of the labels holds other numbers than 0 and 1; mend it"
        )
    out = np.empty(len(values), dtype=object)
    for row in np.flatnonzero(~none):
        out[row] = tuple(values[row].astype(int).tolist()) if kind == "several" else int(values[row].argmax())
    found = [Policy("nodes without labels", int(none.sum()), "kept, unlabelled")]
    if kind == "single":
        more = int((values[~none].sum(axis=1) > 1).sum())
        found.append(Policy("nodes with several labels", more, "given the first alone"))
    names = tuple(range(values.shape[1])) if kind == "several" else None
    return out, names, tuple(policy for policy in found if policy.count)


def of_sets(sets: Sequence[Collection[Any] | None]) -> tuple[Array, tuple[Any, ...]]:
    """Sets of names, None where there is none, as tuples of 0 and 1, with the names in order.

    Examples
    --------
    >>> of_sets([{"b"}, None, {"a", "b"}])[0].tolist()
    [(0, 1), None, (1, 1)]
    """
    names = tuple(in_order({name for each in sets if each is not None for name in each}))
    out = np.empty(len(sets), dtype=object)
    for row, each in enumerate(sets):
        out[row] = None if each is None else tuple(int(name in each) for name in names)
    return out, names


def in_order(names: Collection[Any]) -> list[Any]:
    """Names sorted, as numbers where all are whole numbers."""
    numeric = all(isinstance(name, str) and name.isascii() and name.isdigit() for name in names)
    return sorted(names, key=lambda name: (int(name), name)) if numeric else sorted(names)
