"""What is known of one measure for all pairs of models: the number, its interval, and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass

from polyculture.arrays import Floats
from polyculture.measure.inference.calibrate import towards


@dataclass(frozen=True)
class PairMeasure:
    r"""One measure for all pairs of models.

    .. math:: \text{calibrated} = \frac{s - \text{null}}{\text{highest} - \text{null}}

    Parameters
    ----------
    estimate, low, high : arrays of shape (models, models)
        The measure and the ends of its interval; NaN where it is undefined.
    null : array of shape (models, models)
        Value expected by chance, or, where the null was drawn, the threshold that chance passes once in twenty draws.
    p : array of shape (models, models)
        Probability of a value at least as high by chance; NaN where no null distribution is known.
    highest : float or array of shape (models, models), default 1
        Largest value that the pair could reach.
    reason : str
        Why the measure, or its interval, is undefined or doubtful for some or all pairs; empty if it is sound for all.

    Examples
    --------
    >>> import numpy as np
    >>> half, zero = np.full((2, 2), 0.5), np.zeros((2, 2))
    >>> PairMeasure(half, zero, half, null=zero + 0.2, p=half).calibrated.round(3).tolist()[0]
    [0.375, 0.375]
    """

    estimate: Floats
    low: Floats
    high: Floats
    null: Floats
    p: Floats
    highest: float | Floats = 1.0
    reason: str = ""

    @property
    def calibrated(self) -> Floats:
        """Share of the way from chance to the largest value; never clamped, NaN where there is no way to go."""
        return towards(self.estimate, self.null, self.highest)
