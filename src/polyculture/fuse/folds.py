"""Held-out items in folds, so that what learns weights is judged by items that it has not seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from polyculture.arrays import Array, Ints
from polyculture.errors import DataError


def cut(
    y: Array, folds: int, random_state: int, groups: Array | None = None, *, stratified: bool = False
) -> Iterator[tuple[Ints, Ints]]:
    """Items to learn from and items to answer, once a fold.

    Parameters
    ----------
    y : array of n rows
    folds : int >= 2
        Fewer are cut where there are fewer groups.
    random_state : int
    groups : array of shape (n,), or None
        Items of one group are never on both sides of a fold.
    stratified : bool
        Whether every fold has its share of each class.

    Raises
    ------
    DataError
        If all items are of one group.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.folds import cut
    >>> groups = np.array(["a", "a", "b", "b"])
    >>> sorted(rest.tolist() for _, rest in cut(np.array([0, 1, 0, 1]), 5, 0, groups))
    [[0, 1], [2, 3]]
    """
    rows = np.zeros(len(y))
    if groups is None:
        plain = StratifiedKFold if stratified else KFold
        yield from plain(folds, shuffle=True, random_state=random_state).split(rows, y)
        return
    folds = min(folds, len(set(groups.tolist())))
    if folds < 2:
        raise DataError("all held-out items are of one group; hold out items of two groups at least")
    grouped = StratifiedGroupKFold if stratified else GroupKFold
    parts = grouped(folds, shuffle=True, random_state=random_state).split(rows, y, groups)
    # few groups of unlike classes can leave a stratified fold empty
    yield from ((learnt, rest) for learnt, rest in parts if len(rest))
