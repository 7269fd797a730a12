"""The backbone of items of several modalities: it knows which columns are whose, and what an item lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.base import State
from polyculture.features.modality_network import FUSIONS, Spans, build_modalities
from polyculture.features.network import Weights
from polyculture.progress import LOG


class ModalityBackbone(Backbone):
    """A network that fuses the vectors of several modalities, trained to do without some of them.

    While it trains, whole modalities of an item are left out at random, never all of them. A block of zeros is one that
    the item lacks: blocks are standardised, so that it is at the mean. Which blocks are there is among its inputs.

    Parameters
    ----------
    fusion : {"auto", "concatenation", "low_rank", "gated"}
        ``"auto"`` trains all three and keeps the one with the lowest loss on held-out items. See
        :class:`~polyculture.features.modality_network.Concatenation`,
        :class:`~polyculture.features.modality_network.LowRank` and
        :class:`~polyculture.features.modality_network.Gated`.
    rank : int >= 1
        Of ``"low_rank"``.
    modality_dropout : float in [0, 1)
        Probability that a modality of an item is left out while the network trains.
    columns : mapping of modality to list of (first column, column after the last), or None
        Where each modality's columns are; :class:`~polyculture.CrossDomainClassifier` says it.
    hidden : tuple of int, at least one
    dropout, optimizer, learning_rate, weight_decay, batch_size, epochs, patience, smoothing, random_state, target
        As in :class:`~polyculture.features.backbone.Backbone`.

    Attributes
    ----------
    fusion_ : str
        What was taken.
    losses_ : dict of str to float
        Lowest held-out loss of each fusion that was trained; NaN without held-out items.

    References
    ----------
    Liu et al. 2018, arXiv:1806.00064 (low rank); Arevalo et al. 2017, arXiv:1702.01992 (gates); Neverova et al. 2016,
    arXiv:1501.00102 (dropping modalities).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.modality_backbone import ModalityBackbone
    >>> x = np.random.RandomState(0).randn(300, 4).astype("float32")
    >>> y = (x[:, 0] + x[:, 2] > 0).astype(int)
    >>> backbone = ModalityBackbone(columns={"said": [(0, 2)], "seen": [(2, 4)]}, hidden=(16,), learning_rate=0.01)
    >>> backbone.fit(x, y).score(x, y) > 0.9
    True
    """

    family: ClassVar[str] = "modalities"

    def __init__(
        self,
        fusion: str = "auto",
        rank: int = 4,
        modality_dropout: float = 0.3,
        columns: Mapping[str, Spans] | None = None,
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
        super().__init__(
            hidden=hidden,
            dropout=dropout,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            batch_size=batch_size,
            epochs=epochs,
            patience=patience,
            smoothing=smoothing,
            random_state=random_state,
            target=target,
        )
        self.fusion = fusion
        self.rank = rank
        self.modality_dropout = modality_dropout
        self.columns = columns

    def fit(self, X: Floats, y: Array, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Train from random weights; see :meth:`Backbone.fit`.

        Raises
        ------
        DataError
            If there is nothing to tell apart: fewer than two classes or values.
        ParameterError
            If a parameter is out of its range, or `columns` do not share out the columns.
        """
        self.losses_: dict[str, float] = {}
        best: dict[str, Any] = {}
        for name in FUSIONS if self.fusion == "auto" else (self.fusion,):
            self.fusion_ = name
            super().fit(X, y, validation=validation, classes=classes)
            self.losses_[name] = min(epoch.validation_loss for epoch in self.history_)
            # without held-out items the first one stays
            if not best or self.losses_[name] < self.losses_[best["fusion_"]]:
                best = {"fusion_": name, "weights_": self.weights_, "history_": self.history_}
        for name, value in best.items():
            setattr(self, name, value)
        said = ", ".join(f"{name} {loss:.3f}" for name, loss in self.losses_.items())
        LOG.info("fusion of modalities: %s (%s)", self.fusion_, said)
        return self

    def _built(self) -> nn.Sequential:
        return build_modalities(
            list(self._checked_columns().values()),
            self.hidden,
            self.coding_.width,
            fusion=self.fusion_,
            rank=self.rank,
            dropout=self.dropout,
            modality_dropout=self.modality_dropout,
        )

    def _checked_columns(self) -> Mapping[str, Spans]:
        """Which columns are whose.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `columns` do not share out the columns.
        """
        if self.fusion_ not in FUSIONS:
            raise ParameterError(
                f"there is no fusion of modalities named {self.fusion!r}; use auto, {', '.join(FUSIONS)}"
            )
        if self.rank < 1 or not self.hidden or not 0 <= self.modality_dropout < 1:
            raise ParameterError(
                f"rank is {self.rank}, hidden {self.hidden} and modality_dropout {self.modality_dropout}; use a rank "
                "from 1, at least one hidden layer, and a share in [0, 1)"
            )
        if not self.columns:
            raise ParameterError("columns is not given; say which columns are whose, as {'text': [(0, 200)], ...}")
        covered = sorted((a, b) for spans in self.columns.values() for a, b in spans)
        ends = [0, *(b for _, b in covered)]
        if [a for a, _ in covered] != ends[:-1] or ends[-1] != self.n_features_in_:
            raise ParameterError(
                f"columns are {dict(self.columns)}; each of the {self.n_features_in_} must be of one modality"
            )
        return self.columns

    def frozen_layers(self, layers: str) -> int:
        """How many linear layers are kept where ``"all"``, ``"upper"`` (above the fusion) or the ``"head"`` changes.

        Raises
        ------
        ParameterError
            If `layers` is none of these.
        """
        fusing = 1 if self.fusion_ == "concatenation" else len(self.columns or ()) + (self.fusion_ == "gated")
        kept = {"all": 0, "upper": fusing, "head": fusing + len(self.hidden) - 1}
        if layers not in kept:
            raise ParameterError(f"layers is {layers!r}; use one of {', '.join(kept)}")
        return kept[layers]

    def state(self) -> State:
        """All that is needed to build it again."""
        return super().state() | {"fusion": self.fusion_, "losses": self.losses_}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        backbone = super().from_state(state)
        backbone.fusion_, backbone.losses_ = state["fusion"], dict(state["losses"])
        return backbone

    @torch.no_grad()
    def layer_inputs(self, X: Floats, weights: Weights | None = None) -> dict[str, Array]:
        """What each linear layer receives, by the layer's name, the head last, and ``logits``, what the head gives."""
        check_is_fitted(self)
        network = self.network(self.weights_ if weights is None else weights).eval()
        received: dict[str, Array] = {}
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear):
                layer.register_forward_pre_hook(_keep(received, name))
        scores: Tensor = network(torch.from_numpy(np.require(X, np.float32, "W")))
        return received | {"logits": scores.numpy()}


def _keep(received: dict[str, Array], name: str) -> Any:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        received[name] = inputs[0].numpy()

    return hook
