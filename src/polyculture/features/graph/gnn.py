"""Message passing that learns from labels, with PyTorch Geometric's layers."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from polyculture.arrays import Floats, Ints, Mask
from polyculture.device import back, lent, moved
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.encoders.base import State, held_out
from polyculture.features.graph.build import Edges
from polyculture.features.graph.network import LAYERS, Network
from polyculture.features.graph.normalise import checked
from polyculture.features.graph.words import Bipartite
from polyculture.training import classification, train


class GNN(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Vectors of items, mixed with those of their neighbours by layers that learn from labels.

    .. math:: H_{t+1} = \operatorname{ReLU}(\hat A H_t W_t), \quad H_0 = X

    for GCN, where :math:`\hat A` is normalised symmetrically with self-loops; GraphSAGE sets an item's own vector
    beside the mean of its neighbours, and GAT weighs neighbours by attention. Only GCN looks at the weights of edges.

    Later items receive from the fitted ones and give nothing back, so that fitted items' features do not change; items
    that come together may have a graph of their own.

    Parameters
    ----------
    layer : {"gcn", "sage", "gat"}
    hidden : int >= 1
        Length of the features.
    layers : int >= 1
        How far messages pass.
    dropout : float in [0, 1)
    heads : int >= 1
        Of attention in GAT; divides `hidden`.
    epochs, patience : int >= 1
        Steps over all items at most, and steps without a better validation loss before it stops.
    learning_rate, weight_decay : float
    optimizer : str
        Name in ``torch.optim``.
    random_state : int

    References
    ----------
    .. [1] Kipf & Welling 2017, Semi-supervised classification with graph convolutional networks, arXiv:1609.02907.
    .. [2] Hamilton et al. 2017, Inductive representation learning on large graphs, arXiv:1706.02216.
    .. [3] Veličković et al. 2018, Graph attention networks, arXiv:1710.10903.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.graph import given
    >>> from polyculture.features.graph.gnn import GNN
    >>> edges = given(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]))
    >>> gnn = GNN("gcn", hidden=8, epochs=2).fit(np.eye(4), edges, np.array([0, -1, 1, -1]))
    >>> gnn.transform(np.eye(4)[:1], edges[:1]).shape
    (1, 8)
    """

    def __init__(
        self,
        layer: str = "gcn",
        *,
        hidden: int = 128,
        layers: int = 2,
        dropout: float = 0.5,
        heads: int = 4,
        epochs: int = 200,
        patience: int = 30,
        learning_rate: float = 0.01,
        weight_decay: float = 5e-4,
        optimizer: str = "adamw",
        random_state: int = 0,
    ) -> None:
        self.layer = layer
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.heads = heads
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.random_state = random_state

    def fit(self, vectors: Floats, edges: Edges, y: Ints, *, validation: Mask | None = None) -> Self:
        """Learn from the labelled items, with messages between all.

        Parameters
        ----------
        vectors : array of shape (n, d)
        edges : CSR array of shape (n, n)
            Row i holds the edges over which item i receives.
        y : array of int, shape (n,)
            Class of each item; -1 where it has none.
        validation : array of bool, shape (n,), or None
            Labelled items that decide when to stop; None holds out a tenth of every class.

        Raises
        ------
        DataError
            If no item to learn from has a label.
        ShapeError
            If vectors, edges and labels do not fit together.
        ParameterError
            If a parameter is out of its range, or the edges are walks over words, which are no list of edges.
        """
        x, y = checked(vectors, edges, len(vectors)), np.asarray(y)
        if y.shape != (len(x),):
            raise ShapeError(
                f"There are {len(x)} vectors and labels of shape {y.shape}; pass one label for each, -1 for none."
            )
        rows, stop = held_out(y, validation, share=0.1, seed=self.random_state)
        if not len(rows):
            raise DataError("No item to learn from has a label; pass labels, or spread with sgc, sign or appnp.")
        self.classes_ = np.unique(y[y >= 0])
        self.vectors_, self.edges_ = x, _listed(edges)
        # The caller's stream of random numbers stays where it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            self.network_ = self._network()
            self._train(torch.from_numpy(np.searchsorted(self.classes_, y)), rows, stop)
        return self

    def fit_transform(self, vectors: Floats, edges: Edges, y: Ints, *, validation: Mask | None = None) -> Floats:
        """Features of the fitted items, shape (n, hidden); see :meth:`fit`."""
        self.fit(vectors, edges, y, validation=validation)
        return self._hidden(self.vectors_, self.edges_)

    def transform(self, vectors: Floats, edges: Edges, *, among: sp.csr_array | None = None) -> Floats:
        """Features of items that come later.

        Parameters
        ----------
        vectors : array of shape (m, d)
        edges : CSR array of shape (m, n)
            Edges over which they receive from the fitted items.
        among : CSR array of shape (m, m), or None
            Edges over which they receive from each other.

        Returns
        -------
        float32 array of shape (m, hidden)
        """
        check_is_fitted(self, "network_")
        fitted = len(self.vectors_)
        x = checked(vectors, edges, fitted)
        own = sp.csr_array((len(x), len(x))) if among is None else among
        square = sp.block_array([[self.edges_, None], [_listed(edges), own]], format="csr")
        return self._hidden(np.concatenate([self.vectors_, x]), square)[fitted:]

    def state(self) -> State:
        """All that is needed to build the fitted network again."""
        check_is_fitted(self, "network_")
        return {
            "name": self.layer,
            "params": self.get_params(),
            "classes": self.classes_,
            "vectors": self.vectors_,
            "edges": self.edges_,
            "weights": {name: value.numpy().copy() for name, value in self.network_.state_dict().items()},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted network that `state` was taken from."""
        gnn = cls(**state["params"])
        gnn.classes_, gnn.vectors_, gnn.edges_ = state["classes"], state["vectors"], state["edges"]
        with torch.random.fork_rng(devices=[]):
            gnn.network_ = gnn._network()
        gnn.network_.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in state["weights"].items()})
        gnn.network_.eval()
        return gnn

    def _network(self) -> Network:
        if self.layer not in LAYERS:
            raise ParameterError(f"layer is {self.layer!r}; use one of {', '.join(LAYERS)}.")
        if min(self.layers, self.hidden, self.heads, self.epochs) < 1 or not 0 <= self.dropout < 1:
            raise ParameterError("layers, hidden, heads and epochs must be at least 1, and dropout must lie in [0, 1).")
        if self.layer == "gat" and self.hidden % self.heads:
            raise ParameterError(f"hidden is {self.hidden}, which {self.heads} heads cannot share; make it a multiple.")
        sizes = (self.vectors_.shape[1], self.hidden, len(self.classes_))
        return Network(self.layer, sizes, layers=self.layers, dropout=self.dropout, heads=self.heads)

    def _train(self, target: Tensor, rows: Ints, stop: Ints) -> None:
        everything = moved(*_tensors(self.vectors_, self.edges_))
        self.history_ = train(
            self.network_,
            classification(lambda part: (*everything, part), target),
            rows,
            stop if len(stop) else None,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            # Messages pass between all items anyway: one step an epoch.
            batch_size=max(len(rows), len(stop)),
            epochs=self.epochs,
            patience=self.patience,
            seed=self.random_state,
            name=self.layer,
        )

    @torch.no_grad()
    def _hidden(self, vectors: Floats, edges: sp.csr_array) -> Floats:
        with lent(self.network_):
            hidden: Floats = back(self.network_.hidden(*moved(*_tensors(vectors, edges)))).numpy()
        return hidden


def _listed(edges: Edges) -> sp.csr_array:
    if isinstance(edges, Bipartite):
        raise ParameterError(
            "Words and items have no list of edges for a network to pass messages over; use sgc, sign or appnp."
        )
    return sp.csr_array(edges, dtype=np.float32)


def _tensors(vectors: Floats, edges: sp.csr_array) -> tuple[Tensor, Tensor, Tensor]:
    listed = edges.tocoo()
    # torch-geometric sends messages from the first row to the second: from the columns of an adjacency to its rows.
    sources = torch.from_numpy(np.stack([listed.col, listed.row]).astype(np.int64))
    return (
        torch.from_numpy(np.require(vectors, np.float32, "W")),
        sources,
        torch.from_numpy(listed.data.astype(np.float32)),
    )
