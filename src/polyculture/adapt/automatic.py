"""Several ways to adapt are tried, and one is chosen without target labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from polyculture.adapt.coral import coral
from polyculture.adapt.inputs import dense, sides
from polyculture.adapt.linear import Answer, Fit
from polyculture.adapt.selection import Scorer, Trial, choose, circular
from polyculture.adapt.self_training import self_train
from polyculture.adapt.transport import transport
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import ParameterError


@dataclass(frozen=True, eq=False)
class Adapted:
    """A model of the target, and the items as it sees them.

    Parameters
    ----------
    source, target : array or sparse array of shape (n, k) and (m, k)
        In the vectors that the model works on.
    model : callable
        Such vectors to probabilities.
    view : callable or None
        Later items to such vectors; None where they stay as they come.
    """

    source: Matrix
    target: Matrix
    model: Answer
    view: Callable[[Matrix], Matrix] | None = None

    def answer(self, X: Matrix) -> Floats:
        """Probabilities of later items of the target."""
        return self.model(self.seen(X))

    def seen(self, X: Matrix) -> Matrix:
        """Later items in the vectors that the model works on."""
        return X if self.view is None else self.view(X)


Method = Callable[[Fit, Matrix, Ints, Matrix], Adapted]
"""`fit`, the source's vectors, its classes (-1 where there is none) and the target's vectors to a model."""


@dataclass(frozen=True, eq=False)
class Automatic:
    """The chosen model, how it was found, and what each candidate scored.

    Parameters
    ----------
    name : str
    answer : callable
        Vectors of target items to probabilities.
    scores : dict of str to float
    """

    name: str
    answer: Answer
    scores: dict[str, float]


def without(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:
    """The model of the source as it is."""
    return Adapted(source, target, fit(source, y))


def by_coral(fit: Fit, source: Matrix, y: Ints, target: Matrix, *, ridge: float = 1.0) -> Adapted:
    """A model of source vectors that were given the target's mean and covariance.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import by_coral
    >>> from polyculture.adapt.linear import logistic
    >>> x, y = np.array([[-1.0], [-0.9], [0.9], [1.0]]), np.array([0, 0, 1, 1])
    >>> by_coral(partial(logistic, classes=2), x, y, x + 5).answer(x + 5).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    moved = coral(source, target, ridge=ridge)
    return Adapted(moved, dense(target), fit(moved, y), dense)


def by_transport(fit: Fit, source: Matrix, y: Ints, target: Matrix, *, entropy: float = 0.1) -> Adapted:
    """A model of source vectors that were transported to the target.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import by_transport
    >>> from polyculture.adapt.linear import logistic
    >>> x, y = np.array([[-1.0], [-0.9], [0.9], [1.0]]), np.array([0, 0, 1, 1])
    >>> by_transport(partial(logistic, classes=2), x, y, x + 5).answer(x + 5).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    moved = transport(source, y, target, entropy=entropy)
    return Adapted(moved, dense(target), fit(moved, y), dense)


def by_self_training(
    fit: Fit,
    source: Matrix,
    y: Ints,
    target: Matrix,
    *,
    share: float = 0.7,
    rounds: int = 5,
    as_in_source: bool = True,
    finish: float | None = None,
) -> Adapted:
    """A model that learns from its surest answers, in the proportions of the source's classes or in those it finds.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import by_self_training
    >>> from polyculture.adapt.linear import logistic
    >>> x, y = np.array([[-1.0], [-0.9], [0.9], [1.0]]), np.array([0, 0, 1, 1])
    >>> by_self_training(partial(logistic, classes=2), x, y, x + 0.5).answer(x + 0.5).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    known = "source" if as_in_source else None
    model = self_train(fit, source, y, target, share=share, rounds=rounds, proportions=known, finish=finish)
    return Adapted(source, target, model)


METHODS: dict[str, Method] = {
    "none": without,
    "coral": by_coral,
    "self_training": by_self_training,
    "self_training_free": partial(by_self_training, as_in_source=False),
}


