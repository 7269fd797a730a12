"""The candidate with the best score, all scores beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polyculture.adapt.selection.trial import Scorer, Trial
from polyculture.errors import ParameterError


@dataclass(frozen=True)
class Choice:
    """Which candidate was chosen, and every candidate's score.

    Parameters
    ----------
    name : str
    scores : dict of str to float
        Higher is better.
    """

    name: str
    scores: dict[str, float]


def choose(trials: Mapping[str, Trial], scorer: Scorer, *, margin: float = 0.0) -> Choice:
    """The candidate with the highest score; the first where no other is better by more than a margin.

    Parameters
    ----------
    trials : mapping of str to Trial
        The first is what is kept in doubt: the model without adaptation.
    scorer : callable
        One of :data:`polyculture.adapt.selection.SELECTORS`, or any function of a trial.
    margin : float >= 0
        By how much another must be better than the first.

    Returns
    -------
    Choice

    Raises
    ------
    ParameterError
        If there are no candidates, or the margin is below 0.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, choose, source_risk
    >>> x, y, sure = np.zeros((2, 1)), np.array([0, 1]), np.eye(2)
    >>> trials = {"wrong": Trial(x, y, x, sure[::-1], sure), "right": Trial(x, y, x, sure, sure)}
    >>> choose(trials, source_risk).name
    'right'
    """
    if not trials or not margin >= 0:
        raise ParameterError(f"There are {len(trials)} candidates and the margin is {margin}; pass one, and 0 or more.")
    scores = {name: float(scorer(trial)) for name, trial in trials.items()}
    first = next(iter(scores))
    best = max(scores, key=lambda name: scores[name] if not np.isnan(scores[name]) else -np.inf)
    return Choice(best if scores[best] > scores[first] + margin else first, scores)
