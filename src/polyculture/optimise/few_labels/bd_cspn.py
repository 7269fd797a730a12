"""BD-CSPN: prototypes moved by the items that are asked together. Transductive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.optimise.few_labels.heads import Head, asked
from polyculture.optimise.few_labels.inputs import (
    above_zero,
    at_least_zero,
    class_means,
    labelled,
    unit,
    without_items,
)
from polyculture.targets import Classes


@dataclass(frozen=True, eq=False)
class RectifiedHead(Head):
    """Cosines to prototypes that the asked items take part in.

    Parameters
    ----------
    support : array of shape (n, d)
    y : array of int, shape (n,)
    classes : int
    sharpness, trust, weight_sharpness : float
        See :func:`bd_cspn`.
    """

    transductive: ClassVar[bool] = True

    support: Floats
    y: Ints
    classes: int
    sharpness: float
    trust: float
    weight_sharpness: float

    def answers(self, query: Array, prior: Array) -> Floats:
        """Softmax of the sharpened cosines; each answer depends on all items of the query."""
        q, own = asked(query, prior, self.support.shape[1], self.classes)
        if not len(q):
            return own
        evidence = self.trust * Classes.evidence(own) + without_items(self.y, self.classes)
        means, moved = rectified(
            self.support, self.y, q, evidence, sharpness=self.sharpness, weight_sharpness=self.weight_sharpness
        )
        return Classes.answer(self.sharpness * unit(moved) @ unit(means).T + evidence)


def rectified(
    support: Floats, y: Ints, query: Floats, evidence: Floats, *, sharpness: float, weight_sharpness: float
) -> tuple[Floats, Floats]:
    """Prototypes of labelled and pseudo-labelled items, shape (classes, d), and the query moved to the labelled mean.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.bd_cspn import rectified
    >>> means, moved = rectified(
    ...     np.eye(2), np.array([0, 1]), np.array([[4.0, 3.0], [3.0, 4.0]]), np.zeros((2, 2)),
    ...     sharpness=1.0, weight_sharpness=10.0,
    ... )
    >>> moved
    array([[1., 0.],
           [0., 1.]])
    """
    classes = evidence.shape[1]
    moved = query + support.mean(axis=0) - query.mean(axis=0)
    first = unit(class_means(support, y, classes)).T
    near = unit(moved) @ first
    guess = (sharpness * near + evidence).argmax(axis=1)
    items, belongs = np.vstack([support, moved]), np.eye(classes)[np.concatenate([y, guess])]
    # less the largest possible cosine, so that no exponential overflows
    weights = belongs * np.exp(weight_sharpness * (np.vstack([unit(support) @ first, near]) - 1))
    total = weights.sum(axis=0)
    return np.asarray((weights / np.where(total > 0, total, 1.0)).T @ items), moved


def bd_cspn(
    support: Array,
    y: Array,
    prior: Array,
    *,
    sharpness: float = 10.0,
    trust: float = 0.0,
    weight_sharpness: float = 10.0,
) -> RectifiedHead:
    r"""Prototypes rectified by the query: transductive, all items of the new domain are to be asked together.

    The query is moved so that its mean is that of the labelled items; each item gets the class of the nearest prototype
    by cosine; prototypes become weighted means of labelled and so labelled items:

    .. math:: c_k' = \sum_j \frac{e^{\varepsilon \cos(x_j, c_k)}}{\sum_i e^{\varepsilon \cos(x_i, c_k)}}\, x_j, \qquad
        p_k \propto \exp\left(s \cos(q, c_k') + t\, e_k\right)

    The move is right where classes have the same proportions among the labelled and the asked items, and wrong where
    they have not. A class without labelled items is ruled out.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    sharpness : float > 0
        s.
    trust : float >= 0
        t: 0 leaves the model's answers out; above, they take part in the pseudo-labels too.
    weight_sharpness : float > 0
        :math:`\varepsilon`, 10 in the paper.

    Returns
    -------
    RectifiedHead

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Liu, Song & Qin 2020, Prototype rectification for few-shot learning, arXiv:1911.10713.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.bd_cspn import bd_cspn
    >>> head = bd_cspn(np.eye(2), np.array([0, 1]), np.full((2, 2), 0.5))
    >>> head.answers(np.array([[5.0, 1.0], [4.0, 2.0], [1.0, 5.0]]), np.full((3, 2), 0.5)).argmax(axis=1)
    array([0, 0, 1])
    """
    x, y, own = labelled(support, y, prior)
    return RectifiedHead(
        x,
        y,
        own.shape[1],
        above_zero(sharpness, "sharpness"),
        at_least_zero(trust, "trust"),
        above_zero(weight_sharpness, "weight_sharpness"),
    )
