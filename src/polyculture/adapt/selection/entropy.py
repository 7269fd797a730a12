"""Entropy and mutual information: answers to the target should be sure, and not all the same."""

from __future__ import annotations

import numpy as np

from polyculture.adapt.selection.trial import Trial
from polyculture.arrays import Floats


def negative_entropy(trial: Trial) -> float:
    r"""How sure the answers to the target are: their negative mean entropy, in nats.

    .. math:: \frac{1}{m} \sum_{ik} p_{ik} \log p_{ik}

    It fails for whatever makes a model surer without making it righter: self-training, small penalties, or one class
    for every item.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    float in [-log(classes), 0]

    References
    ----------
    Morerio, Cavazza & Murino 2018, Minimal-entropy correlation alignment, arXiv:1711.10288.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, negative_entropy
    >>> x, sure = np.zeros((2, 1)), np.eye(2)
    >>> negative_entropy(Trial(x, np.array([0, 1]), x, sure, sure))
    0.0
    """
    return -float(_entropies(trial.target_answers).mean()) + 0.0


def mutual_information(trial: Trial) -> float:
    r"""Entropy of the mean answer to the target less the mean entropy of the answers, in nats.

    .. math:: H(\bar p) - \frac{1}{m} \sum_i H(p_i)

    One class for every item scores 0. It fails where a model is sure and wrong, and prefers classes of equal size to
    those that there are.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    float in [0, log(classes)]

    References
    ----------
    Shi & Sha 2012, Information-theoretical learning of discriminative clusters for unsupervised domain adaptation,
    arXiv:1206.6438.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, mutual_information
    >>> x, sure = np.zeros((2, 1)), np.eye(2)
    >>> round(mutual_information(Trial(x, np.array([0, 1]), x, sure, sure)), 3)
    0.693
    """
    answers = trial.target_answers
    whole = _entropies(answers.mean(axis=0, keepdims=True))[0]
    return max(0.0, float(whole - _entropies(answers).mean()))


def _entropies(answers: Floats) -> Floats:
    return np.asarray(-(answers * np.log(np.where(answers > 0, answers, 1))).sum(axis=1))
