"""Self-training of a committee for texts: terms as they are given, and terms by how they tell the classes apart."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import normalize

from polyculture.adapt.automatic import Adapted, by_self_training
from polyculture.adapt.committee import committee, seen_through
from polyculture.adapt.denoising import denoising
from polyculture.adapt.inputs import stacked
from polyculture.adapt.linear import Fit
from polyculture.adapt.ratio_weighted import ratio_weighted
from polyculture.arrays import Array, Ints, Matrix


def by_term_committee(
    fit: Fit,
    source: Matrix,
    y: Ints,
    target: Matrix,
    *,
    share: float = 0.7,
    rounds: int = 5,
    as_in_source: bool = True,
    denoised: bool = False,
) -> Adapted:
    """A committee that learns from its surest answers, as a method for :func:`polyculture.adapt.automatic.automatic`.

    One member sees the terms as they come, one whether they occur, weighted by naive Bayes' ratio of what is labelled
    so far. The first knows how much a word says, the second which words say anything in the target.

    Parameters
    ----------
    fit : callable
        Vectors and classes to a model, such as :func:`polyculture.adapt.linear.logistic` with its classes filled in.
    source, target : sparse array of shape (n, d) and (m, d)
        Weights of terms, 0 where a term does not occur; rows of length 1 suit both members.
    y : array of int, shape (n,)
        Classes; -1 where there is none.
    share, rounds
        As in :func:`polyculture.adapt.self_training.self_train`.
    as_in_source : bool
        Pseudo-labels in the proportions of the source's classes, or in those that are found.
    denoised : bool
        A third member sees what :func:`polyculture.adapt.denoising.denoising` guesses from the terms. It helps where
        nothing else is learnt from the target (`rounds` 0), adds little to self-training, and takes most of the time.

    Returns
    -------
    Adapted

    Examples
    --------
    "Dull" means bad in both, "leaks" only in the target: it is learnt from the items that hold both.

    >>> import numpy as np, scipy.sparse as sp
    >>> from functools import partial
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.adapt.term_committee import by_term_committee
    >>> source = sp.csr_array(np.array([[1.0, 0, 0], [0, 1, 0]] * 4))
    >>> target = sp.csr_array(np.array([[1.0, 0, 1], [0, 1, 0]] * 4))
    >>> found = by_term_committee(partial(logistic, classes=2), source, np.array([0, 1] * 4), target)
    >>> found.answer(sp.csr_array(np.array([[0.0, 0, 1]]))).argmax(axis=1)
    array([0])
    """
    members = [fit, ratio_weighted(fit)]
    if denoised:
        members.append(_denoised(fit, stacked(source, target)))
    return by_self_training(
        committee(members), source, y, target, share=share, rounds=rounds, as_in_source=as_in_source
    )


def _denoised(fit: Fit, items: Matrix) -> Fit:
    """A fit on the guesses of frequent terms, rows of length 1."""
    guesses = denoising(_occurs(items), blocks=min(5, items.shape[1]))

    def view(X: Matrix) -> Array:
        return np.asarray(normalize(guesses(_occurs(X))))

    return seen_through(view, fit)


def _occurs(X: Matrix) -> Matrix:
    found = X != 0
    return found.astype(float)
