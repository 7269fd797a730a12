"""Circular validation: what the target's answers teach must still be right in the source."""

from __future__ import annotations

from polyculture.adapt.inputs import balanced_accuracy, distributions
from polyculture.adapt.selection.trial import Trial
from polyculture.errors import ParameterError


def circular(trial: Trial) -> float:
    r"""Balanced accuracy on held-out source items of the same method, taught by its own answers to the target.

    .. math:: \frac{1}{K} \sum_k \frac{|\{ i : y_i = k,\; g(x_i) = k \}|}{|\{ i : y_i = k \}|},
        \qquad g = \operatorname{adapt}\big(X_t, \operatorname{arg\,max}_k p_{jk} \to X_s\big)

    The way back is that of the candidate: from the target as the source, without the source's labels. A candidate whose
    answers are noise, or one class, teaches nothing that is right. The criterion fails where wrong answers follow a
    rule that is right in the source, as where the target labels like items otherwise. It favours candidates that stay
    near what the source says, as adapting may have to cost something there.

    Parameters
    ----------
    trial : Trial
        With `back`.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ParameterError
        If the trial has no `back`.

    References
    ----------
    Bruzzone & Marconcini 2010, Domain adaptation problems: a DASVM classification technique and a circular validation
    strategy, IEEE TPAMI 32(5).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, circular
    >>> x, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    >>> circular(Trial(x, y, x, np.eye(2), np.eye(2), lambda classes: np.eye(2)[classes]))
    1.0
    """
    if trial.back is None:
        raise ParameterError("Circular validation adapts on the way back too; give the trial a `back`.")
    answers = distributions(trial.back(trial.target_answers.argmax(axis=1)), "what `back` gave")
    rows, truth = trial.labelled, trial.y[trial.labelled]
    return balanced_accuracy(answers[rows].argmax(axis=1), truth)
