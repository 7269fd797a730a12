"""Views of different kinds made into columns that one network can be fed."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD

from polyculture.arrays import Array, Mask, Matrix
from polyculture.features.encoders.base import State


class Block(BaseEstimator):  # type: ignore[misc]
    r"""One encoder's vectors, dense and on one scale.

    Sparse vectors are reduced to their leading singular directions; columns are standardised and divided by
    :math:`\sqrt{d / 256}`, so that each encoder has the same say whatever its width d.

    Parameters
    ----------
    components : int >= 1
        Singular directions that sparse vectors are reduced to.
    random_state : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.blocks import Block
    >>> Block().fit(np.array([[1.0, 5.0], [3.0, 5.0]])).transform(np.array([[2.0, 5.0]])).tolist()
    [[0.0, 0.0]]
    """

    def __init__(self, components: int = 200, random_state: int = 0) -> None:
        self.components = components
        self.random_state = random_state

    def fit(self, X: Matrix, rows: Mask | None = None) -> Self:
        """Learn directions and scale from these rows (all when None)."""
        chosen = X if rows is None else X[np.flatnonzero(rows)]
        self.directions_ = self._directions(chosen) if sp.issparse(chosen) else None
        dense = self._dense(chosen)
        self.mean_ = dense.mean(axis=0)
        spread = dense.std(axis=0)
        self.scale_ = (np.where(spread > 1e-8, spread, 1.0) * np.sqrt(dense.shape[1] / 256)).astype(np.float32)
        return self

    def _directions(self, X: sp.csr_array) -> Array:
        count = min(self.components, min(X.shape) - 1)
        if count < 1:
            return np.eye(X.shape[1], dtype=np.float32)
        svd = TruncatedSVD(count, n_iter=2, random_state=self.random_state).fit(X)
        return np.asarray(svd.components_.T, dtype=np.float32)

    def _dense(self, X: Matrix) -> Array:
        return np.asarray(X if self.directions_ is None else X @ self.directions_, dtype=np.float32)

    def transform(self, X: Matrix) -> Array:
        """Dense columns, shape (n, d), float32."""
        return np.asarray((self._dense(X) - self.mean_) / self.scale_, dtype=np.float32)

    def state(self) -> State:
        """Directions and scale."""
        return {"params": self.get_params(), "directions": self.directions_, "mean": self.mean_, "scale": self.scale_}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        block = cls(**state["params"])
        block.directions_, block.mean_, block.scale_ = state["directions"], state["mean"], state["scale"]
        return block
