"""Views of different kinds made into columns that one network can be fed."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture.arrays import Array, Mask, Matrix
from polyculture.errors import ParameterError
from polyculture.features.encoders.base import State
from polyculture.features.sampling import at_most


class Block(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""One encoder's vectors, dense and on one scale.

    Sparse vectors are reduced to their leading singular directions; columns are standardised and divided by
    :math:`\sqrt{d / 256}`, so that each encoder has the same say whatever its width d. Of more than 100,000 sparse
    vectors, as many drawn at random teach directions and scale.

    Parameters
    ----------
    components : int >= 1
        Singular directions that sparse vectors are reduced to.
    random_state : int

    Attributes
    ----------
    directions_ : array of shape (columns, d), or None
        Singular directions of sparse vectors.
    mean_, scale_ : array of shape (d,)
    n_features_in_ : int

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

    def fit(self, X: Matrix, y: Array | None = None, *, rows: Mask | None = None) -> Self:  # noqa: ARG002 - as scikit-learn calls it
        """Learn directions and scale from these rows (all when None); `y` is ignored."""
        if self.components < 1:
            raise ParameterError(f"components is {self.components}; use at least 1")
        X = self._checked(X, reset=True)
        chosen = self._chosen(X, rows)
        self.directions_ = self._directions(chosen) if sp.issparse(chosen) else None
        dense = self._dense(chosen)
        self.mean_ = dense.mean(axis=0)
        spread = dense.std(axis=0)
        self.scale_ = (np.where(spread > 1e-8, spread, 1.0) * np.sqrt(dense.shape[1] / 256)).astype(np.float32)
        return self

    def _chosen(self, X: Matrix, rows: Mask | None) -> Matrix:
        places = np.arange(X.shape[0]) if rows is None else np.flatnonzero(rows)
        if sp.issparse(X):
            places = at_most(places, self.random_state)
        return X if len(places) == X.shape[0] else X[places]

    def _directions(self, X: sp.csr_array) -> Array:
        count = min(self.components, min(X.shape) - 1)
        if count < 1:
            return np.eye(X.shape[1], dtype=np.float32)
        svd = TruncatedSVD(count, n_iter=2, random_state=self.random_state)
        with np.errstate(divide="ignore", invalid="ignore"):
            svd.fit(X)  # where all rows are equal, it divides by their variance; what it makes of that is not used
        return np.asarray(svd.components_.T, dtype=np.float32)

    def _dense(self, X: Matrix) -> Array:
        return np.asarray(X if self.directions_ is None else X @ self.directions_, dtype=np.float32)

    def _checked(self, X: Matrix, *, reset: bool) -> Matrix:
        found = validate_data(
            self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=reset, ensure_min_samples=int(reset)
        )
        return sp.csr_array(found) if sp.issparse(found) else found

    def transform(self, X: Matrix) -> Array:
        """Dense columns, shape (n, d), float32."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        dense = self._dense(X)
        # what was just multiplied out is nobody else's, and large
        out = np.subtract(dense, self.mean_, out=dense if sp.issparse(X) else None)
        out /= self.scale_
        return np.asarray(out, dtype=np.float32)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse, tags.transformer_tags.preserves_dtype = True, []
        return tags

    def state(self) -> State:
        """Directions and scale."""
        return {
            "params": self.get_params(),
            "directions": self.directions_,
            "mean": self.mean_,
            "scale": self.scale_,
            "width": self.n_features_in_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        block = cls(**state["params"])
        block.directions_, block.mean_, block.scale_ = state["directions"], state["mean"], state["scale"]
        block.n_features_in_ = state["width"]
        return block
