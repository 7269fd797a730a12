"""The backbone: one network over the vectors of all domains, the starting point of every expert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError
from polyculture.features.encoders.base import State, held_out
from polyculture.training import Epoch, classification, train

Weights = Mapping[str, Array]
"""Names of tensors to arrays: what fusion works on."""


def build(width: int, hidden: Sequence[int], classes: int, dropout: Sequence[float]) -> nn.Sequential:
    """Dropout on the input, then linear layers with ReLU and dropout, then a linear head.

    Parameters
    ----------
    width : int
        Columns of the input.
    hidden : sequence of int
        Width of each hidden layer; empty for a linear model.
    classes : int
    dropout : pair of float in [0, 1)
        On the input and after each hidden layer.

    Examples
    --------
    >>> from polyculture.features.backbone import build
    >>> [type(layer).__name__ for layer in build(4, (8,), 2, (0.0, 0.5))]
    ['Dropout', 'Linear', 'ReLU', 'Dropout', 'Linear']
    """
    layers: list[nn.Module] = [nn.Dropout(dropout[0])]
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout[1])]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, classes))


def weights_of(network: nn.Module) -> dict[str, Array]:
    """A copy of a network's tensors as arrays.

    Examples
    --------
    >>> from polyculture.features.backbone import build, weights_of
    >>> {name: value.shape for name, value in weights_of(build(4, (), 2, (0, 0))).items()}
    {'1.weight': (2, 4), '1.bias': (2,)}
    """
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Module, weights: Weights) -> nn.Module:
    """Put arrays into a network of the same shape, and give the network back.

    Examples
    --------
    >>> from polyculture.features.backbone import build, load_weights, weights_of
    >>> one, two = build(4, (), 2, (0, 0)), build(4, (), 2, (0, 0))
    >>> bool((load_weights(one, weights_of(two))[1].weight == two[1].weight).all())
    True
    """
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return network.eval()


class Backbone(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network of a few dense layers, trained for all domains together.

    Parameters
    ----------
    hidden : tuple of int
        Width of each hidden layer.
    dropout : pair of float in [0, 1)
        On the input and after each hidden layer.
    optimizer : str
        Name of an optimiser in ``torch.optim``.
    learning_rate, weight_decay : float
    batch_size, epochs, patience : int
    smoothing : float in [0, 1)
        Label smoothing.
    random_state : int
        Of the first weights, dropout and the order of items.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.backbone import Backbone
    >>> x = np.random.RandomState(0).randn(200, 4).astype("float32")
    >>> y = (x[:, 0] > 0).astype(int)
    >>> Backbone(hidden=(8,), dropout=(0, 0), learning_rate=0.05, epochs=30).fit(x, y).score(x, y) > 0.9
    True
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (128,),
        dropout: tuple[float, float] = (0.2, 0.5),
        optimizer: str = "adamw",
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        batch_size: int = 256,
        epochs: int = 30,
        patience: int = 4,
        smoothing: float = 0.05,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(self, X: Floats, y: Ints, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Train from random weights.

        Parameters
        ----------
        X : array of shape (n, d)
        y : array of int, shape (n,)
            Class of each item, -1 where it has none.
        validation : array of bool, shape (n,), or None
            Items that decide when to stop; a tenth of each class when None.
        classes : int or None
            Number of classes; taken from `y` when None.

        Raises
        ------
        DataError
            If fewer than two classes occur.
        """
        rows, stop = held_out(y, validation, share=0.1, seed=self.random_state)
        found = len(np.unique(y[rows]))
        if found < 2:
            raise DataError(f"training needs at least two classes, {found} found among the labelled items to train on")
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.arange(classes or int(y.max()) + 1)
        self.weights_, self.history_ = self.trained(None, X, y, rows, stop, name="backbone")
        return self

    def trained(
        self,
        start: Weights | None,
        X: Floats,
        y: Ints,
        rows: Array,
        stop: Array,
        *,
        learning_rate: float | None = None,
        epochs: int | None = None,
        frozen: int = 0,
        name: str = "backbone",
    ) -> tuple[dict[str, Array], list[Epoch]]:
        """Weights after training from `start` (None: random ones) on some rows, the first `frozen` layers kept."""
        network = self._network()
        if start is not None:
            load_weights(network, start)
        for layer in [m for m in network if isinstance(m, nn.Linear)][:frozen]:
            layer.requires_grad_(False)
        inputs, target = torch.from_numpy(np.asarray(X, dtype=np.float32)), torch.from_numpy(y.astype(np.int64))
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]):
            history = train(
                network,
                classification(lambda r: (inputs[r],), target, smoothing=self.smoothing),
                rows,
                stop,
                optimizer=self.optimizer,
                learning_rate=self.learning_rate if learning_rate is None else learning_rate,
                weight_decay=self.weight_decay,
                # few items still get several steps an epoch
                batch_size=int(np.clip(len(rows) // 8, 8, self.batch_size)),
                epochs=self.epochs if epochs is None else epochs,
                patience=self.patience,
                seed=self.random_state,
                name=name,
            )
        return weights_of(network), history

    def _network(self) -> nn.Sequential:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            return build(self.n_features_in_, self.hidden, len(self.classes_), self.dropout)

    def logits(self, X: Floats, weights: Weights | None = None) -> Array:
        """Scores before the softmax, shape (n, classes), under these weights (its own when None)."""
        return self.layer_inputs(X, weights)["logits"]

    @torch.no_grad()
    def layer_inputs(self, X: Floats, weights: Weights | None = None) -> dict[str, Array]:
        """What each linear layer receives, by the layer's name, and ``logits``, what the head gives."""
        check_is_fitted(self)
        network = load_weights(self._network(), self.weights_ if weights is None else weights)
        state: Tensor = torch.from_numpy(np.asarray(X, dtype=np.float32))
        received: dict[str, Array] = {}
        for name, layer in network.named_children():
            if isinstance(layer, nn.Linear):
                received[name] = state.numpy()
            state = layer(state)
        return received | {"logits": state.numpy()}

    def last_hidden(self, X: Floats, weights: Weights | None = None) -> Array:
        """What the head receives, shape (n, width of the last hidden layer)."""
        received = self.layer_inputs(X, weights)
        received.pop("logits")
        return list(received.values())[-1]

    def predict_proba(self, X: Floats) -> Array:
        """Probability of each class, shape (n, classes)."""
        return softmax(self.logits(X))

    def predict(self, X: Floats) -> Ints:
        """Most probable class of each item."""
        return np.asarray(self.logits(X).argmax(axis=1))

    def state(self) -> State:
        """All that is needed to build it again."""
        return {
            "params": {**self.get_params(), "hidden": list(self.hidden), "dropout": list(self.dropout)},
            "width": self.n_features_in_,
            "classes": len(self.classes_),
            "weights": dict(self.weights_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        params = state["params"]
        backbone = cls(**{**params, "hidden": tuple(params["hidden"]), "dropout": tuple(params["dropout"])})
        backbone.n_features_in_, backbone.classes_ = state["width"], np.arange(state["classes"])
        backbone.weights_ = state["weights"]
        return backbone


def softmax(logits: Array) -> Array:
    r""":math:`e^{z_k} / \sum_j e^{z_j}` along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.backbone import softmax
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
