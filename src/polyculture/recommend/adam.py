"""Adam for arrays whose gradient is written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polyculture.arrays import Floats

_MEAN, _SQUARE, _LEAST = 0.9, 0.999, 1e-8


@dataclass
class Adam:
    """Running means of a gradient and of its square, and the steps that follow from them.

    References
    ----------
    Kingma and Ba 2015, Adam: a method for stochastic optimization, ICLR, arXiv:1412.6980.

    Examples
    --------
    >>> import numpy as np
    >>> at, adam = np.array([1.0, -1.0], dtype=np.float32), Adam()
    >>> adam.move(at, np.array([0.5, -20.0], dtype=np.float32), 0.1)
    >>> at.round(3).tolist()
    [0.8999999761581421, -0.8999999761581421]
    """

    steps: int = 0
    _moments: list[Floats] = field(default_factory=list, repr=False)

    def move(self, values: Floats, gradient: Floats, rate: float) -> None:
        """One step against a gradient, in place; the gradient is overwritten."""
        if not self._moments:
            self._moments = [np.zeros_like(values), np.zeros_like(values)]
        mean, square = self._moments
        self.steps += 1
        mean *= np.float32(_MEAN)
        mean += np.float32(1 - _MEAN) * gradient
        gradient *= gradient
        square *= np.float32(_SQUARE)
        square += np.float32(1 - _SQUARE) * gradient
        # one array serves all: these are the largest of the training
        np.sqrt(square, out=gradient)
        gradient *= np.float32(1 / np.sqrt(1 - _SQUARE**self.steps))
        gradient += np.float32(_LEAST)
        np.divide(mean, gradient, out=gradient)
        gradient *= np.float32(rate / (1 - _MEAN**self.steps))
        values -= gradient
