"""The vectors family: items that are numbers already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.data.vectors import LARGEST
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.items import as_mask


class VectorEncoder(Encoder):
    r"""Columns on one scale: items that are vectors already, each column a measurement.

    .. math:: z_{ij} = (x_{ij} - \bar x_j) / s_j

    A wide sparse matrix stays sparse: its columns are divided by their largest absolute value and not centred.

    Parameters
    ----------
    wide : int >= 1
        A sparse matrix of more columns stays sparse.

    Attributes
    ----------
    mean_, scale_ : array of shape (columns,)
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.vectors import VectorEncoder
    >>> VectorEncoder().fit_transform(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    family: ClassVar[str] = "vectors"
    reads: ClassVar[str] = "vector"
    first: ClassVar[str] = ""

    def __init__(self, wide: int = 256) -> None:
        self.wide = wide

    def fit(
        self,
        X: Sequence[Sequence[float]] | Matrix,
        y: Ints | None = None,  # noqa: ARG002 (labels teach nothing here)
        *,
        validation: Mask | None = None,
    ) -> Self:
        """Learn the scale of each column; rows marked as validation are left out.

        Raises
        ------
        ValueError
            If X is no matrix of finite numbers.
        """
        if self.wide < 1:
            raise ParameterError(f"wide is {self.wide}; use at least 1")
        X = self._checked(X, reset=True)
        held = as_mask(validation, X.shape[0])
        X = X if held is None else X[np.flatnonzero(~held)]
        top = np.asarray(abs(X).max(axis=0).toarray()).ravel() if sp.issparse(X) else np.abs(X).max(axis=0)
        top = np.where(top > 0, top, 1.0)
        self.mean_, self.scale_ = np.zeros(len(top)), top
        if not sp.issparse(X):
            # divided first: the square of a large number is beyond what a float holds
            shrunk = X / top
            spread = shrunk.std(axis=0)
            self.mean_, self.scale_ = shrunk.mean(axis=0) * top, np.where(spread > 1e-10, spread, 1.0) * top
        return self

    def transform(self, X: Sequence[Sequence[float]] | Matrix) -> Matrix:
        """Scaled columns, float32: an array of shape (n, columns), or a CSR array where the fitted one was wide."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        if sp.issparse(X):
            return sp.csr_array(X.multiply(1 / self.scale_), dtype=np.float32)
        # what is far beyond all that was learnt from would be infinite in single precision
        return np.asarray(np.clip((X - self.mean_) / self.scale_, -LARGEST, LARGEST), dtype=np.float32)

    def _checked(self, X: Sequence[Sequence[float]] | Matrix, *, reset: bool) -> Matrix:
        """A matrix of finite numbers, sparse if the fitted one was sparse and wide."""
        if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object:
            raise DataError("expected numbers, got texts; name an encoder of texts, for example lexical")
        found = validate_data(
            self, X, accept_sparse="csr", dtype=np.float64, reset=reset, ensure_min_samples=int(reset)
        )
        if reset:
            self.sparse_ = bool(sp.issparse(found) and found.shape[1] > self.wide)
        if self.sparse_:
            return sp.csr_array(found)
        dense: Floats = found.toarray() if sp.issparse(found) else found
        return dense

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = True, False, False
        tags.input_tags.sparse, tags.transformer_tags.preserves_dtype = True, []
        return tags

    def state(self) -> State:
        """Scale of each column, and the columns' names where they have any."""
        check_is_fitted(self)
        names: Array | None = getattr(self, "feature_names_in_", None)
        return {
            "params": self.get_params(),
            "mean": self.mean_,
            "scale": self.scale_,
            "sparse": self.sparse_,
            "names": None if names is None else names.tolist(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        encoder = cls(**state["params"])
        encoder.mean_, encoder.scale_, encoder.sparse_ = state["mean"], state["scale"], state["sparse"]
        encoder.n_features_in_ = len(encoder.scale_)
        if state["names"] is not None:
            encoder.feature_names_in_ = np.array(state["names"], dtype=object)
        return encoder
