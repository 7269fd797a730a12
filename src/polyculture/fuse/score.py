"""What held-out items say of a model: the loss that fusions are chosen by."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.targets import kind_of


def score(logits: Array, y: Array, domain: Array) -> float:
    r"""Mean over domains of the log-loss after scaling by the best temperature.

    .. math:: \frac{1}{|D|} \sum_d \frac{1}{n_d} \sum_{i \in d} -\log \operatorname{softmax}(z_i / T)_{y_i}

    For labels the loss is binary cross-entropy, for values half the squared error (which no temperature scales).

    A proper score moves less by chance than accuracy does; the temperature makes it fair to heads on another scale, and
    every domain has the same say.

    Parameters
    ----------
    logits : array of shape (n, classes)
        Or log-probabilities; log-odds of labels; values.
    y : array of n rows
        What was to be answered; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)

    Returns
    -------
    float >= 0, less is better; NaN without items

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.score import score
    >>> y, domain = np.array([0, 1]), np.array(["a", "b"])
    >>> score(np.array([[3.0, 0.0], [0.0, 3.0]]), y, domain) < score(np.zeros((2, 2)), y, domain)
    True
    """
    if not len(y):
        return float("nan")
    kind = kind_of(y)
    losses = kind.losses(logits / kind.temperature(logits, y), y)
    return float(np.mean([losses[domain == d].mean() for d in sorted(set(domain.tolist()))]))


def score_probabilities(probabilities: Array, y: Array, domain: Array) -> float:
    """The same for probabilities, or other answers.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.score import score_probabilities
    >>> round(score_probabilities(np.array([[0.5, 0.5]]), np.array([0]), np.array(["a"])), 3)
    0.693
    """
    return score(kind_of(y).raised(probabilities), y, domain)
