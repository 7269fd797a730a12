"""The model's own answers."""

from __future__ import annotations

from dataclasses import dataclass

from polyculture.arrays import Array, Floats
from polyculture.optimise.few_labels.heads import Head, asked
from polyculture.optimise.few_labels.inputs import labelled


@dataclass(frozen=True, eq=False)
class AsItIs(Head):
    """Gives back what the model says.

    Parameters
    ----------
    columns, classes : int
        Widths of what it is asked with.
    """

    columns: int
    classes: int

    def answers(self, query: Array, prior: Array) -> Floats:
        """The model's own probabilities."""
        return asked(query, prior, self.columns, self.classes)[1]


def as_it_is(support: Array, y: Array, prior: Array) -> AsItIs:
    """Leave the model as it is: what is chosen when no method is surely better.

    Parameters
    ----------
    support : array of shape (n, d)
    y : array of int, shape (n,)
    prior : array of shape (n, classes)

    Returns
    -------
    AsItIs

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.as_it_is import as_it_is
    >>> p = np.array([[0.9, 0.1]])
    >>> as_it_is(np.ones((1, 3)), np.array([1]), p).answers(np.zeros((1, 3)), p)
    array([[0.9, 0.1]])
    """
    x, _, own = labelled(support, y, prior)
    return AsItIs(x.shape[1], own.shape[1])
