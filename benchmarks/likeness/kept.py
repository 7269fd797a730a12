"""What a trained model said, in a file of its own: a run that was stopped goes on from there."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from design import Recipe
from material import Material
from reasons import Quality, judge
from train import Model, fit

from polyculture.arrays import Array, Floats, Ints
from polyculture.data import DomainData
from polyculture.features.encoders.tokens import Tokens
from polyculture.progress import LOG
from polyculture.store import write_bytes

MOST_VECTORS = 800
"""Items that CKA is measured on."""


@dataclass(frozen=True)
class Said:
    """Answers of one model.

    Parameters
    ----------
    likeness, costs, unseen : arrays of shape (n,)
        Predicted class of each item.
    vectors : float32 array of shape (at most MOST_VECTORS, d)
        Last hidden vectors of the first items of `likeness`, in an order that all models share.
    weights : array of shape (words,)
        What each word of the explained items did for the last class.
    deletion, relative : array of shape ()
        Quality of its reasons.
    """

    likeness: Ints
    costs: Ints
    unseen: Ints
    vectors: Floats
    weights: Floats
    deletion: Array
    relative: Array


def said(model: Model, items: Material, explained: DomainData) -> Said:
    """All that is kept of a model."""
    chosen = {
        name: model.probabilities(part.texts.tolist()).argmax(axis=1)
        for name, part in (("likeness", items.likeness), ("costs", items.costs), ("unseen", items.unseen))
    }
    some = np.random.default_rng(0).permutation(len(items.likeness))[:MOST_VECTORS]
    quality: Quality = judge(model.probabilities, explained)
    return Said(
        **chosen,
        vectors=model.vectors(items.likeness.texts[some].tolist()),
        weights=quality.weights,
        deletion=np.array(quality.deletion),
        relative=np.array(quality.relative),
    )


def answers(
    folder: Path, design: Sequence[Recipe], items: Material, tokens: Tokens, explained: DomainData
) -> list[Said]:
    """Answers of all models, from their files where they are there, else from training them now."""

    def train_one(recipe: Recipe) -> Said:
        return said(fit(recipe, tokens, *items.halves[recipe.data]), items, explained)

    return [_kept_or_made(folder / f"{recipe.name}.npz", recipe, train_one) for recipe in design]


def _kept_or_made(file: Path, recipe: Recipe, make: Callable[[Recipe], Said]) -> Said:
    if not file.is_file():
        LOG.info("training %s", recipe.name)
        stream = io.BytesIO()
        np.savez(stream, **asdict(make(recipe)))
        write_bytes(file, stream.getvalue())
    with np.load(file, allow_pickle=False) as found:
        return Said(**{name: found[name] for name in found.files})
