"""How much a choice among models decides about single items: ambiguity and discrepancy."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ParameterError, ShapeError
from polyculture.measure.outcome.choices import choices
from polyculture.measure.outcome.sums import one_hot, option_range, portions, same_answers
from polyculture.measure.registry import measure

MARX = "Marx et al. 2020, arXiv:1909.06677"


def ambiguity_expected(predictions: Array) -> float:
    r"""Share of items that models do not agree on if their answers are independent of each other and of the item.

    .. math:: 1 - \sum_o \prod_j P_j(o)

    Parameters
    ----------
    predictions : array of shape (items, models)

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ShapeError, DataError
        See `ambiguity`.

    Examples
    --------
    >>> ambiguity_expected([[0, 0], [0, 1], [1, 0], [1, 1]])
    0.5
    """
    answers = _predictions(predictions)
    shares = np.stack([(answers == option).mean(axis=0) for option in np.unique(answers[answers >= 0])])
    return float(1 - shares.prod(axis=1).sum())


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("relabelling",),
    null=ambiguity_expected,
    cost="n m",
    paper=MARX,
)
def ambiguity(predictions: Array, *, baseline: int | None = None, size: int | None = None) -> float:
    r"""Share of items on which some model gives another answer than the others.

    .. math:: \frac{1}{n} \sum_i \max_h \mathbb 1[h(x_i) \ne h_0(x_i)]

    for a given baseline :math:`h_0`, usually the most accurate model; without one an item counts if any two models
    differ. It grows with the number of models, so groups are compared at equal `size`: the mean over all choices of so
    many models, in closed form.

    Parameters
    ----------
    predictions : array of shape (items, models)
        Answers as whole numbers; a negative one is no option and differs from every other.
    baseline : int, optional
        Position of the model that the others are held against.
    size : int, optional
        Number of models, 2 to m; the baseline is one of them. All by default.

    Returns
    -------
    float in [0, 1]; `ambiguity_expected` is what chance gives without a baseline.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If an answer is no whole number.
    ParameterError
        If there is no such baseline, or size is not between 2 and m.

    Examples
    --------
    >>> predictions = [[0, 0, 0], [1, 1, 2], [2, 2, 2], [0, 1, 2]]
    >>> ambiguity(predictions), round(ambiguity(predictions, size=2), 3)
    (0.5, 0.417)
    """
    answers = _predictions(predictions)
    m = answers.shape[1]
    drawn = model_count(size, m)
    if baseline is not None:
        agreeing = (~_differ(answers, baseline)).sum(axis=1)
        return float(1 - _chosen_within(agreeing, m - 1, drawn - 1).mean())
    if m == 1:
        return 0.0
    options = option_range(answers)
    return float(1 - sum(_unanimous(some, options, drawn) for some in portions(answers, m, options)) / len(answers))


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("relabelling",),
    null=None,
    cost="n m²",
    paper=MARX,
)
def discrepancy(
    predictions: Array,
    *,
    baseline: int | None = None,
    size: int | None = None,
    samples: int = 200,
    seed: int = 0,
) -> float:
    r"""Largest share of items whose answer changes when one model takes the place of another.

    .. math:: \max_h \frac{1}{n} \sum_i \mathbb 1[h(x_i) \ne h_0(x_i)]

    for a given baseline :math:`h_0`; without one, the largest over all pairs. It grows with the number of models, so
    groups are compared at equal `size`: the mean over all choices of so many models, in closed form with a baseline,
    over random ones without.

    Parameters
    ----------
    predictions : array of shape (items, models)
        Answers as whole numbers; a negative one is no option and differs from every other.
    baseline : int, optional
        Position of the model that the others are held against.
    size : int, optional
        Number of models, 2 to m; the baseline is one of them. All by default.
    samples, seed : int
        Random choices of models, where they are needed.

    Returns
    -------
    float in [0, 1]; 0 for a single model.

    Raises
    ------
    ShapeError
        If it is no matrix or is empty.
    DataError
        If an answer is no whole number.
    ParameterError
        If there is no such baseline, or size is not between 2 and m.

    Examples
    --------
    >>> predictions = [[0, 0, 0], [1, 1, 2], [2, 2, 2], [0, 1, 2]]
    >>> discrepancy(predictions), discrepancy(predictions, baseline=0, size=2)
    (0.5, 0.375)
    """
    answers = _predictions(predictions)
    m = answers.shape[1]
    drawn = model_count(size, m)
    if baseline is not None:
        rates = np.sort(_differ(answers, baseline).mean(axis=0))
        # The largest of the drawn is the j-th smallest of all: those below it were drawn, and it was.
        within = _chosen_within(np.arange(m), m - 1, drawn - 1)
        return float(rates @ np.diff(within))
    differing = _differing(answers)
    if drawn == m:
        return float(differing.max())
    rng = np.random.default_rng(seed)
    groups = (rng.choice(m, drawn, replace=False) for _ in range(samples))
    return float(np.mean([differing[np.ix_(group, group)].max() for group in groups]))


def most_accurate(predictions: Array, labels: Array) -> int:
    """Position of the model with the most right answers, the usual baseline; the first of several.

    Parameters
    ----------
    predictions : array of shape (items, models)
    labels : array of shape (items,)

    Returns
    -------
    int

    Raises
    ------
    ShapeError
        If there is not one label for each item.
    DataError
        If an answer or a label is no whole number.

    Examples
    --------
    >>> most_accurate([[0, 1], [1, 1]], [1, 1])
    1
    """
    answers, truth = _predictions(predictions), choices(labels, "labels")
    if truth.shape != answers.shape[:1]:
        raise ShapeError(f"labels has shape {truth.shape}; pass one label for each of {len(answers)} items.")
    return int((answers == truth[:, None]).sum(axis=0).argmax())


def model_count(size: int | None, m: int) -> int:
    """How many of m models are meant by `size`."""
    if size is not None and not 2 <= size <= m:
        raise ParameterError(f"size is {size}; pass a number of models from 2 to {m}.")
    return m if size is None else size


def _predictions(values: Array) -> Ints:
    answers = choices(values, "predictions")
    if answers.ndim != 2:
        raise ShapeError(
            f"predictions has shape {answers.shape}; pass one row for each item, one column for each model."
        )
    return answers


def _unanimous(answers: Ints, options: int, drawn: int) -> float:
    """Sum over items of the probability that so many models, drawn at random, all give the same answer."""
    hot, _, _ = one_hot(answers, np.asarray(answers >= 0), options)
    return float(_chosen_within(hot.sum(axis=1), answers.shape[1], drawn).sum())


def _differ(answers: Ints, baseline: int) -> Mask:
    """Where the models beside the baseline answer otherwise, (items, models - 1)."""
    if not 0 <= baseline < answers.shape[1]:
        raise ParameterError(f"baseline is {baseline}; pass the position of one of {answers.shape[1]} models, from 0.")
    given = answers[:, [baseline]]
    return np.asarray((np.delete(answers, baseline, axis=1) != given) | (given < 0))


def _differing(answers: Ints) -> Floats:
    """Share of items on which the models of each pair differ."""
    n = len(answers)
    differing = (n - same_answers(answers, None, np.arange(n))["same"]) / n
    np.fill_diagonal(differing, 0)
    return np.asarray(differing)


def _chosen_within(counts: Array, m: int, drawn: int) -> Floats:
    """Probability that all models drawn from m are among so many."""
    inside = np.maximum(counts, drawn)
    logarithm = gammaln(inside + 1) - gammaln(inside - drawn + 1) - gammaln(m + 1) + gammaln(m - drawn + 1)
    return np.where(counts < drawn, 0, np.exp(logarithm))
