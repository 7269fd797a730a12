"""Calibration: probabilities that mean what they say."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.targets import Classes, Target, kind_of

__all__ = ["expected_calibration_error", "sharpen", "temperature"]


def expected_calibration_error(probabilities: Array, y: Array, *, bins: int = 15) -> float:
    r"""Mean gap between confidence and accuracy, over bins of confidence of equal width.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} \left| \mathrm{acc}_b - \mathrm{conf}_b \right|

    Parameters
    ----------
    probabilities : array of shape (n, classes)
    y : array of n rows
        Classes; or rows of labels, where each decision on each label counts; values have no confidence.
    bins : int >= 1

    Returns
    -------
    float in [0, 1]; NaN without items, and for values

    References
    ----------
    Guo et al. 2017, arXiv:1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise import expected_calibration_error
    >>> expected_calibration_error(np.array([[0.8, 0.2]] * 5), np.array([0, 0, 0, 0, 1])).__round__(6)
    0.0
    """
    if bins < 1:
        raise ParameterError(f"bins is {bins}; use at least 1")
    confidence, right = kind_of(y).confident(probabilities, y) if len(y) else (np.zeros(0), np.zeros(0))
    if not len(confidence):
        return float("nan")
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def sharpen(probabilities: Array, by: float, kind: type[Target] = Classes) -> Array:
    r"""Probabilities at temperature T: :math:`p_k^{1/T} / \sum_j p_j^{1/T}`.

    Parameters
    ----------
    probabilities : array of shape (n, classes)
    by : float > 0
        T: below 1 sharpens, above 1 softens.
    kind : type of Target
        What the answers are of.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise import sharpen
    >>> sharpen(np.array([[0.8, 0.2]]), 0.5).round(3)
    array([[0.941, 0.059]])
    """
    return kind.sharpen(probabilities, by)


def temperature(logits: Array, y: Array) -> float:
    r"""The T > 0 that makes :math:`\operatorname{softmax}(z / T)` most likely, between 0.05 and 20.

    Parameters
    ----------
    logits : array of shape (n, outputs)
    y : array of n rows
        Classes, or rows of labels; for values it is 1.

    References
    ----------
    Guo et al. 2017, arXiv:1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.calibrate import temperature
    >>> overconfident = np.array([[9.0, 0.0]] * 4)
    >>> temperature(overconfident, np.array([0, 0, 0, 1])) > 2
    True
    """
    return kind_of(y).temperature(logits, y)
