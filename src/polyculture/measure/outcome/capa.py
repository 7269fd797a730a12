"""How alike the answers of two models are, beyond what their accuracies imply."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.measure.checks import same_rows
from polyculture.measure.outcome.choices import choices, distributions, spread_of
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


class _Pair(NamedTuple):
    same: Floats  # (n,): probability of the same answer
    right: tuple[Floats, Floats]  # (n,) each: probability of the right answer
    spread: Floats  # (n,): 1 / (options - 1)


@measure(
    bounds=(-np.inf, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("relabelling",),
    null=0.0,
    cost="n",
    paper="Goel et al. 2025, arXiv:2502.04313",
)
def capa(a: Array, b: Array, labels: Array, *, options: int | Array | None = None) -> float:
    r"""Chance-adjusted agreement of two models' answers, which tells different mistakes from the same ones (CAPA).

    .. math::
        \kappa_p = \frac{c_{obs} - c_{exp}}{1 - c_{exp}}, \qquad
        c_{obs} = \frac{1}{n} \sum_x \sum_o p_a(o) \, p_b(o), \qquad
        c_{exp} = \bar p_a \bar p_b + (1 - \bar p_a)(1 - \bar p_b) \frac{1}{n} \sum_x \frac{1}{|O_x| - 1}

    with :math:`\bar p` the mean probability of the right answer. Answers count as probabilities of 0 and 1. What is not
    given to the right answer is expected to spread evenly over the others.

    Parameters
    ----------
    a, b : arrays of shape (items,) or (items, options)
        Answers as positions of options, negative for one that is no option: wrong, and the same as no other. Or, for
        both models, probabilities; rows sum to 1 within one per cent and are divided by their sum.
    labels : array of shape (items,)
        Position of the right answer.
    options : int or array of shape (items,), optional
        Options that each item offers; by default the columns of probabilities, or the different answers that occur.
        That default changes what is expected with which answers happen to occur, so that values of different pairs or
        samples do not compare: pass the options where they are known.

    Returns
    -------
    float in (-inf, 1]; 0 is expected by chance. Answers and probabilities of the options alone keep it at -1 or above,
    answers outside the options, the same as no other, can bring it lower. Probabilities that are not all 0 or 1 keep it
    below 1, even of a model with itself. NaN where chance makes all answers the same, as for two models that are always
    right.

    Raises
    ------
    ShapeError
        If arrays differ in items, are empty, or one holds answers and the other probabilities.
    DataError
        If an answer is no whole number, a row is no distribution, or a label is no option.

    Examples
    --------
    >>> labels = [0, 0, 0, 0]
    >>> capa([0, 0, 1, 1], [0, 0, 1, 1], labels), round(capa([0, 0, 1, 1], [0, 0, 1, 2], labels), 2)
    (1.0, 0.6)
    """
    pair = _pair(a, b, labels, options)
    right_a, right_b = (float(right.mean()) for right in pair.right)
    expected = right_a * right_b + (1 - right_a) * (1 - right_b) * float(pair.spread.mean())
    return float(defined_ratio(np.array(pair.same.mean() - expected), np.array(1 - expected)))


def agreement_both_wrong_expected(a: Array, b: Array, labels: Array, *, options: int | Array | None = None) -> float:
    r"""Share of the same answer where two models are both wrong, if wrong answers spread evenly over the options.

    .. math:: \frac{1}{|W|} \sum_{x \in W} \frac{1}{|O_x| - 1}

    Some wrong answers tempt every model, so that real models are above it without having anything else in common. With
    more than two models, `outcome_pairs` has the better null: how often models outside the pair agree on these items.

    Parameters
    ----------
    a, b, labels, options
        See `agreement_both_wrong`.

    Returns
    -------
    float in [0, 1]; NaN if no item defeats both models.

    Raises
    ------
    ShapeError, DataError
        See `agreement_both_wrong`.

    Examples
    --------
    >>> agreement_both_wrong_expected([1, 1, 0], [2, 1, 0], [0, 0, 0], options=5)
    0.25
    """
    pair = _pair(_answers(a, "a"), _answers(b, "b"), labels, options)
    return _mean(pair.spread, _both_wrong(pair))


@measure(
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("relabelling",),
    null=agreement_both_wrong_expected,
    cost="n",
    paper="Kim et al. 2025, arXiv:2506.07962",
)
def agreement_both_wrong(a: Array, b: Array, labels: Array, *, options: int | Array | None = None) -> float:
    r"""Share of the same answer among the items that two models are both wrong on.

    .. math:: P(y_a = y_b \mid y_a \ne y, \; y_b \ne y)

    Parameters
    ----------
    a, b : arrays of shape (items,)
        Answers as positions of options, negative for one that is no option: wrong, and the same as no other.
    labels : array of shape (items,)
        Position of the right answer.
    options : int or array of shape (items,), optional
        Options that each item offers, which decide what is expected; by default the different answers that occur.

    Returns
    -------
    float in [0, 1]; `agreement_both_wrong_expected` is what chance gives. NaN if no item defeats both models.

    Raises
    ------
    ShapeError
        If arrays differ in items, are empty, or are no vectors.
    DataError
        If an answer is no whole number, or a label is no option.

    Examples
    --------
    >>> agreement_both_wrong([1, 1, 0, 2], [2, 1, 0, 2], [0, 0, 0, 1])
    0.6666666666666666
    """
    pair = _pair(_answers(a, "a"), _answers(b, "b"), labels, options)
    return _mean(pair.same, _both_wrong(pair))


def _pair(a: Array, b: Array, labels: Array, options: int | Array | None) -> _Pair:
    truth = _answers(labels, "labels")
    if np.ndim(a) != np.ndim(b):
        raise ShapeError(f"a has {np.ndim(a)} axes and b has {np.ndim(b)}; pass answers for both, or probabilities.")
    same_rows(np.asarray(a), np.asarray(b), truth, names=("a", "b", "labels"))
    if truth.min() < 0:
        raise DataError(f"labels holds {truth.min()} in row {int(truth.argmin())}; drop the items without a label.")
    same, right, width = (_of_probabilities if np.ndim(a) == 2 else _of_answers)(a, b, truth)
    return _Pair(same, right, spread_of(width if options is None else options, len(truth)))


def _of_answers(a: Array, b: Array, truth: Ints) -> tuple[Floats, tuple[Floats, Floats], int]:
    first, second = _answers(a, "a"), _answers(b, "b")
    same = (first == second) & (first >= 0)
    occurring = np.unique(np.concatenate([first, second, truth]))
    return same * 1.0, ((first == truth) * 1.0, (second == truth) * 1.0), max(2, int((occurring >= 0).sum()))


def _of_probabilities(a: Array, b: Array, truth: Ints) -> tuple[Floats, tuple[Floats, Floats], int]:
    first, second = distributions(a, "a"), distributions(b, "b")
    if first.shape != second.shape:
        raise ShapeError(f"a has shape {first.shape} and b {second.shape}; both need a column for each option.")
    if truth.max() >= first.shape[1]:
        raise DataError(f"labels holds {truth.max()}, but there are {first.shape[1]} options; count them from 0.")
    rows = np.arange(len(truth))
    return (first * second).sum(axis=1), (first[rows, truth], second[rows, truth]), first.shape[1]


def _answers(values: Array, name: str) -> Ints:
    answers = choices(values, name)
    if answers.ndim != 1:
        raise ShapeError(f"{name} has shape {answers.shape}; pass one answer for each item, a vector.")
    return answers


def _both_wrong(pair: _Pair) -> Mask:
    return np.asarray((pair.right[0] == 0) & (pair.right[1] == 0))


def _mean(values: Floats, where: Mask) -> float:
    return float(values[where].mean()) if where.any() else float("nan")
