"""Train one model of the design, with the encoders and the training loop of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from design import Recipe
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Ints
from polyculture.features.encoders.cnn import Convolutions
from polyculture.features.encoders.denoise import corrupt
from polyculture.features.encoders.network import SPREAD, Network, cut, present
from polyculture.features.encoders.rnn import Recurrence
from polyculture.features.encoders.tokens import PAD, Tokens, static_vectors
from polyculture.features.encoders.transformer import DROPOUT, Attention
from polyculture.training import Objective, classification, threads, train

DIM, HIDDEN, MOST_TOKENS, VOCABULARY, DROPPED = 64, 64, 100, 8000, 0.3
EPOCHS, PATIENCE, DENOISING_EPOCHS, HELD_OUT = 8, 2, 5, 0.1
LEARNING_RATE = {"cnn": 2e-3, "rnn": 3e-3, "transformer": 2e-3}
"""The defaults of the project's encoders."""

FREQUENT = 1e-3
"""Share of all tokens from which on a piece counts less in denoising: function words say little of a text."""

APPLIED = 256


def network(recipe: Recipe, tokens: Tokens, classes: int) -> Network:
    """A network with the weights of its start.

    Token vectors are those of the start for every architecture; the rest is the same within one.
    """
    seed = START_SEEDS[recipe.start]
    torch.manual_seed(seed)
    made = Network(
        _body(recipe.architecture), pieces=len(tokens), dim=DIM, hidden=HIDDEN, classes=classes, dropout=DROPPED
    )
    made.embedding.weight.data.copy_(torch.from_numpy(_token_vectors(recipe.start, tokens)))
    return made


START_SEEDS = {"random 1": 1, "random 2": 2, "wordllama": 3}


def _token_vectors(start: str, tokens: Tokens) -> Floats:
    if start == "wordllama":
        return static_vectors(tokens.pieces, DIM)
    drawn = np.random.default_rng(START_SEEDS[start]).normal(scale=SPREAD, size=(len(tokens), DIM))
    drawn[PAD] = 0
    return drawn.astype(np.float32)


def _body(architecture: str) -> nn.Module:
    if architecture == "cnn":
        return Convolutions(DIM, 64, (1, 2, 3), "mean", HIDDEN)
    if architecture == "rnn":
        return Recurrence(DIM, HIDDEN, "gru", bidirectional=True, layers=1, pool="max", dropout=0.0)
    return Attention(DIM, HIDDEN, heads=4, layers=1, max_tokens=MOST_TOKENS, dropout=DROPOUT)


class Restorer(nn.Module):
    r"""The network to be taught, and what reads the tokens of a text off its vector.

    .. math:: p(t \mid \tilde x) = \mathrm{softmax}(E \, W v(\tilde x))_t

    Parameters
    ----------
    inner : Network
        Learnt in place, but for its head.
    """

    def __init__(self, inner: Network) -> None:
        super().__init__()
        self.inner = inner
        self.turn = nn.Linear(HIDDEN, DIM)
        inner.head.requires_grad_(requires_grad=False)


