"""The backbone: one network over the vectors of all domains, the starting point of every expert."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ParameterError
from polyculture.features.any_backbone import Suits
from polyculture.features.encoders.base import State
from polyculture.features.grams import gram_sums
from polyculture.features.network import Weights, build, load_weights, weights_of
from polyculture.features.reading import as_kind, taught, unless_values
from polyculture.features.together import team_for
from polyculture.targets import KINDS, kind_named
from polyculture.training import Checkpoint, Epoch, batch_for, supervised, train

__all__ = ["Backbone", "Weights", "build", "load_weights", "weights_of"]


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
        Of few items batches are smaller, of very many larger.
    smoothing : float in [0, 1)
        Label smoothing.
    random_state : int
        Of the first weights, dropout and the order of items.
    target : {"classes", "labels", "values"}
        What is learnt; see :mod:`polyculture.targets`.

    Attributes
    ----------
    classes_ : array
        Classes, or names of labels; the numbers of the outputs where `y` was coded already.
    weights_ : dict of str to array
    history_ : list of Epoch
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.backbone import Backbone
    >>> x = np.random.RandomState(0).randn(200, 4).astype("float32")
    >>> y = (x[:, 0] > 0).astype(int)
    >>> Backbone(hidden=(8,), dropout=(0, 0), learning_rate=0.05, epochs=30).fit(x, y).score(x, y) > 0.9
    True
    """

    family: ClassVar[str] = "network"
    reads: ClassVar[str] = "vectors"
    suits: ClassVar[Suits] = Suits(
        layers="all", learning_rate=2e-4, epochs=15, fine_tune_rate=5e-5, fine_tune_epochs=3, refit_head=True
    )

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
        target: str = "classes",
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
        self.target = target

    def fit(self, X: Floats, y: Array, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Train from random weights.

        Parameters
        ----------
        X : array of shape (n, d)
        y : sequence of n labels
            Classes, a matrix of labels, or values; -1, a row of -1 or NaN where an item has none.
        validation : array of bool, shape (n,), or None
            Items that decide when to stop; a tenth of each class when None.
        classes : int or None
            Number of outputs, where `y` is coded already: classes 0 ... classes - 1, rows of labels, or values on one
            scale. None for labels of any form.

        Raises
        ------
        DataError
            If there is nothing to tell apart: fewer than two classes or values.
        """
        X = validate_data(self, X, dtype=np.float32, ensure_min_samples=2)
        y, self.coding_, rows, stop = taught(
            y, classes, self.target, len(X), validation, seed=self.random_state, asker=type(self).__name__
        )
        if self.target != "values":
            self.classes_ = self.coding_.names
        self.weights_, self.history_ = self.trained(None, X, y, rows, stop, name="backbone")
        return self

    def trained(
        self,
        start: Weights | None,
        X: Floats,
        y: Array,
        rows: Array,
        stop: Array,
        *,
        learning_rate: float | None = None,
        epochs: int | None = None,
        frozen: int = 0,
        name: str = "backbone",
    ) -> tuple[dict[str, Array], list[Epoch]]:
        """Weights after training from `start` (None: random ones) on some rows, the first `frozen` layers kept."""
        how = {"learning_rate": learning_rate, "epochs": epochs, "frozen": frozen, "name": name}
        together = team_for(self, start, X, y, rows, stop, how)
        network = self.network(start)
        for layer in [m for m in network.modules() if isinstance(m, nn.Linear)][:frozen]:
            layer.requires_grad_(False)
        inputs, target = torch.from_numpy(np.require(X, np.float32, "W")), kind_named(self.target).tensor(y)
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]):
            history = train(
                network,
                supervised(lambda r: (inputs[r],), target, kind_named(self.target), smoothing=self.smoothing),
                rows,
                stop,
                optimizer=self.optimizer,
                learning_rate=self.learning_rate if learning_rate is None else learning_rate,
                weight_decay=self.weight_decay,
                # very many items are no more than a thousand steps an epoch
                batch_size=batch_for(len(rows), max(self.batch_size, len(rows) // 1000)),
                epochs=self.epochs if epochs is None else epochs,
                patience=self.patience,
                seed=self.random_state,
                name=name,
                checkpoint=Checkpoint.of(name, about=self.bare(), start=start, y=y, rows=rows, stop=stop, how=how),
                team=together,
            )
        return weights_of(network), history

    def bare(self) -> State:
        """All that says how it learns, without weights."""
        return {**self._about(), "weights": {}}

    def frozen_layers(self, layers: str) -> int:
        """How many linear layers are kept where ``"all"``, ``"upper"`` (all but the first) or the ``"head"`` changes.

        Raises
        ------
        ParameterError
            If `layers` is none of these.
        """
        linear = len(self.hidden) + 1
        kept = {"all": 0, "upper": min(1, linear - 1), "head": linear - 1}
        if layers not in kept:
            raise ParameterError(f"layers is {layers!r}; use one of {', '.join(kept)}")
        return kept[layers]

    def network(self, weights: Weights | None = None) -> nn.Sequential:
        """Its network in torch, under these weights (None: random first ones)."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            built = self._built()
        if weights is not None:
            load_weights(built, weights)
        return built

    def _built(self) -> nn.Sequential:
        return build(self.n_features_in_, self.hidden, self.coding_.width, self.dropout)

    def logits(self, X: Floats, weights: Weights | None = None) -> Array:
        """Scores before the softmax, shape (n, classes), under these weights (its own when None)."""
        return self.layer_inputs(X, weights)["logits"]

    @torch.no_grad()
    def layer_inputs(self, X: Floats, weights: Weights | None = None) -> dict[str, Array]:
        """What each linear layer receives, by the layer's name, and ``logits``, what the head gives."""
        check_is_fitted(self)
        network = self.network(self.weights_ if weights is None else weights)
        state: Tensor = torch.from_numpy(np.require(X, np.float32, "W"))
        received: dict[str, Array] = {}
        for name, layer in network.named_children():
            if isinstance(layer, nn.Linear):
                received[name] = state.numpy()
            state = layer(state)
        return received | {"logits": state.numpy()}

    def gram_sums(self, X: Floats, weights: Weights | None = None) -> dict[str, Array]:
        """Gram matrix of what each linear layer receives; see :func:`polyculture.fuse.gram_sums`."""
        received = self.layer_inputs(X, weights)
        received.pop("logits")
        return gram_sums(received)

    def last_hidden(self, X: Floats, weights: Weights | None = None) -> Array:
        """What the head receives, shape (n, width of the last hidden layer)."""
        received = self.layer_inputs(X, weights)
        received.pop("logits")
        return list(received.values())[-1]

    def answers(self, X: Floats, weights: Weights | None = None) -> Array:
        """Probabilities, or values on the scale that was learnt, shape (n, outputs)."""
        return kind_named(self.target).answer(self.logits(X, weights))

    @unless_values
    def predict_proba(self, X: Floats) -> Array:
        """Probability of each class or label, shape (n, classes); values have none."""
        return self.answers(self._checked(X))

    def predict(self, X: Floats) -> Array:
        """Most probable class of each item, its labels, or its value."""
        X = self._checked(X)
        return self.coding_.decode(self.answers(X))

    def _checked(self, X: Floats) -> Floats:
        check_is_fitted(self)
        checked: Floats = validate_data(self, X, dtype=np.float32, reset=False)
        return checked

    def score(self, X: Floats, y: Array, sample_weight: Array | None = None) -> float:
        """Accuracy; for labels the share of items with all of them right, for values R²."""
        return next(iter(kind_named(self.target).judge(y, self.predict(X), sample_weight).values()))

    def __sklearn_tags__(self) -> Tags:
        return as_kind(super().__sklearn_tags__(), self.target)

    def state(self) -> State:
        """All that is needed to build it again."""
        return {**self._about(), "weights": dict(self.weights_)}

    def _about(self) -> State:
        return {
            "params": {**self.get_params(), "hidden": list(self.hidden), "dropout": list(self.dropout)},
            "width": self.n_features_in_,
            "coding": self.coding_.state(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        params = state["params"]
        backbone = cls(**{**params, "hidden": tuple(params["hidden"]), "dropout": tuple(params["dropout"])})
        backbone.n_features_in_ = state["width"]
        backbone.coding_ = KINDS[state["coding"]["kind"]].from_state(state["coding"])
        if backbone.target != "values":
            backbone.classes_ = backbone.coding_.names
        backbone.weights_ = state["weights"]
        return backbone
