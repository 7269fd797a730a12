"""Label shift: classes have other proportions in the target, and each looks as it does in the source."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from polyculture.adapt.inputs import codes, distributions, proportions
from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError, ShapeError


def bbse(source_answers: Array, y: Array, target_answers: Array) -> Floats:
    r"""Proportions of the classes in the target, from how a model confuses them on held-out source items.

    .. math:: \hat q = \arg\min_{q \ge 0} \Big\| \sum_k q_k \, \bar p(\cdot \mid y = k) - \bar p_t \Big\|,
        \qquad \textstyle\sum_k \hat q_k = 1

    with :math:`\bar p(\cdot \mid y = k)` the mean answer to source items of class k, and :math:`\bar p_t` to those of
    the target. The model needs no calibration. Where it hardly tells classes apart the estimate is wild, and where the
    classes themselves look otherwise in the target it is wrong.

    Parameters
    ----------
    source_answers : array of shape (n, classes)
        Probabilities for source items that the model was not trained on.
    y : array of int, shape (n,)
        Their classes, each at least once; -1 where there is none.
    target_answers : array of shape (m, classes)

    Returns
    -------
    array of shape (classes,), which sums to 1

    Raises
    ------
    ShapeError, DataError
        If rows or columns do not fit, or a row is no distribution.
    ParameterError
        If a class has no source item.

    References
    ----------
    Lipton, Wang & Smola 2018, Detecting and correcting for label shift with black box predictors, arXiv:1802.03916.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.label_shift import bbse
    >>> sure = np.eye(2)
    >>> bbse(sure, np.array([0, 1]), sure[[0, 0, 0, 1]])
    array([0.75, 0.25])
    """
    source, target = distributions(source_answers, "source_answers"), distributions(target_answers, "target_answers")
    y, classes = codes(y, len(source)), source.shape[1]
    if target.shape[1] != classes or y.max() >= classes:
        raise ShapeError(f"There are {classes} columns for the source; give the target as many, and y no others.")
    counts = np.bincount(y[y >= 0], minlength=classes)
    if not counts.all():
        raise ParameterError(f"class {np.argmin(counts)} has no source item; hold out items of every class.")
    confusion = np.stack([source[y == k].mean(axis=0) for k in range(classes)], axis=1)
    found = nnls(confusion, target.mean(axis=0))[0]
    return np.asarray(found / found.sum())


def em_proportions(target_answers: Array, source_proportions: Array, *, rounds: int = 1000) -> Floats:
    r"""Proportions of the classes under which the target's answers are likeliest, by expectation and maximisation.

    .. math:: q_k \leftarrow \frac{1}{m} \sum_i \frac{p_{ik}\, q_k / s_k}{\sum_j p_{ij}\, q_j / s_j}

    It uses more of the answers than :func:`bbse` and trusts them more: a model that is too sure of itself is to be
    calibrated first.

    Parameters
    ----------
    target_answers : array of shape (m, classes)
        Probabilities.
    source_proportions : array of shape (classes,)
        Of the classes where the model was trained, above 0.
    rounds : int >= 1
        At most; it stops once no share changes by more than 1e-8.

    Returns
    -------
    array of shape (classes,), which sums to 1

    Raises
    ------
    ParameterError
        If a source proportion is not above 0, or there is not one for each class.

    References
    ----------
    Saerens, Latinne & Decaestecker 2002, Adjusting the outputs of a classifier to new a priori probabilities, Neural
    Computation 14(1).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.label_shift import em_proportions
    >>> em_proportions(np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99]]), [0.5, 0.5]).round(2)
    array([0.67, 0.33])
    """
    answers = distributions(target_answers, "target_answers")
    before = _proportions(source_proportions, answers.shape[1])
    now = before
    for _ in range(rounds):
        found = _reweighed(answers, now / before).mean(axis=0)
        if np.abs(found - now).max() < 1e-8:
            break
        now = found
    return np.asarray(now)


def shifted(answers: Array, source_proportions: Array, target_proportions: Array) -> Floats:
    r"""Probabilities where classes have other proportions than where the model was trained.

    .. math:: \tilde p_{ik} \propto p_{ik}\, q_k / s_k

    Parameters
    ----------
    answers : array of shape (m, classes)
    source_proportions, target_proportions : array of shape (classes,)
        The former above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.label_shift import shifted
    >>> shifted(np.array([[0.5, 0.5]]), [0.5, 0.5], [0.9, 0.1])
    array([[0.9, 0.1]])
    """
    found = distributions(answers)
    before = _proportions(source_proportions, found.shape[1])
    return _reweighed(found, np.asarray(target_proportions, dtype=np.float64) / before)


def corrected(source_answers: Array, y: Array, target_answers: Array) -> Floats:
    """Answers to target items once the target's proportions are found: :func:`bbse`, then :func:`shifted`.

    Parameters
    ----------
    source_answers, y, target_answers
        As in :func:`bbse`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.label_shift import corrected
    >>> fair = np.array([[0.8, 0.2], [0.2, 0.8]])
    >>> corrected(fair, np.array([0, 1]), fair[[0, 0, 0, 1]]).round(2)[3].tolist()
    [0.43, 0.57]
    """
    found = bbse(source_answers, y, target_answers)
    return shifted(target_answers, proportions(np.asarray(y), len(found)), found)


def _proportions(given: Array, classes: int) -> Floats:
    found = np.asarray(given, dtype=np.float64)
    if found.shape != (classes,) or not (found > 0).all():
        raise ParameterError(f"source_proportions is {given}; pass {classes} numbers above 0.")
    return np.asarray(found / found.sum())


def _reweighed(answers: Floats, ratios: Floats) -> Floats:
    raised = answers * ratios
    total = raised.sum(axis=1, keepdims=True)
    # where no class is left that the target has, the answer stays
    return np.asarray(np.where(total > 0, raised / np.where(total > 0, total, 1), answers))
