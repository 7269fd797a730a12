"""What is learnt: one class of several, several labels at once, or a value. One kind a file.

The arrays say which: whole numbers of shape (n,), -1 for none, are classes; whole numbers of shape (n, L), 0 or 1 and a
row of -1 for none, are labels; floats of shape (n,), NaN for none, are values. The steps ask the kind for its loss, its
answers and how these are pooled, sharpened and judged, and do not tell kinds apart themselves.
"""

from __future__ import annotations

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.targets.base import Target
from polyculture.targets.classes import Classes
from polyculture.targets.labels import Labels
from polyculture.targets.reading import read_labels
from polyculture.targets.values import Values

__all__ = ["KINDS", "Classes", "Labels", "Target", "Values", "kind_named", "kind_of", "read_labels"]

KINDS: dict[str, type[Target]] = {"classes": Classes, "labels": Labels, "values": Values}


def kind_of(y: Array) -> type[Target]:
    """The kind of target that an array holds.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.targets import kind_of
    >>> [kind_of(y).name for y in (np.array([0, 1]), np.array([[0, 1]]), np.array([0.5, 2.0]))]
    ['classes', 'labels', 'values']
    """
    y = y if hasattr(y, "ndim") else _array(y)
    if y.ndim == 2:
        return Labels
    return Values if y.dtype.kind == "f" else Classes


def _array(y: object) -> Array:
    import numpy as np

    return np.asarray(y)


def kind_named(name: str) -> type[Target]:
    """The kind of target by name.

    Raises
    ------
    ParameterError
        If there is none of this name.

    Examples
    --------
    >>> from polyculture.targets import kind_named
    >>> kind_named("values").__name__
    'Values'
    """
    if name not in KINDS:
        raise ParameterError(f"target is {name!r}; use one of {', '.join(KINDS)}")
    return KINDS[name]
