"""A ridge head: least squares in closed form, its strength by leaving one out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.features.closed_form import ridge_head as closed_form
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import above_zero, at_least_zero, labelled, squared_length
from polyculture.targets import Classes

STRENGTHS = (0.1, 1.0, 10.0, 100.0)


def ridge_head(
    support: Array,
    y: Array,
    prior: Array,
    *,
    sharpness: float = 3.0,
    trust: float = 0.0,
    strengths: Sequence[float] = STRENGTHS,
) -> LinearHead:
    r"""Least squares on centred one-hot classes; see :func:`polyculture.features.closed_form.ridge_head`.

    .. math:: p \propto \exp\left(s\, C\, W [z, 1] + t\, e\right)

    The strength is the one with the smallest squared error on items left out one at a time, which needs no second fit:
    :math:`r_i / (1 - h_{ii})` with h the hat matrix. Where a class has one item alone, nothing of it can be left out,
    and the strength is 1.

    Parameters
    ----------
    support, y, prior
        As in :func:`~polyculture.optimise.few_labels.prototypes.prototypes`.
    sharpness : float > 0
        s; scores of least squares lie within one unit, whatever the number of classes C.
    trust : float >= 0
        t: 0 leaves the model's answers out, 1 adds to them.
    strengths : sequence of float > 0
        In units of the mean squared length of [z, 1]; z are the centred vectors over the root of their mean squared
        length.

    Returns
    -------
    LinearHead

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit together, or a parameter is out of its range.

    References
    ----------
    Bertinetto et al. 2019, Meta-learning with differentiable closed-form solvers, arXiv:1805.08136; Allen 1974, The
    relationship between variable selection and data augmentation and a method for prediction (PRESS).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.ridge_head import ridge_head
    >>> x, y, unsure = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1]), np.full((4, 2), 0.5)
    >>> ridge_head(x, y, unsure).answers(x, unsure).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    x, y, own = labelled(support, y, prior)
    if not len(strengths):
        raise ParameterError("there are no strengths; give at least one number above 0")
    tried = [above_zero(strength, "a strength") for strength in strengths]
    centre, classes = x.mean(axis=0), own.shape[1]
    length = np.sqrt(squared_length(x - centre))
    z = (x - centre) / length
    errors = left_out_errors(z, Classes.goal(y, classes), tried)
    alone = bool((np.bincount(y, minlength=classes) == 1).any())
    strength = 1.0 if alone else tried[int(np.argmin(np.square(errors).sum(axis=(1, 2))))]
    # the closed form counts strengths in units of the Gram matrix's mean diagonal
    found = closed_form(z, y, classes, ridge=strength * (z.shape[1] + 1) / len(z))
    scale = above_zero(sharpness, "sharpness") * classes
    return LinearHead(scale / length * found[:, :-1], scale * found[:, -1], centre, at_least_zero(trust, "trust"))


def left_out_errors(z: Floats, goal: Floats, strengths: Sequence[float]) -> Floats:
    """What ridge regression misses each item by when it is fitted without it, shape (strengths, n, classes).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.ridge_head import left_out_errors
    >>> left_out_errors(np.zeros((2, 1)), np.array([[1.0], [1.0]]), [1e-9]).round(3).ravel() + 0.0
    array([0., 0.])
    """
    extended = np.hstack([z, np.ones((len(z), 1))])
    gram = extended @ extended.T
    sizes, sides = np.linalg.eigh(gram)
    floor = float(np.trace(gram)) / len(gram)
    missed = []
    for strength in strengths:
        # what is not fitted: the identity less the hat matrix
        rest = (sides * (strength * floor / (np.maximum(sizes, 0) + strength * floor))) @ sides.T
        missed.append(rest @ goal / np.diag(rest)[:, None])
    return np.array(missed)
