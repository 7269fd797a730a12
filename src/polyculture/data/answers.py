"""What many models answered to the same items, as an audit takes it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask

MISSING, OUTSIDE = -1, -2
"""Codes of an answer that was not given, and of one that is not among the options."""


@dataclass(frozen=True)
class Policy:
    """Something in the input that asked for a decision: what it was, how often, and what was done with it.

    Parameters
    ----------
    what : str
        Such as "answers outside the options".
    count : int
        Cells, rows or items concerned.
    done : str
        Such as "counted as wrong".
    """

    what: str
    count: int
    done: str


@dataclass(frozen=True)
class Answers:
    """Outcomes of m models on the same n items.

    Parameters
    ----------
    items : sequence of n str
    models : sequence of m str
    correct : bool array of shape (n, m), or None
        Whether each answer is right; False where there is none. None if no item has a label.
    answered : bool array of shape (n, m), or None
        Whether the model answered; None if every model answered every item.
    answers : int array of shape (n, m), or None
        Position in `options`, or ``MISSING``, or ``OUTSIDE``; None where only right and wrong are known.
    labels : int array of shape (n,), or None
        Position in `options`.
    options : tuple of str
        All options of all items.
    option_counts : int array of shape (n,), or None
        Options that each item offers, at least 2; None where only right and wrong are known.
    probabilities : mapping of model to float array of shape (n, options)
        Of those models that give them; rows sum to 1, 0 for options that an item does not offer, NaN where missing.
    groups : array of n str, or None
    policies : tuple of Policy
        Every decision that reading took.
    source : str
        What to call the input in messages.
    """

    items: Array
    models: tuple[str, ...]
    correct: Mask | None
    answered: Mask | None = None
    answers: Ints | None = None
    labels: Ints | None = None
    options: tuple[str, ...] = ()
    option_counts: Ints | None = None
    probabilities: Mapping[str, Floats] = field(default_factory=dict)
    groups: Array | None = None
    policies: tuple[Policy, ...] = ()
    source: str = "the answers"

    @property
    def accuracy(self) -> Floats | None:
        """Share of right answers among those given, by model; NaN for a model that gave none."""
        if self.correct is None:
            return None
        given = np.full(len(self.models), len(self.items)) if self.answered is None else self.answered.sum(axis=0)
        right = self.correct.sum(axis=0, dtype=np.float64)
        return np.asarray(np.divide(right, given, out=np.full(len(right), np.nan), where=given > 0))

    def in_order(self) -> Answers:
        """The same items in the order of their names; itself where they are in it."""
        order = np.argsort(self.items, kind="stable")
        return self if np.array_equal(order, np.arange(len(order))) else self.take(order)

    def take(self, rows: Array) -> Answers:
        """The same models on some of the items, by position or mask."""

        def of(array: Array | None) -> Array | None:
            return None if array is None else np.asarray(array[rows])

        return replace(
            self,
            items=self.items[rows],
            correct=of(self.correct),
            answered=of(self.answered),
            answers=of(self.answers),
            labels=of(self.labels),
            option_counts=of(self.option_counts),
            probabilities={model: table[rows] for model, table in self.probabilities.items()},
            groups=of(self.groups),
        )


@dataclass(frozen=True)
class Embeddings:
    """Vectors that m models give to the same n items, one array a layer.

    Parameters
    ----------
    items : array of n str
    models : tuple of m str
    layers : mapping of model to mapping of layer to float array of shape (n, d)
        Each model has at least one layer.
    aligned_by : {"id", "order"}
        How rows of different files were brought together.
    policies : tuple of Policy
    source : str
    """

    items: Array
    models: tuple[str, ...]
    layers: Mapping[str, Mapping[str, Floats]]
    aligned_by: str = "id"
    policies: tuple[Policy, ...] = ()
    source: str = "the embeddings"


@dataclass(frozen=True)
class ModelFile:
    """What a file of weights says of a model, without running it.

    Parameters
    ----------
    name : str
    parameters : mapping of str to (shape, dtype)
        By the name in the file.
    operators : mapping of str to int
        How many of each kind of operator or layer; read from the graph (ONNX) or guessed from names and shapes.
    digests : mapping of str to str
        Content hash of each parameter, equal for equal bytes.
    """

    name: str
    parameters: Mapping[str, tuple[tuple[int, ...], str]]
    operators: Mapping[str, int]
    digests: Mapping[str, str]
