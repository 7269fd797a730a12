"""Prototypes: the class whose mean is nearest."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import (
    above_zero,
    at_least_zero,
    class_means,
    labelled,
    squared_length,
    without_items,
)


def prototypes(support: Array, y: Array, prior: Array, *, sharpness: float = 3.0, trust: float = 0.0) -> LinearHead:
    r"""A class is as likely as its mean is near.

    .. math:: p_k \propto \exp\left(-s\, \lVert q - c_k \rVert^2 / v + t\, e_k\right)

    with :math:`c_k` the mean of the labelled items of class k, :math:`v` the mean squared distance of labelled items to
    their mean, so that no unit matters, and :math:`e` the model's own log-odds. The paper's is s = v, t = 0, on vectors
    that were trained for it. A class without labelled items is ruled out.

    Parameters
    ----------
    support : array of shape (n, d)
        Vectors of the labelled items.
    y : array of int, shape (n,)
        Their classes, from 0.
    prior : array of shape (n, classes)
        The model's own probabilities for them.
    sharpness : float > 0
        s.
    trust : float >= 0
        t: 0 leaves the model's answers out, 1 adds to them.

    Returns
    -------
    LinearHead
        Squares of the query are the same for all classes, so that scores are linear.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Snell, Swersky & Zemel 2017, Prototypical networks for few-shot learning, arXiv:1703.05175.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.prototypes import prototypes
    >>> unsure = np.full((2, 2), 0.5)
    >>> head = prototypes(np.array([[0.0], [4.0]]), np.array([0, 1]), unsure)
    >>> head.answers(np.array([[1.0], [2.0]]), unsure).round(3)
    array([[0.998, 0.002],
           [0.5  , 0.5  ]])
    """
    x, y, own = labelled(support, y, prior)
    classes, centre = own.shape[1], x.mean(axis=0)
    z = x - centre
    scale = above_zero(sharpness, "sharpness") / squared_length(z)
    means = class_means(z, y, classes)
    bias = without_items(y, classes) - scale * np.square(means).sum(axis=1)
    return LinearHead(2 * scale * means, bias, centre, at_least_zero(trust, "trust"))
