"""Log-odds, the scale on which effects of several causes add up best."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from polyculture.arrays import Array, Floats, Ints

EDGE = 1e-6
"""Probabilities nearer to 0 or 1 are taken for this near."""


def log_odds(p: Array) -> Floats:
    r"""Log-odds of probabilities, finite even of 0 and 1.

    .. math:: \operatorname{logit} p = \log \frac{p}{1 - p}

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.odds import log_odds
    >>> log_odds(np.array([0.5, 1.0])).round(1).tolist()
    [0.0, 13.8]
    """
    p = np.clip(np.asarray(p, dtype=np.float64), EDGE, 1 - EDGE)
    return np.asarray(np.log(p) - np.log1p(-p))


def of_class(p: Array, chosen: Ints) -> Floats:
    """Of each row the entry of its own class.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.odds import of_class
    >>> of_class(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 0])).tolist()
    [0.9, 0.8]
    """
    return np.asarray(p[np.arange(len(p)), chosen], dtype=np.float64)


def margins(logits: Array, chosen: Ints, *, exclusive: bool = True) -> Floats:
    r"""Log-odds of each row's own class from scores before the softmax: they do not saturate as probabilities do.

    .. math:: z_c - \log \sum_{k \ne c} e^{z_k}

    Parameters
    ----------
    logits : array of shape (n, classes)
    chosen : array of int, shape (n,)
    exclusive : bool
        Whether one class is right; if not, a score is the log-odds of its label already.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.odds import margins
    >>> margins(np.array([[100.0, -100.0]]), np.array([0])).tolist()
    [200.0]
    """
    own = of_class(logits, chosen)
    if not exclusive:
        return own
    others = np.array(logits, dtype=np.float64)
    others[np.arange(len(own)), chosen] = -np.inf
    return np.asarray(own - logsumexp(others, axis=1))
