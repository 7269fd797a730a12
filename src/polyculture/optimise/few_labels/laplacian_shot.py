"""LaplacianShot: neighbours among the items that are asked together get like answers. Transductive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.optimise.few_labels.bd_cspn import rectified
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

RECTIFY = 10.0


@dataclass(frozen=True, eq=False)
class SmoothedHead(Head):
    """Distances to prototypes, smoothed over the graph of the asked items.

    Parameters
    ----------
    support : array of shape (n, d)
    y : array of int, shape (n,)
    classes : int
    sharpness, trust, smoothness, neighbours, rectify
        See :func:`laplacian_shot`.
    """

    transductive: ClassVar[bool] = True

    support: Floats
    y: Ints
    classes: int
    sharpness: float
    trust: float
    smoothness: float
    neighbours: int
    rectify: bool

    def answers(self, query: Array, prior: Array) -> Floats:
        """Assignments where the bound no longer moves; each answer depends on all items of the query."""
        q, own = asked(query, prior, self.support.shape[1], self.classes)
        if not len(q):
            return own
        evidence = self.trust * Classes.evidence(own) + without_items(self.y, self.classes)
        centre = self.support.mean(axis=0)
        labelled_items, z = unit(self.support - centre), unit(q - centre)
        means = class_means(labelled_items, self.y, self.classes)
        if self.rectify:
            means, z = rectified(
                labelled_items, self.y, z, evidence, sharpness=self.sharpness, weight_sharpness=RECTIFY
            )
        apart = np.square(z).sum(axis=1)[:, None] - 2 * z @ means.T + np.square(means).sum(axis=1)
        return smoothed(evidence - self.sharpness * apart, nearest(z, self.neighbours), self.smoothness)


def smoothed(scores: Floats, edges: sp.csr_array, smoothness: float, *, rounds: int = 100) -> Floats:
    r"""The fixed point of :math:`Y \leftarrow \operatorname{softmax}(S + \lambda A Y)`, from softmax(S).

    Parameters
    ----------
    scores : array of shape (m, classes)
        S.
    edges : sparse array of shape (m, m)
        A.
    smoothness : float >= 0
        :math:`\lambda`.
    rounds : int >= 0
        At most; it stops once nothing changes by more than 1e-6.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from polyculture.optimise.few_labels.laplacian_shot import smoothed
    >>> pair = sp.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> smoothed(np.array([[0.0, 3.0], [0.1, 0.0]]), pair, 1.0).argmax(axis=1)
    array([1, 1])
    """
    now = Classes.answer(scores)
    for _ in range(rounds):
        found = Classes.answer(scores + smoothness * (edges @ now))
        if np.abs(found - now).max() < 1e-6:
            return found
        now = found
    return now


def nearest(z: Floats, neighbours: int) -> sp.csr_array:
    """A row for each item with 1 for each of its nearest others; of fewer items, all others.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.laplacian_shot import nearest
    >>> nearest(np.array([[0.0], [1.0], [5.0]]), 1).toarray().astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    """
    from sklearn.neighbors import NearestNeighbors

    count = min(neighbours, len(z) - 1)
    if count < 1:
        return sp.csr_array((len(z), len(z)))
    return sp.csr_array(NearestNeighbors(n_neighbors=count).fit(z).kneighbors_graph())


def laplacian_shot(
    support: Array,
    y: Array,
    prior: Array,
    *,
    sharpness: float = 3.0,
    trust: float = 0.0,
    smoothness: float = 0.7,
    neighbours: int = 3,
    rectify: bool = True,
) -> SmoothedHead:
    r"""Distances to prototypes, smoothed over neighbours in the query: transductive, items are to be asked together.

    .. math:: \min_Y \sum_q y_q^\top a_q - \frac{\lambda}{2} \sum_{q, r} w_{qr}\, y_q^\top y_r
        + \sum_q y_q^\top \log y_q, \qquad a_{qk} = s\, \lVert z_q - c_k \rVert^2 - t\, e_{qk}

    by bound updates, with z and c as in SimpleShot and :math:`w_{qr} = 1` where r is among the nearest items of q. A
    class without labelled items is ruled out.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    sharpness : float > 0
        s.
    trust : float >= 0
        t: 0 leaves the model's answers out; with 1 it is they that are smoothed.
    smoothness : float >= 0
        :math:`\lambda`.
    neighbours : int >= 1
    rectify : bool
        Move prototypes by the query first, as the authors' program does; see
        :func:`~polyculture.optimise.few_labels.bd_cspn.bd_cspn`.

    Returns
    -------
    SmoothedHead

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Ziko, Dolz, Granger & Ben Ayed 2020, Laplacian regularized few-shot learning, arXiv:2006.15486.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.laplacian_shot import laplacian_shot
    >>> head = laplacian_shot(np.eye(2), np.array([0, 1]), np.full((2, 2), 0.5))
    >>> head.answers(np.array([[5.0, 1.0], [4.0, 2.0], [1.0, 5.0]]), np.full((3, 2), 0.5)).argmax(axis=1)
    array([0, 0, 1])
    """
    x, y, own = labelled(support, y, prior)
    if neighbours < 1:
        raise ParameterError(f"neighbours is {neighbours}; use at least 1")
    return SmoothedHead(
        x,
        y,
        own.shape[1],
        above_zero(sharpness, "sharpness"),
        at_least_zero(trust, "trust"),
        at_least_zero(smoothness, "smoothness"),
        neighbours,
        rectify,
    )
