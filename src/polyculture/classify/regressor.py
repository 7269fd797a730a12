"""The same for values."""

from __future__ import annotations

from sklearn.base import RegressorMixin

from polyculture.classify.keeping import Keeping
from polyculture.errors import ParameterError


class CrossDomainRegressor(RegressorMixin, Keeping):  # type: ignore[misc]
    """Values for items from several domains, by the same five steps.

    The network learns the standardised target by squared error; base models are ridge regressions, merged heads are
    fitted to the values in closed form, ensembles are weighted means, stacking is a ridge regression, and held-out
    items judge by squared error. A value has no confidence, so that there is nothing to calibrate: the temperature
    stays 1. Encoders that learn, and the choice of a graph, are taught in which fifth of the values an item lies.

    Parameters
    ----------
    encoders : sequence of str or Encoder, or "auto"
        This and all others as in :class:`CrossDomainClassifier`.

    Attributes
    ----------
    target_ : Values
        Mean and scale of the labelled items.
    domains_ : list of str
        This and all others as in :class:`CrossDomainClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify import CrossDomainRegressor
    >>> x = np.random.RandomState(0).normal(size=(200, 3))
    >>> domain = np.repeat(["here", "there"], 100)
    >>> y = x[:, 0] * np.where(domain == "here", 1, 3)
    >>> CrossDomainRegressor().fit(x, y, domain=domain).score(x, y, domain=domain) > 0.8
    True
    """

    _learns_values = True
    # the mixin's own knows no domains
    score = Keeping.score

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.fuse == "log_pool":
            raise ParameterError("fuse is 'log_pool', which pools probabilities, and values have none; use 'stacking'")
