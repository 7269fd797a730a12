"""A logistic head that starts from the model's own log-odds and is pulled back to them."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import above_zero, at_least_zero, labelled, squared_length
from polyculture.optimise.few_labels.solving import pulled
from polyculture.targets import Classes


def logistic_head(support: Array, y: Array, prior: Array, *, penalty: float = 4.0, trust: float = 1.0) -> LinearHead:
    r"""The last layer fine-tuned: what labels say is added to the model's own log-odds.

    .. math:: p \propto \exp(t\, e + W z + b), \qquad
        \min_{W, b} \sum_i \mathrm{CE}_i + \tfrac{\lambda}{2} \left(\lVert W \rVert^2 + \lVert b \rVert^2\right)

    with z the centred vectors over the root of their mean squared length, so that no unit matters. Without labels, or
    with a large penalty, the model's answers stay; with many the labels decide. A class without labelled items becomes
    less likely, and is not ruled out.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    penalty : float > 0
        :math:`\lambda`.
    trust : float >= 0
        t: 1 starts from the model's answers, 0 from none.

    Returns
    -------
    LinearHead

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Chelba & Acero 2004, Adaptation of maximum entropy capitalizer, EMNLP; Li, Grandvalet & Davoine 2018, Explicit
    inductive bias for transfer learning, arXiv:1802.01483.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.logistic_head import logistic_head
    >>> x, y, p = np.array([[-1.0], [1.0]] * 4), np.array([0, 1] * 4), np.full((8, 2), 0.5)
    >>> logistic_head(x, y, p, penalty=1e6).answers(x[:1], p[:1]).round(3)
    array([[0.5, 0.5]])
    >>> logistic_head(x, y, p, penalty=1.0).answers(x[:1], p[:1]).round(1)
    array([[0.9, 0.1]])
    """
    x, y, own = labelled(support, y, prior)
    centre, kept = x.mean(axis=0), at_least_zero(trust, "trust")
    z = x - centre
    length = np.sqrt(squared_length(z))
    design = np.hstack([z / length, np.ones((len(z), 1))])
    found = pulled(design, kept * Classes.evidence(own), y, above_zero(penalty, "penalty"))
    return LinearHead(found[:, :-1] / length, found[:, -1], centre, kept)
