"""SimpleShot: the nearest mean of vectors that are centred and of length 1."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ShapeError
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import (
    above_zero,
    at_least_zero,
    class_means,
    finite,
    labelled,
    unit,
    without_items,
)


def simple_shot(
    support: Array,
    y: Array,
    prior: Array,
    *,
    sharpness: float = 3.0,
    trust: float = 0.0,
    centre: Array | None = None,
) -> LinearHead:
    r"""Nearest class mean after centring and bringing each vector to length 1 (the paper's CL2N).

    .. math:: p_k \propto \exp\left(-s\, \lVert z - c_k \rVert^2 + t\, e_k\right), \qquad
        z = \frac{q - \mu}{\lVert q - \mu \rVert}

    with :math:`c_k` the mean of z over the labelled items of class k. A class without labelled items is ruled out.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    sharpness : float > 0
        s.
    trust : float >= 0
        t: 0 leaves the model's answers out, 1 adds to them.
    centre : array of shape (d,), or None
        :math:`\mu`: the paper takes the mean of what the vectors were learnt from; None takes that of the labelled
        items, which the new domain moves.

    Returns
    -------
    LinearHead

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Wang, Chao, Weinberger & van der Maaten 2019, SimpleShot: revisiting nearest-neighbor classification for few-shot
    learning, arXiv:1911.04623.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.simple_shot import simple_shot
    >>> unsure = np.full((2, 2), 0.5)
    >>> head = simple_shot(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1]), unsure)
    >>> head.answers(np.array([[0.0, 9.0], [9.0, 0.0]]), unsure).argmax(axis=1)
    array([0, 1])
    """
    x, y, own = labelled(support, y, prior)
    classes, scale = own.shape[1], above_zero(sharpness, "sharpness")
    middle = x.mean(axis=0) if centre is None else finite(np.atleast_2d(centre), "centre")[0]
    if middle.shape != (x.shape[1],):
        raise ShapeError(f"centre has {len(middle)} columns and support {x.shape[1]}; pass one number for each")
    means = class_means(unit(x - middle), y, classes)
    bias = without_items(y, classes) - scale * np.square(means).sum(axis=1)
    return LinearHead(2 * scale * means, bias, middle, at_least_zero(trust, "trust"), unit=True)
