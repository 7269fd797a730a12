"""Which items the models of a family fail on together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Ints, Mask
from polyculture.data.answers import Answers
from polyculture.measure.outcome.poisson_binomial import poisson_binomial

FAMILIES, ITEMS = 12, 30
"""Families, the largest first, and items of each that are told; all models stand before them."""
MODELS = 200
"""Most models whose failures are told item by item."""


def failing_together(
    answers: Answers, families: Sequence[Mapping[str, Any]], *, fewest: int = 1
) -> list[dict[str, Any]]:
    """For all models and for each family: how many of them fail on an item, and the items on which most do.

    Of items on which equally many fail, those come first on which fewest of the other models do: they tell most about
    the family. For all models the items are spread evenly from those on which most fail to those on which one does.
    Items that some of them did not answer are left out.

    Parameters
    ----------
    answers : Answers
        With labels.
    families : sequence of mapping
        ``models`` of each.
    fewest : int
        Items that all of them answered, below which nothing is told.

    Returns
    -------
    list of dict
        ``models``, ``items`` (how many), ``observed`` and ``expected`` shares of items on which 0, 1, ... of them fail
        (expected of independent models), and ``hardest``: ``item``, ``group``, ``failed``, ``others`` (share of the
        other models that fail, NaN without any), and ``by``, those that fail.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.auditing.failing import failing_together
    >>> from polyculture.data.answers import Answers
    >>> right = np.array([[True, True, True], [False, False, True], [True, True, False]])
    >>> found = failing_together(Answers(np.array(["x", "y", "z"]), ("a", "b", "c"), right), [{"models": ["a", "b"]}])
    >>> found[1]["hardest"][0]["item"], found[1]["observed"]
    ('y', [0.6666666666666666, 0.0, 0.3333333333333333])
    """
    assert answers.correct is not None  # noqa: S101 (asked only where labels are known)
    place = {name: i for i, name in enumerate(answers.models)}
    chosen = [list(range(len(place))), *([place[name] for name in each["models"]] for each in families[:FAMILIES])]
    return [_of(answers, ~answers.correct, np.array(models), fewest) for models in chosen]


def _of(answers: Answers, wrong: Mask, models: Ints, fewest: int) -> dict[str, Any]:
    rows = np.arange(len(wrong))
    if answers.answered is not None:
        rows = np.flatnonzero(answers.answered[:, models].all(axis=1))
    own = wrong[np.ix_(rows, models)]
    failed = own.sum(axis=1)
    found = {"models": [answers.models[i] for i in models], "items": len(rows), "observed": [], "expected": []}
    if len(rows) < fewest:
        return found | {"hardest": []}
    found["observed"] = (np.bincount(failed, minlength=len(models) + 1) / len(rows)).tolist()
    found["expected"] = poisson_binomial(own.mean(axis=0)).tolist()
    others = np.setdiff1d(np.arange(wrong.shape[1]), models)
    beside = wrong[np.ix_(rows, others)].mean(axis=1) if len(others) else np.full(len(rows), np.nan)
    order = np.lexsort((np.nan_to_num(beside), -failed))[: np.count_nonzero(failed)]
    if not len(others) and len(order) > ITEMS:
        order = order[np.linspace(0, len(order) - 1, ITEMS).astype(int)]
    told = order[:ITEMS].tolist() if len(models) <= MODELS else []
    return found | {
        "hardest": [
            {
                "item": str(answers.items[rows[i]]),
                "group": "" if answers.groups is None else str(answers.groups[rows[i]]),
                "failed": int(failed[i]),
                "others": float(beside[i]),
                "by": [answers.models[m] for m in models[own[i]]],
            }
            for i in told
        ]
    }
