"""What answers for the items of a new domain."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from polyculture.arrays import Array, Floats
from polyculture.errors import ShapeError
from polyculture.optimise.few_labels.inputs import distributions, finite, unit
from polyculture.store.encode import State
from polyculture.targets import Classes


@dataclass(frozen=True, eq=False)
class Head:
    """Answers from the vectors of items and the model's own probabilities for them.

    What it holds are arrays and numbers, which :meth:`state` gives by name.
    """

    transductive: ClassVar[bool] = False
    """Whether an item's answer depends on the others that are asked with it."""

    def answers(self, query: Array, prior: Array) -> Floats:
        """Probabilities of each class, shape (m, classes).

        Parameters
        ----------
        query : array of shape (m, d)
            Vectors like those of the labelled items.
        prior : array of shape (m, classes)
            The model's own probabilities.
        """
        raise NotImplementedError

    def state(self) -> State:
        """Fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        kept: dict[str, Any] = dict(state)
        return cls(**kept)


@dataclass(frozen=True, eq=False)
class LinearHead(Head):
    r"""Scores that are linear in the vectors and in the model's own log-odds.

    .. math:: p \propto \exp\left(t\, e + W z + b\right), \qquad
        z = q - \mu \text{ or } (q - \mu) / \lVert q - \mu \rVert

    with :math:`e` the model's log-probabilities less their mean over the classes.

    Parameters
    ----------
    weights : array of shape (classes, d)
        W.
    bias : array of shape (classes,)
        b.
    centre : array of shape (d,)
        :math:`\mu`.
    trust : float
        t: 1 adds to what the model says, 0 does without it.
    unit : bool
        Whether centred vectors are brought to length 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.heads import LinearHead
    >>> head = LinearHead(np.array([[-1.0], [1.0]]), np.zeros(2), np.zeros(1))
    >>> head.answers(np.array([[0.5]]), np.array([[0.5, 0.5]])).round(3)
    array([[0.269, 0.731]])
    """

    weights: Floats
    bias: Floats
    centre: Floats
    trust: float = 0.0
    unit: bool = False

    def answers(self, query: Array, prior: Array) -> Floats:
        """Softmax of the scores."""
        q, own = asked(query, prior, *self.weights.shape[::-1])
        z = q - self.centre
        scores = self.trust * Classes.evidence(own) + (unit(z) if self.unit else z) @ self.weights.T + self.bias
        return Classes.answer(scores)


def asked(query: Array, prior: Array, columns: int, classes: int) -> tuple[Floats, Floats]:
    """Vectors and probabilities of items that are asked for, checked.

    Raises
    ------
    ShapeError
        If they are of other widths than those of the labelled items.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.heads import asked
    >>> [part.shape for part in asked(np.ones((1, 3)), np.array([[0.5, 0.5]]), 3, 2)]
    [(1, 3), (1, 2)]
    """
    q = finite(query, "query")
    own = distributions(prior, len(q), "prior")
    if (q.shape[1], own.shape[1]) != (columns, classes):
        raise ShapeError(
            f"query has {q.shape[1]} columns and prior {own.shape[1]}; the labelled items had {columns} and {classes}"
        )
    return q, own
