"""Correction: one temperature and a bias for each class."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import above_zero, labelled
from polyculture.optimise.few_labels.solving import cross_entropy, smallest
from polyculture.targets import Classes


def correction(support: Array, y: Array, prior: Array, *, penalty: float = 4.0) -> LinearHead:
    r"""The model's own log-odds, stretched and shifted: the smallest change there is.

    .. math:: p_k \propto \exp(a\, e_k + b_k), \qquad
        \min_{a \ge 0,\, b} \sum_i \mathrm{CE}_i + \tfrac{\lambda}{2} \left((a - 1)^2 + \lVert b \rVert^2\right)

    It mends proportions of classes and confidence that are other in the new domain, and needs no vectors.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    penalty : float > 0
        :math:`\lambda`: about as many labelled items as it takes to move the answers.

    Returns
    -------
    LinearHead
        Its weights of vectors are 0.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or the penalty is not above 0.

    References
    ----------
    Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599 (vector scaling).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.correction import correction
    >>> p = np.array([[0.6, 0.4]] * 8)
    >>> head = correction(np.zeros((8, 1)), np.array([1] * 8), p)
    >>> head.answers(np.zeros((1, 1)), p[:1]).argmax()
    np.int64(1)
    """
    x, y, own = labelled(support, y, prior)
    evidence, strength = Classes.evidence(own), above_zero(penalty, "penalty")
    neutral = np.concatenate([[1.0], np.zeros(own.shape[1])])

    def objective(found: Floats) -> tuple[float, Floats]:
        loss, slope = cross_entropy(found[0] * evidence + found[1:], y)
        change = found - neutral
        by_part = np.concatenate([[float((slope * evidence).sum())], slope.sum(axis=0)])
        return loss + strength / 2 * float(change @ change), by_part + strength * change

    # below 0 it would turn the model's answers round
    found = smallest(objective, neutral, least=[0.0] + [-np.inf] * own.shape[1])
    return LinearHead(np.zeros((own.shape[1], x.shape[1])), found[1:], np.zeros(x.shape[1]), float(found[0]))
