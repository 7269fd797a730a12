"""Deep embedded validation: importance weighting, less noisy for knowing that weights must have mean 1."""

from __future__ import annotations

import numpy as np

from polyculture.adapt.selection.importance import trial_ratios
from polyculture.adapt.selection.trial import Trial
from polyculture.arrays import Floats


def dev(trial: Trial, *, loss: str = "log", ratios: Floats | None = None) -> float:
    r"""Negative importance-weighted risk with a control variate.

    .. math:: -\Big( \overline{w \ell} + \eta\, (\bar w - 1) \Big), \qquad
        \eta = -\frac{\operatorname{cov}(w \ell, w)}{\operatorname{var}(w)}

    It fails where importance weighting does: the estimate is then less noisy, and as wrong. It is no mean of losses,
    and may be above 0.

    Parameters
    ----------
    trial : Trial
    loss : {"log", "error"}
    ratios : array, one for each labelled source item, or None
        None: :func:`~polyculture.adapt.selection.importance.density_ratios`.

    References
    ----------
    You, Wang, Long & Jordan 2019, Towards accurate model selection in deep unsupervised domain adaptation, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, dev
    >>> x, answers = np.zeros((2, 1)), np.eye(2)
    >>> trial = Trial(x, np.array([0, 0]), x, answers, answers)
    >>> dev(trial, loss="error", ratios=np.array([1.5, 0.5]))
    -0.25
    """
    weights = trial_ratios(trial) if ratios is None else np.asarray(ratios, dtype=np.float64)
    weighted = weights * trial.losses(loss)
    spread = float(weights.var())
    eta = -float(np.mean((weighted - weighted.mean()) * (weights - weights.mean()))) / spread if spread > 0 else 0.0
    return -float(weighted.mean() + eta * (weights.mean() - 1))