def automatic(
    fit: Fit,
    source: Matrix,
    y: Array,
    target: Matrix,
    *,
    methods: Mapping[str, Method] | None = None,
    scorer: Scorer = circular,
    held_out: float = 0.25,
    margin: float = 0.0,
    seed: int = 0,
) -> Automatic:
    """Adapt in several ways, and keep the one that a criterion without target labels prefers.

    Every candidate adapts without the labels of the held-out part of the source, is judged there, and on what it
    answers for the target. The chosen one adapts once more with all labels. With one label a class nothing can be held
    out, and the first is taken.

    Parameters
    ----------
    fit : callable
        Vectors and classes to a model, such as :func:`polyculture.adapt.linear.logistic` with its classes filled in.
    source, target : array or sparse array of shape (n, d) and (m, d)
    y : array of int, shape (n,)
        Classes; -1 where there is none.
    methods : mapping of str to callable, or None
        Candidates; the first is kept in doubt. None: none, CORAL, and self-training in the proportions of the source
        or in those that are found.
    scorer : callable
        A trial to a number, higher is better; see :data:`polyculture.adapt.selection.SELECTORS`.
    held_out : float in (0, 1)
        Share of the labelled source items of each class.
    margin : float >= 0
        By how much another must be better than the first.
    seed : int
        Of the items that are held out.

    Returns
    -------
    Automatic

    Raises
    ------
    ShapeError, DataError
        If source, labels and target do not fit together, or hold values that are not finite.
    ParameterError
        If there is no method, or a parameter is out of its range.

    References
    ----------
    Lalou et al. 2024, SKADA-Bench, arXiv:2407.11676 (choosing without target labels).

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import automatic
    >>> from polyculture.adapt.linear import logistic
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(80, 2)), np.arange(80) % 2
    >>> x[:, 0] += 6 * y
    >>> found = automatic(partial(logistic, classes=2), x, y, x + [9.0, 0.0])
    >>> found.name
    'coral'
    """
    tried = METHODS if methods is None else methods
    if tried and not can_hold_out(y):
        name = next(iter(tried))
        return Automatic(name, tried[name](fit, *sides(source, y, target)).answer, {})
    found = trials(fit, source, y, target, tried, held_out=held_out, seed=seed)
    choice = choose(found, scorer, margin=margin)
    adapted = tried[choice.name](fit, *sides(source, y, target))
    return Automatic(choice.name, adapted.answer, choice.scores)


def can_hold_out(y: Array) -> bool:
    """Whether some class has two labelled items, so that one can be held out and the class still be learnt.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.automatic import can_hold_out
    >>> can_hold_out(np.array([0, 1, -1, -1])), can_hold_out(np.array([0, 1, 1]))
    (False, True)
    """
    codes = np.asarray(y)
    return bool(len(codes[codes >= 0]) > len(np.unique(codes[codes >= 0])))


def trials(
    fit: Fit,
    source: Matrix,
    y: Array,
    target: Matrix,
    methods: Mapping[str, Method],
    *,
    held_out: float = 0.25,
    seed: int = 0,
) -> dict[str, Trial]:
    """What each method gives when a part of the source is held out: what criteria look at.

    Parameters
    ----------
    fit, source, y, target, methods, held_out, seed
        As in :func:`automatic`.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.automatic import trials, without
    >>> from polyculture.adapt.linear import logistic
    >>> x, y = np.arange(8.0)[:, None], np.arange(8) % 2
    >>> found = trials(partial(logistic, classes=2), x, y, x, {"none": without})
    >>> found["none"].source_answers.shape, found["none"].target_answers.shape
    ((2, 2), (8, 2))
    """
    source, codes, target = sides(source, y, target)
    if not methods or not 0 < held_out < 1:
        raise ParameterError(f"There are {len(methods)} methods and held_out is {held_out}; pass one, and a share.")
    asked = _held_out(codes, held_out, seed)
    known = codes.copy()
    known[asked] = -1
    return {name: _trial(method, fit, source, codes, known, target) for name, method in methods.items()}


def _trial(method: Method, fit: Fit, source: Matrix, y: Ints, known: Ints, target: Matrix) -> Trial:
    found, asked = method(fit, source, known, target), np.flatnonzero((known < 0) & (y >= 0))
    own = found.source[asked]

    def back(classes: Ints) -> Floats:
        return method(fit, target, classes, source).answer(source[asked])

    return Trial(own, y[asked], found.target, found.model(own), found.model(found.target), back)


def _held_out(y: Ints, share: float, seed: int) -> Ints:
    """Some labelled items of each class, at least one of each that has two."""
    rng = np.random.RandomState(seed)
    kept = []
    for value in np.unique(y[y >= 0]):
        rows = rng.permutation(np.flatnonzero(y == value))
        kept.append(rows[: min(max(round(share * len(rows)), 1), len(rows) - 1)])
    return np.sort(np.concatenate(kept))
