"""What a fine-tuned Transformer answers for texts, under its own weights or under an expert's."""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from polyculture.arrays import Array
from polyculture.device import back, device, lent, moved
from polyculture.errors import ParameterError
from polyculture.features.encoders.hugging_face import working_precision
from polyculture.features.encoders.items import as_texts
from polyculture.features.encoders.lora import fold, thin_grams
from polyculture.features.network import Weights
from polyculture.features.reading import unless_values
from polyculture.features.text_backbone.grams import gram_sums_of
from polyculture.features.text_backbone.memory import Memory
from polyculture.features.text_backbone.network import TextNetwork, blocks, fill, from_config, head_name, linear_layers
from polyculture.features.text_backbone.tokens import Ids
from polyculture.targets import Target, kind_named

BUILT = ("_built", "_cut", "_seen")
"""What is built when it is first needed, and is neither kept nor sent to another process."""

FILLED_BY_ONE = RLock()
"""One network is filled with whatever weights are asked for: threads wait for one another."""


class Answering(BaseEstimator):  # type: ignore[misc]
    """Texts and weights in; answers, hidden states and Gram sums out. See :class:`TextBackbone`."""

    pooling: str
    precision: str
    max_tokens: int
    target: str
    coding_: Target
    files_: dict[str, str]
    base_: dict[str, Array]
    weights_: dict[str, Array]

    @property
    def hidden(self) -> tuple[int, ...]:
        """Width of each of the Transformer's layers."""
        found = self._network()
        return tuple(int(found.config.hidden_size) for _ in blocks(found))  # type: ignore[union-attr,arg-type]

    def frozen_layers(self, layers: str) -> int:
        """How many layers are kept where ``"all"``, the ``"upper"`` half or the ``"head"`` alone changes.

        Raises
        ------
        ParameterError
            If `layers` is none of these.
        """
        depth = len(self.hidden)
        kept = {"all": 0, "upper": depth // 2, "head": depth}
        if layers not in kept:
            raise ParameterError(f"layers is {layers!r}; use one of {', '.join(kept)}")
        return kept[layers]

    def merged(self, weights: Weights | None = None) -> dict[str, Array]:
        """All tensors of the network under these weights (its own when None), thin matrices multiplied out."""
        check_is_fitted(self, "weights_")
        return fold(self.base_, self.weights_ if weights is None else weights)

    def logits(self, X: Sequence[str] | Array, weights: Weights | None = None) -> Array:
        """Scores before the softmax, shape (n, classes), under these weights (its own when None)."""
        return self.layer_inputs(X, weights)["logits"]

    def layer_inputs(self, X: Sequence[str] | Array, weights: Weights | None = None) -> dict[str, Array]:
        """What the head receives, by its name, and ``logits``, what it gives; see :meth:`gram_sums` for the rest."""
        check_is_fitted(self, "weights_")
        chosen = self.weights_ if weights is None else weights
        hidden = self.last_hidden(X, chosen)
        head = self._head()
        # decoders' heads have no bias
        bias = chosen.get(f"{head}.bias", np.float32(0))
        return {head: hidden, "logits": hidden @ chosen[f"{head}.weight"].T + bias}

    def last_hidden(self, X: Sequence[str] | Array, weights: Weights | None = None) -> Array:
        """What the head receives, shape (n, width); each distinct text is computed once under the same weights."""
        check_is_fitted(self, "weights_")
        chosen = self.weights_ if weights is None else weights
        head = f"{self._head()}."
        below = {name: value for name, value in chosen.items() if not name.startswith(head)}
        about = f"{self.pooling} {self.precision}"
        with FILLED_BY_ONE:
            return self._memory().get(below, as_texts(X), lambda new: self._hidden(new, chosen), about)

    @torch.no_grad()
    def _hidden(self, texts: list[str], weights: Weights) -> Array:
        network = TextNetwork(fill(self._network(), self.merged(weights)), self.pooling).eval()
        found = np.empty((len(texts), weights[f"{self._head()}.weight"].shape[1]), dtype=np.float32)
        with lent(network), self._autocast():
            for rows, ids, mask in self._ids().parts(texts):
                found[rows] = back(network.received(*moved(ids, mask)).float()).numpy()
        return found

    def gram_sums(self, X: Sequence[str] | Array, weights: Weights | None = None) -> dict[str, Array]:
        """Gram matrix of what each linear layer receives, as :func:`polyculture.fuse.gram_sums`, batch by batch.

        Rows are tokens below the head and texts at the head. Layers that cannot change have none.
        """
        check_is_fitted(self, "weights_")
        chosen = self.weights_ if weights is None else weights
        # an expert shares what it was not to change, and nothing is to be merged there
        changed = [name for name, value in chosen.items() if value is not self.weights_[name]] or list(chosen)
        # a layer changes if its weight does, or that of the thin matrix above it
        own = {name.removesuffix(".weight").removesuffix(".lora_B") for name in changed}
        with FILLED_BY_ONE, self._autocast():
            network = TextNetwork(fill(self._network(), self.merged(chosen)), self.pooling).eval()
            layers = {name: module for name, module in linear_layers(network.network) if name in own}
            with lent(network):
                grams = gram_sums_of(network, layers, (part[1:] for part in self._ids().parts(as_texts(X))))
        return thin_grams(grams, chosen)

    def answers(self, X: Sequence[str] | Array, weights: Weights | None = None) -> Array:
        """Probabilities, or values on the scale that was learnt, shape (n, outputs)."""
        return kind_named(self.target).answer(self.logits(X, weights))

    @unless_values
    def predict_proba(self, X: Sequence[str] | Array) -> Array:
        """Probability of each class or label, shape (n, classes)."""
        return self.answers(X)

    def predict(self, X: Sequence[str] | Array) -> Array:
        """Most probable class of each text, its labels, or its value."""
        answers = self.answers(X)
        return self.coding_.decode(answers)

    def score(self, X: Sequence[str] | Array, y: Array, sample_weight: Array | None = None) -> float:
        """Accuracy; for labels the share of texts with all of them right, for values R²."""
        return next(iter(kind_named(self.target).judge(y, self.predict(X), sample_weight).values()))

    def _network(self) -> nn.Module:
        check_is_fitted(self, "files_")
        if "_built" not in self.__dict__:
            self._built = from_config(self.files_["config.json"])
        return self._built

    def _head(self) -> str:
        return head_name(self._network())

    def _ids(self) -> Ids:
        if "_cut" not in self.__dict__:
            self._cut = Ids.of(self.files_, self.max_tokens)
        return self._cut

    def _memory(self) -> Memory:
        if "_seen" not in self.__dict__:
            self._seen = Memory()
        return self._seen

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k not in BUILT}

    def _autocast(self) -> torch.autocast:
        return torch.autocast(device().type, torch.bfloat16, enabled=working_precision(self.precision) == "bfloat16")
