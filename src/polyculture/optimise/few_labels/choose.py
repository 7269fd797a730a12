"""One of all methods for few labels, chosen on labelled items that are held out in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.optimise.few_labels import FEW_LABELS, method_named
from polyculture.optimise.few_labels.chosen import Beside, Chosen
from polyculture.optimise.few_labels.held_out import folds_of, held_out_losses
from polyculture.optimise.few_labels.inputs import distributions, finite, labelled

IN_DOUBT = "as_it_is"
MOST_BESIDE = 500

Tried = tuple[str, Mapping[str, float], Floats]
"""A method, its settings, and the loss of each item when it is held out."""


def choose(
    support: Array,
    y: Array,
    prior: Array,
    *,
    methods: Sequence[str] | None = None,
    unlabelled: Array | None = None,
    unlabelled_prior: Array | None = None,
    doubt: float = 2.0,
    folds: int = 10,
    seed: int = 0,
) -> Chosen:
    r"""The method and setting with the smallest cross-entropy on labelled items that are held out in turn.

    Up to `folds` items are left out one at a time, more of them in so many parts with all classes in each. If
    ``"as_it_is"`` is among the methods, another is taken only where it is surely better:

    .. math:: \bar\delta > \gamma\, \hat\sigma(\delta) / \sqrt n, \qquad \delta_i = \ell_i^{\text{as is}} - \ell_i

    Where no class has two labelled items nothing can be held out and still be like what is left, and the first of
    ``"logistic_head"``, ``"as_it_is"`` and the methods that were given is taken at its default setting.

    Parameters
    ----------
    support : array of shape (n, d)
        Vectors of the labelled items.
    y : array of int, shape (n,)
        Their classes, from 0.
    prior : array of shape (n, classes)
        The model's own probabilities for them.
    methods : sequence of str, or None
        Of :data:`~polyculture.optimise.few_labels.FEW_LABELS`. None: all, the transductive ones only with unlabelled
        items, as their answers would else depend on what happens to be asked together.
    unlabelled, unlabelled_prior : array of shape (u, d) and (u, classes), or None
        Items of the same domain without labels; of more than 500, as many drawn at random. Transductive methods are
        judged, and later asked, together with these.
    doubt : float >= 0
        :math:`\gamma`.
    folds : int >= 2
    seed : int
        Of the folds and the draw.

    Returns
    -------
    Chosen

    Raises
    ------
    ShapeError, DataError
        If the arrays do not fit together.
    ParameterError
        If a method is not known, or a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.choose import choose
    >>> rng = np.random.default_rng(0)
    >>> y, wrong = np.array([0, 1] * 10), np.array([[0.2, 0.8], [0.8, 0.2]] * 10)
    >>> x = rng.normal(size=(20, 2)) + 4 * y[:, None]
    >>> found = choose(x, y, wrong)
    >>> found.name != "as_it_is", int(found.answers(np.array([[4.0, 4.0]]), wrong[:1]).argmax())
    (True, 1)
    """
    x, y, own = labelled(support, y, prior)
    if folds < 2 or not doubt >= 0:
        raise ParameterError(f"folds is {folds} and doubt {doubt}; use at least 2 folds, and a doubt from 0")
    beside = _beside(unlabelled, unlabelled_prior, x.shape[1], own.shape[1], seed)
    names = _names(methods, transductive=len(beside.vectors) > 0)
    if np.bincount(y).max() < 2:
        name = next(name for name in ("logistic_head", IN_DOUBT, *names) if name in names)
        return Chosen(name, {}, FEW_LABELS.load(name)(x, y, own), {}, beside)
    part = folds_of(y, folds, seed)
    tried = [_judged(name, x, y, own, part, beside) for name in names]
    name, settings, _ = _surest(tried, doubt)
    losses = {each: float(lost.mean()) for each, _, lost in tried}
    return Chosen(name, dict(settings), _fit(name, settings)(x, y, own), losses, beside)


def _names(methods: Sequence[str] | None, *, transductive: bool) -> list[str]:
    """The methods that are asked for, each known and once."""
    if methods is None:
        return [name for name in FEW_LABELS if transductive or not method_named(name).transductive]
    if not methods or isinstance(methods, str):
        raise ParameterError("methods must be a list that names at least one method")
    return [name for name in dict.fromkeys(methods) if method_named(name)]


def _judged(name: str, x: Floats, y: Ints, prior: Floats, part: Ints, beside: Beside) -> Tried:
    """A method at its best setting, and the loss of each item when it is held out."""
    tried = [
        (name, settings, held_out_losses(_fit(name, settings), x, y, prior, part, beside))
        for settings in method_named(name).tried
    ]
    return min(tried, key=lambda one: float(one[2].mean()))


def _fit(name: str, settings: Mapping[str, float]) -> Any:
    return partial(FEW_LABELS.load(name), **settings)


def _beside(unlabelled: Array | None, prior: Array | None, columns: int, classes: int, seed: int) -> Beside:
    """Unlabelled items, checked and not too many."""
    if unlabelled is None or prior is None:
        if unlabelled is not None or prior is not None:
            raise ParameterError("give unlabelled and unlabelled_prior together, or neither")
        return Beside(np.empty((0, columns)), np.empty((0, classes)))
    x = finite(unlabelled, "unlabelled")
    own = distributions(prior, len(x), "unlabelled_prior")
    drawn = np.sort(np.random.default_rng(seed).permutation(len(x))[:MOST_BESIDE])
    return Beside(x[drawn], own[drawn])


def _surest(tried: Sequence[Tried], doubt: float) -> Tried:
    """The smallest mean loss, unless the model as it is cannot surely be told from it."""
    best = min(tried, key=lambda one: float(one[2].mean()))
    asis = next((one for one in tried if one[0] == IN_DOUBT), None)
    if asis is None:
        return best
    gain = asis[2] - best[2]
    surely = float(gain.mean()) > doubt * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return best if surely else asis
