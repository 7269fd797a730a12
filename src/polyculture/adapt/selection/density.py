"""Soft neighbourhood density: answers to the target should come in tight groups."""

from __future__ import annotations

import numpy as np

from polyculture.adapt.selection.trial import Trial
from polyculture.errors import ParameterError


def soft_neighbourhood_density(trial: Trial, *, temperature: float = 0.05, block: int = 1024) -> float:
    r"""Mean entropy of how alike each target answer is to the others.

    .. math:: \frac{1}{m} \sum_i H(P_i), \qquad P_{ij} \propto
        \exp \Big( \frac{1}{\tau} \frac{p_i^\top p_j}{\|p_i\| \|p_j\|} \Big), \quad j \ne i

    It fails where a model gives all items the same answer, sure or not: nothing is denser than one group. Compare
    candidates of one family, and look at their entropy too.

    Parameters
    ----------
    trial : Trial
        With at least two target items.
    temperature : float > 0
    block : int >= 1
        Rows at a time: memory is that of an array of (block, m).

    Returns
    -------
    float in [0, log(m - 1)]

    Raises
    ------
    ParameterError
        If `temperature` or `block` is not above 0, or there is one item.

    References
    ----------
    Saito et al. 2021, Tune it the right way: unsupervised validation of domain adaptation via soft neighborhood
    density, arXiv:2108.10860.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, soft_neighbourhood_density
    >>> x, sure = np.zeros((4, 1)), np.eye(2)[[0, 0, 0, 1]]
    >>> round(soft_neighbourhood_density(Trial(x, np.zeros(4, dtype=int), x, sure, sure)), 2)
    0.79
    """
    answers = trial.target_answers
    if not temperature > 0 or block < 1 or len(answers) < 2:
        raise ParameterError(
            f"temperature is {temperature}, block {block}, and there are {len(answers)} target items; "
            "pass numbers above 0 and at least two items."
        )
    unit = answers / np.linalg.norm(answers, axis=1, keepdims=True)
    total = 0.0
    for start in range(0, len(unit), block):
        alike = unit[start : start + block] @ unit.T / temperature
        alike[np.arange(len(alike)), start + np.arange(len(alike))] = -np.inf
        shares = np.exp(alike - alike.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        total -= float((shares * np.log(np.where(shares > 0, shares, 1))).sum())
    return total / len(unit)
