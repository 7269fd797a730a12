"""Self-training: a model teaches itself with its surest answers to the target's items."""

from __future__ import annotations

import numpy as np

from polyculture.adapt.inputs import codes, distributions, stacked, two_samples
from polyculture.adapt.inputs import proportions as shares_of
from polyculture.adapt.linear import Answer, Fit
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.graph import Edges, Propagation


def pseudo_labels(answers: Array, *, share: float = 0.5, proportions: Array | None = None) -> Ints:
    r"""The class of the surest items of each class, and -1 for the others.

    Class k is given :math:`\lfloor \sigma m q_k \rceil` items, those with the largest :math:`p_{ik}`: no class can
    crowd out the others because the model is surer of it.

    Parameters
    ----------
    answers : array of shape (m, classes)
        Probabilities.
    share : float in (0, 1]
        Of the items, :math:`\sigma`.
    proportions : array of shape (classes,), or None
        What part each class has, :math:`q`; None: as often as it is the likeliest one, and of these items alone.

    Returns
    -------
    array of int, shape (m,)
        An item that two classes ask for goes to the likelier, and of the equally sure the first are taken.

    Raises
    ------
    ParameterError
        If `share` is out of range.
    ShapeError
        If there is not one proportion a class.

    References
    ----------
    Zou et al. 2018, Unsupervised domain adaptation via class-balanced self-training, arXiv:1810.07911.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.self_training import pseudo_labels
    >>> pseudo_labels(np.array([[0.9, 0.1], [0.6, 0.4], [0.45, 0.55], [0.2, 0.8]]), share=0.5)
    array([ 0, -1, -1,  1])
    """
    p = distributions(answers)
    if not 0 < share <= 1:
        raise ParameterError(f"share is {share}; pass a number above 0 and at most 1.")
    m, classes = p.shape
    likeliest = p.argmax(axis=1)
    q = np.bincount(likeliest, minlength=classes) / m if proportions is None else np.asarray(proportions, dtype=float)
    if q.shape != (classes,):
        raise ShapeError(f"proportions has shape {q.shape}; pass one number for each of the {classes} classes.")
    asked = p if proportions is not None else np.where(likeliest[:, None] == np.arange(classes), p, -1)
    wanted = np.full(p.shape, -1.0)
    for k, count in enumerate(np.rint(share * m * q / q.sum()).astype(int)):
        sure = np.argsort(-asked[:, k], kind="stable")[:count]
        wanted[sure, k] = p[sure, k]
    return np.asarray(np.where(wanted.max(axis=1) >= 0, wanted.argmax(axis=1), -1))


def smoothed(answers: Floats, edges: Edges, *, hops: int = 8, alpha: float = 0.1) -> Floats:
    """Answers mixed with those of neighbours by personalised PageRank; they stay distributions.

    Parameters
    ----------
    answers : array of shape (m, classes)
    edges : CSR array or Bipartite of shape (m, m)
        See :func:`polyculture.features.graph.build_graph`.
    hops : int >= 0
    alpha : float in [0, 1]
        Share of an item's own answer.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.self_training import smoothed
    >>> from polyculture.features.graph import given
    >>> smoothed(np.array([[1.0, 0.0], [0.5, 0.5]]), given(np.array([[0, 1], [1, 0]])), hops=1, alpha=0.5)
    array([[0.75, 0.25],
           [0.75, 0.25]])
    """
    spread = Propagation("appnp", hops=hops, alpha=alpha).fit_transform(answers, edges).astype(np.float64)
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))


def self_train(
    fit: Fit,
    source: Matrix,
    y: Array,
    target: Matrix,
    *,
    rounds: int = 5,
    share: float = 0.7,
    proportions: Array | str | None = None,
    edges: Edges | None = None,
    hops: int = 8,
    soft: bool = False,
    finish: float | None = None,
) -> Answer:
    r"""A model of the source and of the target's items that it was surest of, learnt again in each round.

    Each round answers all of the target, spreads the answers over the target's graph where there is one, keeps the
    surest of every class, and learns from the source and these together.

    It sharpens what the model knows. Where most of the surest answers are wrong, as where a class lies in the target
    where another lies in the source, it makes them worse, and surer.

    Parameters
    ----------
    fit : callable
        Vectors and classes, or probabilities where `soft`, to a model; such as
        :func:`polyculture.adapt.linear.logistic` with its classes filled in.
    source, target : array or sparse array of shape (n, d) and (m, d)
    y : array of int, shape (n,)
        Classes; -1 where there is none.
    rounds : int >= 0
        0 is the model of the source.
    share, proportions
        As in :func:`pseudo_labels`; ``"source"`` for those of the source's classes.
    edges : CSR array or Bipartite of shape (m, m), or None
        The target's graph.
    hops : int >= 0
        How far answers spread over it.
    soft : bool
        Learn from the probabilities of the items that are kept, not from their classes. Without a graph that changes
        little: they are what the model says already.
    finish : float in (0, 1], or None
        After the rounds a last model learns from the target alone, from this share of its items: what only holds in
        the source is left behind. None for none.

    Returns
    -------
    callable
        Vectors to probabilities.

    Raises
    ------
    ShapeError, DataError
        If source, labels and target do not fit together, or hold values that are not finite.
    ParameterError
        If `rounds` is below 0 or `share` out of range.

    References
    ----------
    Yarowsky 1995, Unsupervised word sense disambiguation rivaling supervised methods, ACL; Zou et al. 2018,
    arXiv:1810.07911 (balance); Zou et al. 2019, arXiv:1908.09822 (soft labels);
    Saito, Ushiku & Harada 2017, arXiv:1702.08400 (a last model of the target alone).

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.adapt.self_training import self_train
    >>> x, y = np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])
    >>> model = self_train(partial(logistic, classes=2), x, y, np.array([[-1.0, -5.0], [1.0, 5.0]]), share=1)
    >>> model(np.array([[0.0, 3.0]])).argmax(axis=1)
    array([1])
    """
    source, target = two_samples(source, target)
    y = codes(y, source.shape[0])
    if rounds < 0 or (isinstance(proportions, str) and proportions != "source"):
        raise ParameterError(
            f"rounds is {rounds} and proportions {proportions!r}; pass 0 or more, and 'source' or None."
        )
    labelled = np.flatnonzero(y >= 0)
    model = fit(source[labelled], y[labelled])

    def surest(part: float) -> tuple[Ints, Array]:
        """Rows of the target and what the model takes them for."""
        answers = model(target) if edges is None else smoothed(model(target), edges, hops=hops)
        known = shares_of(y, answers.shape[1]) if isinstance(proportions, str) else proportions
        found = pseudo_labels(answers, share=part, proportions=known)
        rows = np.flatnonzero(found >= 0)
        return rows, answers[rows] if soft else found[rows]

    for _ in range(rounds):
        rows, goal = surest(share)
        own = np.eye(goal.shape[1])[y[labelled]] if soft else y[labelled]
        model = fit(stacked(source[labelled], target[rows]), np.concatenate([own, goal]))
    if finish is not None:
        rows, goal = surest(finish)
        model = fit(target[rows], goal)
    return model
