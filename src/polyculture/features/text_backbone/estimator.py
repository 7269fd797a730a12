"""A Transformer as the backbone: the starting point of every expert, trained for all domains together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from polyculture.arrays import Array, Mask
from polyculture.errors import ParameterError
from polyculture.features.any_backbone import Suits
from polyculture.features.encoders.base import State
from polyculture.features.encoders.hugging_face import locate
from polyculture.features.encoders.items import as_texts
from polyculture.features.encoders.lora import plain_name
from polyculture.features.network import Weights
from polyculture.features.reading import as_kind, taught
from polyculture.features.text_backbone.adversary import disturbed
from polyculture.features.text_backbone.answering import BUILT, Answering
from polyculture.features.text_backbone.folder import write_folder
from polyculture.features.text_backbone.network import (
    TextNetwork,
    fill,
    from_config,
    head_name,
    read_folder,
    tensors,
)
from polyculture.features.text_backbone.schedule import CLIP, groups, rate
from polyculture.features.text_backbone.tokens import padded
from polyculture.features.text_backbone.tuning import TUNES, freeze, let_change
from polyculture.targets import KINDS, kind_named
from polyculture.training import Disturb, Epoch, batch_for, supervised, train

POOLINGS, PRECISIONS = ("model", "mean"), ("auto", "float32", "bfloat16")

HEAD_RATE = 10.0
"""How much faster a new head learns than the layers below, which know something already."""


class TextBackbone(ClassifierMixin, Answering):  # type: ignore[misc]
    r"""A pretrained Transformer under a linear head, fine-tuned for all domains together.

    It does for texts what :class:`polyculture.features.backbone.Backbone` does for vectors, alone or as the `backbone`
    of :class:`polyculture.CrossDomainClassifier`.

    Parameters
    ----------
    model : str
        ``"minilm"``, a folder in the format of transformers, or ``owner/name`` on the Hugging Face hub.
    tune : {"full", "upper", "head", "lora"}
        What changes: all, the upper half of the layers, the head alone, or thin matrices beside every linear layer
        (and the head), ``W = W_0 + B A``. Training that goes on from given weights keeps A, so that merging experts'
        weights by any linear rule merges their layers by it.
    pooling : {"model", "mean"}
        What the head receives: what the network's own classification head does (for BERT: the first token through a
        further layer), or the mean of the last states over all tokens.
    epochs : int
    learning_rate : float
    batch_size : int
    max_tokens : int >= 4
        Longer texts are cut.
    warmup : float in [0, 1)
        Share of all steps in which the learning rate rises; afterwards it falls to nothing.
    weight_decay : float
        Of matrices; biases and norms have none.
    smoothing : float in [0, 1)
        Label smoothing.
    average : float in [0, 1)
        Share that the running mean of the weights keeps at each step; the mean is what stays. 0 for none.
    adversarial : float >= 0
        How far the tokens' vectors are moved along their gradient, to learn there too; it doubles the time. 0, or where
        these vectors do not change, for not.
    patience : int or None
        Epochs without a better held-out loss before it stops; None: all epochs, as the learning rate falls to nothing.
        Training that goes on from given weights always stops, and gives these back where nothing gets better.
    rank : int >= 1
        Of LoRA's thin matrices.
    optimizer : str
        Name of an optimiser in ``torch.optim``.
    precision : {"auto", "float32", "bfloat16"}
        ``auto`` multiplies in bfloat16 where the processor does so natively; weights stay float32.
    random_state : int
        Of the first head, dropout and the order of texts.
    target : {"classes", "labels", "values"}
        What is learnt; see :mod:`polyculture.targets`.

    Attributes
    ----------
    classes_ : array
        Classes, or names of labels; the numbers of the outputs where `y` was coded already.
    weights_ : dict of str to array
        The tensors that `tune` lets change, by the names that transformers gives them.
    base_ : dict of str to array
        The others.
    files_ : dict of str to str
        Configuration and tokenizer, as text.

    References
    ----------
    Devlin et al. 2019, arXiv:1810.04805; Mosbach et al. 2021, arXiv:2006.04884 (warm-up and decay); Hu et al. 2022,
    arXiv:2106.09685 (LoRA); Sun et al. 2024, arXiv:2403.12313 (why A is kept).

    Examples
    --------
    >>> from polyculture.features.text_backbone import TextBackbone
    >>> backbone = TextBackbone("minilm", epochs=1)  # doctest: +SKIP
    >>> backbone.fit(["a good day", "a bad day"] * 20, np.array([1, 0] * 20)).predict(["good"])  # doctest: +SKIP
    array([1])
    """

    family: ClassVar[str] = "transformer"
    reads: ClassVar[str] = "texts"
    suits: ClassVar[Suits] = Suits(
        layers="upper",
        learning_rate=3e-5,
        epochs=1,
        fine_tune_rate=1e-5,
        fine_tune_epochs=0,
        refit_head=False,
        gram_items=500,
    )

    # the mixin's own knows classes alone
    score = Answering.score

    def __init__(
        self,
        model: str = "minilm",
        tune: str = "full",
        pooling: str = "mean",
        epochs: int = 2,
        learning_rate: float = 1e-4,
        batch_size: int = 32,
        max_tokens: int = 128,
        warmup: float = 0.1,
        weight_decay: float = 1e-2,
        smoothing: float = 0.1,
        average: float = 0.99,
        adversarial: float = 1.0,
        patience: int | None = None,
        rank: int = 8,
        optimizer: str = "adamw",
        precision: str = "auto",
        random_state: int = 0,
        target: str = "classes",
    ) -> None:
        self.model = model
        self.tune = tune
        self.pooling = pooling
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.warmup = warmup
        self.weight_decay = weight_decay
        self.smoothing = smoothing
        self.average = average
        self.adversarial = adversarial
        self.patience = patience
        self.rank = rank
        self.optimizer = optimizer
        self.precision = precision
        self.random_state = random_state
        self.target = target

    def fit(
        self, X: Sequence[str] | Array, y: Array, *, validation: Mask | None = None, classes: int | None = None
    ) -> Self:
        """Train from the base model's weights and a new head.

        Parameters
        ----------
        X : sequence of n texts
        y : sequence of n labels
            Classes, a matrix of labels, or values; -1, a row of -1 or NaN where a text has none.
        validation : array of bool, shape (n,), or None
            Texts that are judged after each epoch and not learnt from; where there is `patience` they stop it. None: a
            tenth of each class with `patience`, and no text without.
        classes : int or None
            Number of outputs, where `y` is coded already; None for labels of any form.

        Raises
        ------
        DataError
            If there is nothing to tell apart, or the model is not there.
        """
        self._check()
        texts = as_texts(X)
        if validation is None and self.patience is None:
            # nothing stops it, so that no text need be kept from it
            validation = np.zeros(len(texts), dtype=bool)
        y, self.coding_, rows, stop = taught(
            y, classes, self.target, len(texts), validation, seed=self.random_state, asker=type(self).__name__
        )
        if self.target != "values":
            self.classes_ = self.coding_.names
        self.weights_, self.history_ = self.trained(None, texts, y, rows, stop, name="backbone")
        return self

    def _check(self) -> None:
        for name, allowed in (("tune", TUNES), ("pooling", POOLINGS), ("precision", PRECISIONS)):
            if getattr(self, name) not in allowed:
                raise ParameterError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(allowed)}")
        least = {"max_tokens": 4, "batch_size": 1, "rank": 1, "epochs": 0, "adversarial": 0, "learning_rate": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ParameterError(f"{name} is {getattr(self, name)}; use at least {bound}")
        for name in ("warmup", "average", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; use a share from 0 up to 1")

    def trained(
        self,
        start: Weights | None,
        X: Sequence[str] | Array,
        y: Array,
        rows: Array,
        stop: Array,
        *,
        learning_rate: float | None = None,
        epochs: int | None = None,
        frozen: int = 0,
        name: str = "backbone",
    ) -> tuple[dict[str, Array], list[Epoch]]:
        """Weights after training from `start` (None: the base model's) on some rows.

        Where `frozen` is not 0, the tokens' vectors and so many layers are kept; see :meth:`frozen_layers`.
        """
        network, fresh = self._start(start), start is None
        network = let_change(network, self.tune, rank=self.rank, seed=self.random_state, fresh=fresh)
        fill(network, start or {})
        freeze(network, frozen)
        changing = {plain_name(n): None for n, p in network.named_parameters() if p.requires_grad}
        ids = self._ids().rows(as_texts(X))
        kind, padding = kind_named(self.target), self._ids().padding
        inner = supervised(
            lambda r: padded([ids[i] for i in r.tolist()], padding), kind.tensor(y), kind, smoothing=self.smoothing
        )

        def objective(net: nn.Module, part: Tensor) -> tuple[Tensor, int, int]:
            with self._autocast():
                return inner(net, part)

        pooled, lengths = TextNetwork(network, self.pooling), np.array([len(row) for row in ids])
        parts = groups(
            pooled.named_parameters(),
            head_name(network),
            learning_rate=self.learning_rate if learning_rate is None else learning_rate,
            head_rate=HEAD_RATE if start is None else 1.0,
            decay=self.weight_decay,
        )
        # the caller's random numbers stay as they were
        with torch.random.fork_rng(devices=[]):
            history = train(
                pooled,
                objective,
                rows,
                # texts of like length together, so that little is padded
                stop[np.argsort(lengths[stop], kind="stable")],
                optimizer=self.optimizer,
                groups=parts,
                schedule=lambda step, steps: rate(step, steps, self.warmup),
                average=self.average,
                disturb=self._disturb(network),
                clip=CLIP,
                batch_size=batch_for(len(rows), self.batch_size),
                epochs=self.epochs if epochs is None else epochs,
                patience=self.patience if start is None else self.patience or 1,
                lengths=lengths,
                seed=self.random_state,
                name=name,
            )
        found = tensors(network)
        if start is not None:
            # what was kept is the same array, so that many experts take little room
            return {key: _array(found[key]) if key in changing else start[key] for key in start}, history
        self.base_ = {key: _array(value) for key, value in found.items() if key not in changing}
        return {key: _array(found[key]) for key in changing}, history

    def _disturb(self, network: nn.Module) -> Disturb | None:
        values = network.base_model.get_input_embeddings().weight  # type: ignore[union-attr,operator]
        return partial(disturbed, values, self.adversarial) if self.adversarial and values.requires_grad else None

    def _start(self, start: Weights | None) -> nn.Module:
        """The base model under a new head, or under what was fitted."""
        if start is not None:
            return fill(from_config(self.files_["config.json"]), self.base_)
        for name in BUILT:
            self.__dict__.pop(name, None)
        found: tuple[nn.Module, dict[str, str]] = read_folder(locate(self.model), self.coding_.width, self.random_state)
        network, self.files_ = found
        return network

    def __sklearn_tags__(self) -> Tags:
        tags = as_kind(super().__sklearn_tags__(), self.target)
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = False, True, True
        return tags

    def save_pretrained(
        self, folder: str | Path, weights: Weights | None = None, *, names: Sequence[object] | None = None
    ) -> None:
        """Write a folder that transformers loads: configuration, tokenizer, and these weights (its own when None).

        ``AutoModelForSequenceClassification.from_pretrained(folder)`` gives the same probabilities for the same
        tokens: it cuts texts where the base model's tokenizer does, not at `max_tokens`. Outputs are called by
        `names`, or by the classes.

        Raises
        ------
        ParameterError
            If transformers has no network that pools as this one does.
        """
        called = getattr(self, "classes_", None) if names is None else names
        write_folder(Path(folder), self.files_, self.merged(weights), self.pooling, called)

    def state(self) -> State:
        """All that is needed to build it again, the base model's own files among it."""
        check_is_fitted(self, "weights_")
        return {
            "params": self.get_params(),
            "coding": self.coding_.state(),
            "files": dict(self.files_),
            "base": dict(self.base_),
            "weights": dict(self.weights_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`; the base model need not be there."""
        backbone = cls(**state["params"])
        backbone.coding_ = KINDS[state["coding"]["kind"]].from_state(state["coding"])
        if backbone.target != "values":
            backbone.classes_ = backbone.coding_.names
        backbone.files_ = dict(state["files"])
        backbone.base_, backbone.weights_ = dict(state["base"]), dict(state["weights"])
        return backbone


def _array(value: Tensor) -> Array:
    return np.asarray(value.detach().cpu().numpy().copy())
