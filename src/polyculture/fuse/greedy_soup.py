"""Greedy soup: an expert joins the average if held-out items do not suffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.fuse.average import average
from polyculture.fuse.weights import Weights, check_experts


def greedy_soup(
    base: Weights, experts: Sequence[Weights], *, score: Callable[[dict[str, Array]], float]
) -> dict[str, Array]:
    """Average of those experts that each raise, or keep, the score on held-out items.

    Experts are tried from the best alone to the worst; one stays if the average with it scores no lower than without.
    What comes out is, on the items that `score` looks at, no worse than the best expert.

    Parameters
    ----------
    base : mapping of name to array
        Only its names, shapes and types matter here.
    experts : sequence of such mappings
    score : function of weights to float
        Larger is better; called up to 2 · experts - 1 times. Give it items that no expert was trained on, and none that
        the result will be judged by.

    Raises
    ------
    ParameterError
        If a score is no number, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    References
    ----------
    Wortsman et al. 2022, arXiv:2203.05482.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.greedy_soup import greedy_soup
    >>> experts = [{"w": np.array([w])} for w in (1.0, 4.0, 20.0)]
    >>> greedy_soup({"w": np.zeros(1)}, experts, score=lambda weights: -abs(weights["w"][0] - 2.6))
    {'w': array([2.5])}
    """
    check_experts(base, experts)
    alone = [_scored(score, average(base, [expert])) for expert in experts]
    ranked = sorted(range(len(experts)), key=lambda place: -alone[place])
    chosen, best = [ranked[0]], alone[ranked[0]]
    for place in ranked[1:]:
        found = _scored(score, average(base, [experts[i] for i in (*chosen, place)]))
        if found >= best:
            chosen, best = [*chosen, place], found
    return average(base, [experts[i] for i in chosen])


def _scored(score: Callable[[dict[str, Array]], float], weights: dict[str, Array]) -> float:
    found = float(score(weights))
    if np.isnan(found):
        raise ParameterError("the score of an average is no number; let score give one for every set of weights")
    return found
