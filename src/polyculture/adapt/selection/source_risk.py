"""Risk on held-out source items: what is known for sure, of the wrong domain."""

from __future__ import annotations

from polyculture.adapt.selection.trial import Trial


def source_risk(trial: Trial, *, loss: str = "log") -> float:
    r"""Negative mean loss on held-out source items.

    .. math:: -\frac{1}{n} \sum_i \ell(x_i, y_i)

    It fails wherever adaptation is needed: what serves the target better often serves the source worse. A baseline.

    Parameters
    ----------
    trial : Trial
    loss : {"log", "error"}

    Returns
    -------
    float, at most 0

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, source_risk
    >>> x, answers = np.zeros((2, 1)), np.eye(2)
    >>> source_risk(Trial(x, np.array([0, 0]), x, answers, answers), loss="error")
    -0.5
    """
    return -float(trial.losses(loss).mean())
