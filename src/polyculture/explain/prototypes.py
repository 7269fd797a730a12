"""Labelled items that the model sees as most like an item, and items that stand for a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.classify import CrossDomainClassifier
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.combine import Encoded


@dataclass(frozen=True, eq=False)
class Known:
    """Labelled items where the network sees them: in its last hidden layer.

    Parameters
    ----------
    hidden : array of shape (m, width)
        On the unit sphere.
    codes : array of int, shape (m,)
        Position of each item's class; -1 where it has none.
    classes : int
    """

    hidden: Floats
    codes: Ints
    classes: int

    @classmethod
    def of(cls, model: CrossDomainClassifier, X: Any, y: Any, *, edges: Any = None) -> Known:
        """Encode labelled items.

        Parameters
        ----------
        model : CrossDomainClassifier
        X : items, as in :meth:`CrossDomainClassifier.predict`
        y : sequence of m classes
            None or -1 where there is no label.

        Raises
        ------
        ShapeError
            If there is not one label for each item.
        ParameterError
            If no item has a label that the model knows.
        """
        encoded = model.encode(X, edges=edges)
        if len(y) != len(encoded):
            raise ShapeError(f"there are {len(encoded)} known items and {len(y)} labels; give one label for each")
        place = {name: i for i, name in enumerate(model.target_.names.tolist())}
        codes = np.array([place.get(value, -1) for value in np.asarray(y, dtype=object).tolist()])
        if not (codes >= 0).any():
            raise ParameterError(f"no known item has one of the classes {', '.join(map(str, place))}; label some")
        return cls(seen(model, encoded), codes, len(place))


def seen(model: CrossDomainClassifier, encoded: Encoded) -> Floats:
    """Items in the last hidden layer of the merged network, on the unit sphere, shape (n, width)."""
    hidden = np.asarray(model.backbone_.last_hidden(model.fed(encoded), model.merged_), dtype=np.float64)
    unit: Floats = hidden / np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-12)
    return unit


def nearest(hidden: Floats, known: Known, *, most: int = 3) -> list[list[dict[str, Any]]]:
    """The known items with the most similar hidden vectors, of all and of each class.

    Parameters
    ----------
    hidden : array of shape (n, width)
        Of :func:`seen`.
    known : Known
    most : int >= 1
        Items of each class.

    Returns
    -------
    list of n lists of dict
        ``item`` (position among the known), ``code`` (of its class) and ``similarity`` (cosine), the most similar
        first.

    References
    ----------
    Papernot and McDaniel 2018, arXiv:1803.04765 (neighbours in hidden layers).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import Known, nearest
    >>> known = Known(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), np.array([0, 0, 1]), 2)
    >>> [found["item"] for found in nearest(np.array([[0.8, 0.6]]), known, most=1)[0]]
    [1, 2]
    """
    if most < 1:
        raise ParameterError(f"most is {most}; use at least 1")
    similar = hidden @ known.hidden.T
    found = []
    for row in similar:
        best = [_best(row, np.flatnonzero(known.codes == c), most) for c in range(known.classes)]
        items = sorted(np.concatenate(best).tolist(), key=lambda item: -row[item])
        found.append([{"item": j, "code": int(known.codes[j]), "similarity": float(row[j])} for j in items])
    return found


def prototypes(hidden: Floats, count: int, *, gamma: float | None = None) -> list[int]:
    r"""Items that together stand for all: chosen greedily so that their distribution is closest (MMD).

    .. math:: \max_S \frac{2}{n |S|} \sum_{i, j \in S} k(x_i, x_j) - \frac{1}{|S|^2} \sum_{i, j \in S} k(x_i, x_j)

    with :math:`k(x, z) = \exp(-\gamma \lVert x - z \rVert^2)`; the first sum runs over all n items.

    Parameters
    ----------
    hidden : array of shape (n, width)
        Items of one class.
    count : int in [1, n]
    gamma : float > 0, or None
        None: one divided by the median squared distance.

    References
    ----------
    Kim, Khanna and Koyejo 2016, Examples are not enough, learn to criticize!, NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import prototypes
    >>> prototypes(np.array([[0.0], [0.1], [0.2], [5.0], [5.1]]), 2)
    [2, 3]
    """
    if not 1 <= count <= len(hidden):
        raise ParameterError(f"{count} of {len(hidden)} items are to be chosen; choose between 1 and all")
    squared = ((hidden[:, None] - hidden[None]) ** 2).sum(axis=-1) if len(hidden) < 500 else _distances(hidden)
    middle = float(np.median(squared[squared > 0])) if (squared > 0).any() else 1.0
    kernel = np.exp(-(1 / middle if gamma is None else gamma) * squared)
    mean, chosen = kernel.mean(axis=1), list[int]()
    inside = np.zeros(len(hidden))
    between = 0.0
    for size in range(1, count + 1):
        gain = 2 * (mean[chosen].sum() + mean) / size - (between + 2 * inside + kernel.diagonal()) / size**2
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        between += 2 * inside[best] + kernel[best, best]
        inside += kernel[best]
        chosen.append(best)
    return chosen


def _best(row: Array, items: Ints, most: int) -> Ints:
    return items[np.argsort(-row[items], kind="stable")[:most]]


def _distances(hidden: Floats) -> Floats:
    lengths = (hidden**2).sum(axis=1)
    return np.asarray(np.maximum(lengths[:, None] + lengths[None] - 2 * hidden @ hidden.T, 0.0))
