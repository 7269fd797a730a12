"""Items after step 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Mask, Matrix


@dataclass(frozen=True)
class Encoded:
    """Items after step 2.

    Parameters
    ----------
    views : mapping of encoder to matrix
        Each encoder's own vectors, as base models are fed.
    vectors : array of shape (n, d)
        The blocks side by side, spread over the graph: what a network over vectors is fed.
    texts : array of str, shape (n,), or None
        The items themselves: what a Transformer is fed.
    graph : CSR array of shape (n, n), or None
        Edges among them that were given: what adapts over graphs is fed.
    edges : CSR array of shape (n, fitted items), or None
        Edges over which items that arrive later receive from the fitted ones, as they were given.
    present : mapping of encoder to array of bool, shape (n,)
        Which items an encoder knows something of, where some lack what it reads.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.combine import Encoded
    >>> len(Encoded({"cnn": np.zeros((3, 4))}, np.zeros((3, 2))).take(np.array([0, 2])))
    2
    """

    views: Mapping[str, Matrix]
    vectors: Floats
    texts: Array | None = None
    graph: sp.csr_array | None = None
    present: Mapping[str, Mask] = field(default_factory=dict)
    edges: sp.csr_array | None = None

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, key: Any) -> Array:
        return np.asarray(self.vectors[key])

    @property
    def shape(self) -> tuple[int, int]:
        """Of the vectors: an Encoded stands for them wherever an array is expected."""
        return len(self.vectors), self.vectors.shape[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def only(self, names: Sequence[str]) -> Encoded:
        """The same items with these views alone."""
        present = {name: self.present[name] for name in names if name in self.present}
        return replace(self, views={name: self.views[name] for name in names}, present=present)

    def take(self, rows: Array) -> Encoded:
        """The items at these positions, or under this mask."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        texts = None if self.texts is None else self.texts[rows]
        graph = None if self.graph is None else self.graph[rows][:, rows]
        present = {name: there[rows] for name, there in self.present.items()}
        views = {name: view[rows] for name, view in self.views.items()}
        edges = None if self.edges is None else self.edges[rows]
        return Encoded(views, self.vectors[rows], texts, graph, present, edges)
