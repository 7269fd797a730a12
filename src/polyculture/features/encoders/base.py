"""What every encoder is: items in, vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.targets import kind_of

State = dict[str, Any]
"""Nested dict of numbers, strings, lists of these, None, numpy arrays and CSR arrays: what `store` can keep."""


class Encoder(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Items to vectors.

    Attributes
    ----------
    family : str
        Its name among :data:`polyculture.features.encoders.ENCODERS`.
    reads : {"text", "vector", "image", "series"}
        What items it takes.
    learns_labels : bool
        Whether `fit` looks at `y`. Vectors of such an encoder know the training labels; they join at fusion,
        and are not fed to the backbone unless asked for.

    Examples
    --------
    >>> from polyculture.features.encoders import ENCODERS
    >>> ENCODERS.load("cnn").learns_labels, ENCODERS.load("lexical").learns_labels
    (True, False)
    """

    family: ClassVar[str]
    reads: ClassVar[str] = "text"
    learns_labels: ClassVar[bool] = False

    @abstractmethod
    def fit(self, X: Sequence[str] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:
        """Learn from items.

        Parameters
        ----------
        X : sequence of n items
        y : array of int, shape (n,), or None
            Class of each item; -1 where it has none (such items still teach vocabulary).
        validation : array of bool, shape (n,), or None
            Items that are held out: they decide when to stop and nothing else.
        """

    @abstractmethod
    def transform(self, X: Sequence[str] | Array) -> Matrix:
        """Vectors of items, shape (n, d): a float32 array or a CSR array."""

    def search_view(self, vectors: Matrix) -> Matrix:
        """The columns that nearest neighbours are found in; all by default."""
        return vectors

    @abstractmethod
    def state(self) -> State:
        """All that is needed to build the fitted encoder again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """The fitted encoder that `state` was taken from."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = False, True, True
        tags.target_tags.required = self.learns_labels
        return tags


def held_out(y: Array, validation: Mask | None, *, share: float, seed: int) -> tuple[Array, Array]:
    """Rows to train on and rows to stop on, both labelled; the latter stratified by class when none are given.

    Parameters
    ----------
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    validation : array of bool, shape (n,), or None
    share : float in [0, 1)
        Of each class, where no validation part is given.
    seed : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.base import held_out
    >>> rows, stop = held_out(np.array([0, 1, -1]), np.array([False, True, True]), share=0.1, seed=0)
    >>> rows.tolist(), stop.tolist()
    ([0], [1])
    """
    kind = kind_of(y)
    labelled = np.flatnonzero(kind.labelled(y))
    if validation is not None:
        return labelled[~validation[labelled]], labelled[validation[labelled]]
    rng = np.random.RandomState(seed)
    held, strata = [], kind.strata(y)
    for value in np.unique(strata[labelled]):
        rows = rng.permutation(labelled[strata[labelled] == value])
        held.append(rows[: int(share * len(rows))])
    stop = np.concatenate(held) if held else labelled[:0]
    return np.setdiff1d(labelled, stop), np.sort(stop)
