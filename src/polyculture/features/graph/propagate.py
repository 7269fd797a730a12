"""Decoupled propagation: vectors are spread over the graph once, and a small network learns from what arrives."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from polyculture.arrays import Floats, Ints, Mask
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.encoders.base import State
from polyculture.features.graph.build import Edges
from polyculture.features.graph.disk.beside import beside
from polyculture.features.graph.disk.graph import GraphOnDisk
from polyculture.features.graph.disk.spread import spread_on_disk
from polyculture.features.graph.disk.stored import source
from polyculture.features.graph.normalise import Normalised, checked
from polyculture.features.graph.words import Bipartite

METHODS = ("sgc", "sign", "appnp")
NORMALISATIONS = ("row", "symmetric")


class Parts(NamedTuple):
    """Whose vectors an item's features are a sum of: ``own * x + weights @ fitted[indices]``."""

    indices: Ints
    weights: Floats
    own: float


class Propagation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Vectors of items, mixed with those of their neighbours, without anything learnt.

    With degrees :math:`d_i = s + \sum_j A_{ij}`, and a row's own edge :math:`s` set to 1 where it would have no edges,

    .. math::
        \hat A_{ij} = \frac{A_{ij} + s\,[i = j]}{d_i} \text{ ("row")}, \quad
        \hat A_{ij} = \frac{A_{ij} + s\,[i = j]}{\sqrt{d_i d_j}} \text{ ("symmetric")}

    features are :math:`\hat A^h X` (SGC), :math:`[X, \hat A X, \dots, \hat A^h X]` (SIGN), or :math:`Z_h` with
    :math:`Z_0 = X, Z_{t+1} = (1 - \alpha) \hat A Z_t + \alpha X` (APPNP). An item without edges keeps its own vector.

    An item that comes later receives from the fitted items, and gives nothing back: its features are those that it
    would have had in `fit`, had it had the same edges there and no fitted item an edge from it. Items that come
    together may have a graph of their own.

    Parameters
    ----------
    method : {"sgc", "sign", "appnp"}
        What is kept of the hops: the last one, all of them, or a sum that forgets.
    hops : int >= 0
        How far vectors spread; 0 leaves them as they are.
    alpha : float in [0, 1]
        Share of its own vector that an item takes up again in every hop of APPNP.
    normalise : {"row", "symmetric"}
        Means over neighbours, or means in which an item with many edges says less on each.
    self_loop : float >= 0
        Weight s of an item's edge to itself; 1 is what the papers use, 0 leaves an item out of its own mean.

    References
    ----------
    .. [1] Wu et al. 2019, Simplifying graph convolutional networks, arXiv:1902.07153.
    .. [2] Frasca et al. 2020, SIGN: scalable inception graph neural networks, arXiv:2004.11198.
    .. [3] Gasteiger et al. 2019, Predict then propagate, arXiv:1810.05997.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.features.graph import Propagation
    >>> edges = sp.csr_array(np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], dtype=np.float32))
    >>> spread = Propagation("sgc", hops=1)
    >>> spread.fit_transform(np.array([[0.0], [2.0], [4.0]]), edges).ravel()
    array([3., 0., 0.], dtype=float32)
    >>> spread.transform(np.array([[9.0]]), sp.csr_array(np.array([[0, 1, 1]]))).ravel()
    array([3.], dtype=float32)
    """

    def __init__(
        self,
        method: str = "sign",
        *,
        hops: int = 2,
        alpha: float = 0.15,
        normalise: str = "row",
        self_loop: float = 0.0,
    ) -> None:
        self.method = method
        self.hops = hops
        self.alpha = alpha
        self.normalise = normalise
        self.self_loop = self_loop

    def fit(
        self,
        vectors: Floats,
        edges: Edges | GraphOnDisk,
        y: Ints | None = None,  # noqa: ARG002 - as all are fitted
        *,
        validation: Mask | None = None,  # noqa: ARG002
    ) -> Self:
        """Spread the vectors of the fitted items and keep the hops that later items will receive.

        Parameters
        ----------
        vectors : array of shape (n, d)
        edges : CSR array, Bipartite or GraphOnDisk of shape (n, n)
            Row i holds the edges over which item i receives; see :func:`build_graph`. Over a graph on the disk vectors
            are spread in blocks, and the hops stay on the disk as well; see :func:`spread_on_disk`.
        y, validation : ignored
            Taken so that all propagations are fitted alike.

        Raises
        ------
        ShapeError
            If vectors and edges do not fit together.
        ParameterError
            If a parameter is out of its range.
        """
        self._check()
        if isinstance(edges, GraphOnDisk):
            return self._fit_on_disk(vectors, edges)
        hops = [checked(vectors, edges, len(vectors))]
        row = Normalised.of(edges, self.self_loop, self.normalise)
        for _ in range(self.hops):
            hops.append(self._hop(row, edges @ row.given(hops[-1]), hops))
        self.hops_, self.edges_, self.row_ = hops, edges, row
        return self

    def fit_transform(
        self,
        vectors: Floats,
        edges: Edges | GraphOnDisk,
        y: Ints | None = None,
        *,
        validation: Mask | None = None,
    ) -> Floats:
        """Features of the fitted items, shape (n, d), or (n, (hops + 1) d) for SIGN; see :meth:`fit`."""
        self.fit(vectors, edges, y, validation=validation)
        if self.method == "sign" and isinstance(edges, GraphOnDisk):
            return beside(self.hops_, edges.memory)
        return self._features(self.hops_)

    def transform(self, vectors: Floats, edges: Edges, *, among: sp.csr_array | None = None) -> Floats:
        """Features of items that come later.

        Parameters
        ----------
        vectors : array of shape (m, d)
        edges : CSR array or Bipartite of shape (m, n)
            Edges over which they receive from the fitted items; see :meth:`Graph.attach`.
        among : CSR array of shape (m, m), or None
            Edges over which they receive from each other; `edges` is a CSR array then.

        Returns
        -------
        float32 array of shape (m, d), or (m, (hops + 1) d) for SIGN
        """
        check_is_fitted(self, "hops_")
        hops = [checked(vectors, edges, self.edges_.shape[0])]
        all_edges = edges if among is None else sp.hstack([edges, among], format="csr")
        row = Normalised.of(all_edges, self.self_loop, self.normalise)
        for fitted in self.hops_[:-1]:
            sums = edges @ self.row_.given(fitted)
            if among is not None:
                sums += among @ row.given(hops[-1])
            hops.append(self._hop(row, sums, hops))
        return self._features(hops)

    def neighbour_parts(self, edges: Edges, hop: int | None = None) -> Parts:
        """The exact share of every fitted item in the features of one item.

        Spreading is linear: ``own * x + weights @ fitted[indices]`` is the feature itself, up to rounding.

        Parameters
        ----------
        edges : CSR array or Bipartite of shape (1, n)
            The item's row of edges. For a fitted item, `own` comes on top of the weight at its own index.
        hop : int in [0, hops], or None
            Which hop to explain, as SIGN keeps them all; None is the last.

        Returns
        -------
        Parts
            Fitted items in ascending order, their weights, which are not 0, and the weight of the item's own vector.
        """
        check_is_fitted(self, "hops_")
        last, shape = len(self.hops_) - 1, (1, self.edges_.shape[0])
        hop = last if hop is None else hop
        if edges.shape != shape or not 0 <= hop <= last:
            raise ShapeError(
                f"edges have shape {edges.shape} and hop is {hop}; pass shape {shape} and a hop from 0 to {last}."
            )
        row, fitted = Normalised.of(edges, self.self_loop, self.normalise), self.row_
        stays = float(row.staying[0, 0])
        first = (edges.T @ row.taking.ravel().astype(np.float64)) * fitted.giving.ravel()
        walked, total, own = first, np.zeros_like(first), 1.0
        for _ in range(hop):
            total, own = self._mix(walked + stays * total, 0.0), float(self._mix(stays * own, 1.0))
            # One hop more of the walk: times the fitted items' own matrix, from the left.
            pulled = (self.edges_.T @ (walked * fitted.taking.ravel())) * fitted.giving.ravel()
            walked = self._mix(pulled + fitted.staying.ravel() * walked, first)
        indices = np.flatnonzero(total)
        return Parts(indices, total[indices], own)

    def state(self) -> State:
        """All that is needed to build the fitted propagation again."""
        check_is_fitted(self, "hops_")
        if isinstance(self.edges_, GraphOnDisk):
            raise ParameterError(
                f"the graph in {self.edges_.folder} and its hops are on the disk already; open it again and fit, which "
                "computes nothing anew"
            )
        edges = vars(self.edges_) if isinstance(self.edges_, Bipartite) else self.edges_
        return {"name": self.method, "params": self.get_params(), "vectors": self.hops_[0], "edges": edges}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted propagation that `state` was taken from; its hops are spread anew, to the same numbers."""
        edges = Bipartite(**state["edges"]) if isinstance(state["edges"], dict) else state["edges"]
        return cls(**state["params"]).fit(state["vectors"], edges)

    def _fit_on_disk(self, vectors: Any, edges: GraphOnDisk) -> Self:
        alpha = self.alpha if self.method == "appnp" else 0.0
        found = spread_on_disk(
            edges, vectors, hops=self.hops, alpha=alpha, normalise=self.normalise, self_loop=self.self_loop
        )
        given = source(vectors)
        self.hops_ = [given if isinstance(given, np.ndarray) else given.mapped(), *found]
        self.edges_, self.row_ = edges, Normalised.of(edges, self.self_loop, self.normalise)
        return self

    def _check(self) -> None:
        if self.method not in METHODS or self.normalise not in NORMALISATIONS:
            raise ParameterError(
                f"method is {self.method!r} and normalise is {self.normalise!r}; "
                f"use one of {', '.join(METHODS)} and one of {', '.join(NORMALISATIONS)}."
            )
        if self.hops < 0 or not 0 <= self.alpha <= 1 or self.self_loop < 0:
            raise ParameterError(
                f"hops is {self.hops}, alpha {self.alpha} and self_loop {self.self_loop}; "
                "hops and self_loop must not be negative, and alpha must lie in [0, 1]."
            )

    def _hop(self, row: Normalised, sums: Floats, hops: list[Floats]) -> Floats:
        return row.mixed(sums, hops[-1], hops[0], self.alpha if self.method == "appnp" else 0.0)

    def _mix(self, received: Any, first: Any) -> Any:
        """What an item makes of what it receives and of its own vector."""
        return (1 - self.alpha) * received + self.alpha * first if self.method == "appnp" else received

    def _features(self, hops: list[Floats]) -> Floats:
        return np.concatenate(hops, axis=1) if self.method == "sign" else hops[-1]
