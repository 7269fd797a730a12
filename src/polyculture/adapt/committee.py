"""A committee: models that see the same items in different ways answer, and learn, as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyculture.adapt.linear import Answer, Fit
from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import ParameterError

View = Callable[[Matrix], Matrix]
"""Items to the vectors that a model sees."""


def seen_through(view: View, fit: Fit) -> Fit:
    """A way to fit that looks at items through a view, when it learns and when it answers.

    Parameters
    ----------
    view : callable
        Items (n, d) to vectors (n, k), such as :class:`polyculture.adapt.denoising.Denoising`.
    fit : callable
        Vectors and classes to a model.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.committee import seen_through
    >>> from polyculture.adapt.linear import logistic
    >>> fit = seen_through(np.abs, partial(logistic, classes=2))
    >>> fit(np.array([[-2.0], [0.0]]), np.array([1, 0]))(np.array([[3.0], [-3.0]])).argmax(axis=1)
    array([1, 1])
    """

    def through(X: Matrix, y: Array) -> Answer:
        model = fit(view(X), y)
        return lambda asked: model(view(asked))

    return through


def committee(members: Sequence[Fit]) -> Fit:
    r"""A way to fit several models and answer with the mean of their probabilities.

    .. math:: p(k \mid x) = \frac{1}{M} \sum_m p_m(k \mid x)

    In :func:`polyculture.adapt.self_training.self_train` the members teach one another: the surest items are those that
    they agree on, and each learns the labels that the others saw reasons for. It helps as far as they err differently.

    Parameters
    ----------
    members : sequence of callable
        Vectors and classes to a model each; see :func:`seen_through` for members with vectors of their own.

    Returns
    -------
    callable
        Vectors and classes to one model.

    Raises
    ------
    ParameterError
        If there is no member.

    References
    ----------
    Blum & Mitchell 1998, Combining labeled and unlabeled data with co-training, COLT; Zhou & Li 2005, Tri-training,
    IEEE TKDE 17(11) (learning from what others agree on).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.committee import committee
    >>> sure = lambda p: lambda X, y: lambda asked: np.tile([1 - p, p], (len(asked), 1))
    >>> committee([sure(1.0), sure(0.5)])(np.zeros((1, 1)), np.zeros(1))(np.zeros((1, 1)))
    array([[0.25, 0.75]])
    """
    if not members:
        raise ParameterError("There is no member; pass at least one way to fit.")

    def together(X: Matrix, y: Array) -> Answer:
        models = [fit(X, y) for fit in members]

        def answer(asked: Matrix) -> Floats:
            return np.asarray(np.mean([model(asked) for model in models], axis=0))

        return answer

    return together
