"""Which numbers of an item made the answer: columns, groups of columns, patches of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.classify import CrossDomainClassifier
from polyculture.errors import DataError, ParameterError
from polyculture.explain.odds import log_odds, of_class
from polyculture.features.encoders.vectors import VectorEncoder

Groups = Mapping[str, Ints]
"""Names of groups to the columns of each."""
PredictNumbers = Callable[[Any, Array], Array]
"""Items of numbers and what belongs to each, its domain above all, to probabilities of shape (n, classes)."""


@dataclass(frozen=True)
class FeatureReasons:
    """Groups of columns of one item and what each did for the class that was predicted.

    Parameters
    ----------
    names : sequence of str
    groups : sequence of array of int
        Columns of each.
    weights : array of float, shape (groups,)
        How much the log-odds of the predicted class fall when the columns are at their training mean.
    predicted : int
    """

    names: Sequence[str]
    groups: Sequence[Ints]
    weights: Floats
    predicted: int


def feature_reasons(
    predict: PredictNumbers,
    X: Matrix,
    domain: Array,
    *,
    mean: Floats,
    groups: Groups | None = None,
    predicted: Ints | None = None,
) -> list[FeatureReasons]:
    r"""What each group of columns did: the change in the model's answer when it is at its training mean.

    .. math:: w_g = \operatorname{logit} p_{\hat y}(x) - \operatorname{logit} p_{\hat y}(x_{g \leftarrow \bar x_g})

    Of a sparse item only the columns where it differs from the mean are looked at, unless groups are given: the
    others would change nothing.

    Parameters
    ----------
    predict : callable
        ``(X, domain) -> probabilities``.
    X : array or CSR array of shape (n, d)
    domain : array of shape (n,)
        Passed on to `predict`, the item's own entry with every change of the item.
    mean : array of shape (d,)
        What stands for a column that is left out; see :func:`training_mean`.
    groups : mapping of name to columns, or None
        None is every column alone.
    predicted : array of int, shape (n,), or None
        The classes to speak of; None for those with the highest probability.

    References
    ----------
    Zeiler and Fergus 2014, arXiv:1311.2901 (occlusion); Li et al. 2016, arXiv:1612.08220.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import feature_reasons
    >>> def predict(X, domain):
    ...     p = 1 / (1 + np.exp(-X @ np.array([2.0, -1.0])))
    ...     return np.stack([1 - p, p], axis=1)
    >>> reasons = feature_reasons(predict, np.array([[1.0, 0.5]]), np.array(["x"]), mean=np.zeros(2))
    >>> reasons[0].weights.round(6).tolist()
    [2.0, -0.5]
    """
    found = []
    for i in range(X.shape[0]):
        row = _dense(X[[i]])
        own = _columns(row, mean) if sp.issparse(X) and groups is None else groups or _each(X.shape[1])
        names, parts = list(own), [np.asarray(columns, dtype=int) for columns in own.values()]
        kept = [np.ones(len(names), dtype=bool)] + [np.arange(len(names)) != j for j in range(len(names))]
        changed = _changed(row, parts, kept, mean)
        p = predict(_like(changed, X), domain[np.full(len(kept), i)])
        chosen = int(p[0].argmax()) if predicted is None else int(predicted[i])
        odds = log_odds(p[:, chosen])
        found.append(FeatureReasons(names, parts, odds[0] - odds[1:], chosen))
    return found


def kept_features(
    predict: PredictNumbers, X: Matrix, reasons: Sequence[FeatureReasons], domain: Array, *, mean: Floats
) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the model answers when some groups are kept: what :func:`polyculture.explain.faithful` asks for.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.features import FeatureReasons, kept_features
    >>> reasons = [FeatureReasons(["a", "b"], [np.array([0]), np.array([1])], np.ones(2), 0)]
    >>> keep = kept_features(lambda X, _: X, np.array([[5.0, 7.0]]), reasons, np.array(["x"]), mean=np.zeros(2))
    >>> keep(np.array([0, 0]), [np.array([True, False]), np.array([False, True])]).tolist()
    [5.0, 0.0]
    """
    predicted = np.array([r.predicted for r in reasons], dtype=int)

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        changed = [
            _changed(_dense(X[[i]]), reasons[i].groups, [mask], mean)
            for i, mask in zip(rows.tolist(), kept, strict=True)
        ]
        return of_class(predict(_like(np.concatenate(changed), X), domain[rows]), predicted[rows])

    return keep


def training_mean(model: CrossDomainClassifier) -> Floats:
    """What stands for a column of numbers that is left out: its mean over training items.

    A wide sparse matrix has 0 instead, for what is not there.

    Raises
    ------
    DataError
        If the model was fitted on texts.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import training_mean
    >>> x = np.random.RandomState(0).normal([0.0, 5.0], size=(80, 2))
    >>> int(training_mean(CrossDomainClassifier().fit(x, x[:, 0] > 0))[1].round())
    5
    """
    for encoder in model.features_.encoders_.values():
        if isinstance(encoder, VectorEncoder):
            return np.asarray(encoder.mean_, dtype=np.float64)
    raise DataError("the model was fitted on texts, which have no columns of numbers; ask for words")


def patches(height: int, width: int, size: int, channels: int = 1) -> dict[str, Ints]:
    """Square patches of flattened images as groups of columns, smaller at the right and the lower edge.

    Parameters
    ----------
    height, width, channels : int >= 1
        Of the image, flattened row by row with the channels last.
    size : int >= 1
        Pixels along a side.

    Raises
    ------
    ParameterError
        If one of them is below 1.

    Examples
    --------
    >>> from polyculture.explain import patches
    >>> {name: columns.tolist() for name, columns in patches(2, 4, 2).items()}
    {'rows 0-1, columns 0-1': [0, 1, 4, 5], 'rows 0-1, columns 2-3': [2, 3, 6, 7]}
    """
    if min(height, width, size, channels) < 1:
        raise ParameterError(
            f"height, width, size and channels are {height}, {width}, {size} and {channels}; use at least 1"
        )
    places = np.arange(height * width * channels).reshape(height, width, channels)
    return {
        f"rows {r}-{min(r + size, height) - 1}, columns {c}-{min(c + size, width) - 1}": places[
            r : r + size, c : c + size
        ].ravel()
        for r in range(0, height, size)
        for c in range(0, width, size)
    }


def _each(count: int) -> Groups:
    return {str(j): np.array([j]) for j in range(count)}


def _columns(row: Floats, mean: Floats) -> Groups:
    return {str(j): np.array([j]) for j in np.flatnonzero(row[0] != mean).tolist()}


def _dense(row: Any) -> Floats:
    return np.asarray(row.toarray() if sp.issparse(row) else row, dtype=np.float64)


def _like(rows: Floats, X: Matrix) -> Matrix:
    return sp.csr_array(rows) if sp.issparse(X) else rows


def _changed(row: Floats, groups: Sequence[Ints], kept: Sequence[Mask], mean: Floats) -> Floats:
    """The item once for each mask, with the groups that are not kept at their mean."""
    out = np.repeat(row, len(kept), axis=0)
    for i, mask in enumerate(kept):
        for j in np.flatnonzero(~mask).tolist():
            out[i, groups[j]] = mean[groups[j]]
    return out
