"""Importance-weighted validation: source items count as much as they look like the target's."""

from __future__ import annotations

import numpy as np

from polyculture.adapt.inputs import stacked, two_samples
from polyculture.adapt.linear import logistic
from polyculture.adapt.selection.trial import Trial
from polyculture.arrays import Floats, Matrix
from polyculture.errors import ParameterError


def density_ratios(
    source: Matrix, target: Matrix, *, strength: float = 1.0, folds: int = 5, most: float = 20.0, seed: int = 0
) -> Floats:
    r"""How much likelier each source item is in the target, by a classifier of domains that has not seen it.

    .. math:: w(x) = \frac{n}{m} \frac{P(\text{target} \mid x)}{P(\text{source} \mid x)}

    Parameters
    ----------
    source, target : array or sparse array of shape (n, d) and (m, d)
    strength : float > 0
        Inverse of the penalty of the classifier. Dense columns are scaled to variance 1.
    folds : int >= 2
        A source item is judged by a classifier fitted without its fold: one that knew it would put all ratios at 0.
    most : float > 0
        Ratios above it are cut to it.
    seed : int

    Returns
    -------
    array of shape (n,), in [0, most]

    Raises
    ------
    ShapeError, DataError
        If source and target do not fit together, or have fewer rows than there are folds.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    Sugiyama, Krauledat & Müller 2007, Covariate shift adaptation by importance weighted cross validation, JMLR 8;
    Bickel, Brückner & Scheffer 2007, Discriminative learning for differing training and test distributions, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection.importance import density_ratios
    >>> x = np.linspace(-1, 1, 40)[:, None]
    >>> ratios = density_ratios(x, x + 1)
    >>> bool(ratios[-1] > ratios[0])
    True
    """
    if folds < 2 or not most > 0 or not strength > 0:
        raise ParameterError(f"folds is {folds}, most {most} and strength {strength}; pass 5, 20 and 1.")
    source, target = two_samples(source, target, least=folds)
    both, n = _scaled(stacked(source, target)), source.shape[0]
    side = np.repeat([0, 1], [n, target.shape[0]])
    part = np.empty(len(side), dtype=int)
    for value in (0, 1):
        rows = np.flatnonzero(side == value)
        part[rows] = np.random.RandomState(seed).permutation(len(rows)) % folds
    ratios = np.empty(n)
    for fold in range(folds):
        model = logistic(both[part != fold], side[part != fold], classes=2, strength=strength)
        asked = np.flatnonzero(part[:n] == fold)
        chance = model(both[asked])
        ratios[asked] = chance[:, 1] / np.maximum(chance[:, 0], 1e-12) * n / target.shape[0]
    return np.minimum(ratios, most)


def _scaled(values: Matrix) -> Matrix:
    if not isinstance(values, np.ndarray):
        return values
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1))


def importance_weighted(trial: Trial, *, loss: str = "log", ratios: Floats | None = None) -> float:
    r"""Negative mean loss on held-out source items, each weighted by its density ratio.

    .. math:: -\frac{\sum_i w(x_i)\, \ell(x_i, y_i)}{\sum_i w(x_i)}

    It fails where the classes of like items differ between source and target, where the target has items such as the
    source has none of, and in many columns: few items then carry all the weight.

    Parameters
    ----------
    trial : Trial
    loss : {"log", "error"}
    ratios : array, one for each labelled source item, or None
        None: :func:`density_ratios`.

    Returns
    -------
    float, at most 0

    References
    ----------
    Sugiyama, Krauledat & Müller 2007, JMLR 8.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.selection import Trial, importance_weighted
    >>> x, answers = np.zeros((2, 1)), np.eye(2)
    >>> trial = Trial(x, np.array([0, 0]), x, answers, answers)
    >>> importance_weighted(trial, loss="error", ratios=np.array([3.0, 1.0]))
    -0.25
    """
    weights = trial_ratios(trial) if ratios is None else np.asarray(ratios, dtype=np.float64)
    total = float(weights.sum())
    return -float((weights * trial.losses(loss)).sum() / total) if total > 0 else -np.inf


def trial_ratios(trial: Trial) -> Floats:
    """Density ratios of a trial's labelled source items."""
    return density_ratios(trial.source[trial.labelled], trial.target)