def restoring(ids: Tensor, lengths: Tensor, frequency: Tensor) -> Objective:
    """Cross-entropy of the tokens of a text given the vector of the text spoilt; frequent pieces count less.

    The vector itself is what learns, in every architecture alike; which tokens stood where is not asked.

    Parameters
    ----------
    ids, lengths : tensors
        As from :meth:`Tokens.encode`.
    frequency : tensor of shape (pieces,)
        Share of all tokens.
    """
    weight = (FREQUENT / frequency.clamp_min(1e-9)).sqrt().clamp_max(1.0)

    def objective(module: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        restorer = cast("Restorer", module)
        clean, count = cut(ids[rows], lengths[rows])
        vectors = restorer.turn(restorer.inner.vectors(*corrupt(clean, count)))
        there = present(count, clean.shape[1])
        pieces, right = clean[there].unique(return_inverse=True)  # type: ignore[no-untyped-call]
        log_p = (vectors @ restorer.inner.embedding.weight[pieces].T).log_softmax(1)
        of = torch.arange(len(rows))[:, None].expand_as(clean)[there]
        counted = weight[pieces][right]
        loss = -(counted * log_p[of, right]).sum() / counted.sum()
        return loss, int((log_p.argmax(1)[of] == right).sum()), len(right)

    return objective


class Model:
    """A trained network and the head that answers.

    Parameters
    ----------
    inner : Network
    tokens : Tokens
    head : callable or None
        Vectors to probabilities; the network's own head if None.
    """

    def __init__(self, inner: Network, tokens: Tokens, head: Callable[[Floats], Floats] | None = None) -> None:
        self.inner, self.tokens, self.head = inner, tokens, head

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Last hidden vectors, float32 of shape (n, hidden)."""
        return self._apply(self.inner.vectors, texts)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (n, classes)."""
        if self.head is not None:
            return self.head(self.vectors(texts))
        return self._apply(lambda ids, lengths: self.inner(ids, lengths).softmax(1), texts)

    @torch.no_grad()
    def _apply(self, function: Callable[[Tensor, Tensor], Tensor], texts: Sequence[str]) -> Floats:
        ids, lengths = self.tokens.encode(texts, MOST_TOKENS)
        self.inner.eval()
        order = np.argsort(lengths, kind="stable")
        parts = np.split(order, range(APPLIED, len(order), APPLIED))
        with threads(1):
            found = [function(*cut(torch.from_numpy(ids[at]), torch.from_numpy(lengths[at]))).numpy() for at in parts]
        result = np.empty((len(ids), found[0].shape[1]), dtype=np.float32)
        result[order] = np.concatenate(found)
        return result


def fit(recipe: Recipe, tokens: Tokens, texts: list[str], labels: Ints) -> Model:
    """The model of a recipe, taught by these texts.

    A tenth of the texts decide when to stop and nothing else. Denoising sees no labels, runs all its epochs on the
    others, and gives its vectors to a logistic regression.

    Parameters
    ----------
    recipe : Recipe
    tokens : Tokens
    texts : list of n str
    labels : array of int, shape (n,)
    """
    ids, lengths = (torch.from_numpy(part) for part in tokens.encode(texts, MOST_TOKENS))
    # the same texts for all models that share the half
    order = np.random.default_rng(0).permutation(len(texts))
    stop, rows = np.split(order, [int(HELD_OUT * len(texts))])
    with torch.random.fork_rng(devices=[]), threads(1):
        inner = network(recipe, tokens, int(labels.max()) + 1)
        if recipe.objective == "labels":
            _learn_labels(inner, recipe, ids, lengths, labels, rows, stop)
            return Model(inner, tokens)
        _learn_texts(inner, recipe, ids, lengths, rows)
    bare = Model(inner, tokens)
    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    head.fit(bare.vectors([texts[row] for row in rows]), labels[rows])
    return Model(inner, tokens, head.predict_proba)


def _learn_labels(
    inner: Network, recipe: Recipe, ids: Tensor, lengths: Tensor, labels: Ints, rows: Array, stop: Array
) -> None:
    train(
        inner,
        classification(lambda at: cut(ids[at], lengths[at]), torch.from_numpy(labels)),
        rows,
        stop,
        learning_rate=LEARNING_RATE[recipe.architecture],
        epochs=EPOCHS,
        patience=PATIENCE,
        lengths=lengths.numpy(),
        clip=1.0,
        seed=recipe.seed,
        name=recipe.name,
    )


def _learn_texts(inner: Network, recipe: Recipe, ids: Tensor, lengths: Tensor, rows: Array) -> None:
    counts = torch.bincount(ids[ids != PAD], minlength=inner.embedding.num_embeddings)
    restorer = Restorer(inner)
    train(
        restorer,
        restoring(ids, lengths, counts / counts.sum()),
        rows,
        learning_rate=LEARNING_RATE[recipe.architecture],
        epochs=DENOISING_EPOCHS,
        lengths=lengths.numpy(),
        clip=1.0,
        seed=recipe.seed,
        name=recipe.name,
    )
