"""What is found of each class: sensitivity, specificity and precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from polyculture.arrays import Array, Ints, Mask


def by_class(truth: Ints, predicted: Ints, domain: Array, names: Sequence[Any]) -> dict[str, dict[str, Any]]:
    r"""Rates of each class against all others, in per cent, with Wilson's 95 % interval over items of all domains.

    .. math:: \text{sensitivity} = \frac{TP}{TP + FN}, \quad \text{specificity} = \frac{TN}{TN + FP}, \quad
        \text{precision} = \frac{TP}{TP + FP}

    Parameters
    ----------
    truth, predicted : array of int, shape (n,)
        Positions in `names`. Leave items without a label out: a truth of -1 is counted as an item of another class.
    domain : array of str, shape (n,)
    names : sequence
        Of the classes, which must differ as strings: of 1 and "1" the latter alone is in what is returned.

    Returns
    -------
    dict of class to dict
        By the class as a string:
        ``items``, the three rates (``estimate``, ``low``, ``high``; NaN where nothing is to be counted), and ``worst``:
        the smallest sensitivity in a domain that has the class, with the domain's name.

    References
    ----------
    Wilson 1927, JASA 22:209-212.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.evaluation.classes import by_class
    >>> truth, found = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    >>> rates = by_class(truth, found, np.repeat("a", 5), ["well", "ill"])["ill"]
    >>> [round(rates[name]["estimate"], 1) for name in ("sensitivity", "specificity", "precision")]
    [66.7, 50.0, 66.7]
    """
    return {str(name): _rates(truth == code, predicted == code, domain) for code, name in enumerate(names)}


def _rates(is_it: Mask, said: Mask, domain: Array) -> dict[str, Any]:
    counted = {"sensitivity": (said, is_it), "specificity": (~said, ~is_it), "precision": (is_it, said)}
    rates = {name: _share(int((right & of).sum()), int(of.sum())) for name, (right, of) in counted.items()}
    return {"items": int(is_it.sum()), **rates, "worst": _worst(is_it, said, domain)}


def _share(right: int, count: int) -> dict[str, float]:
    if not count:
        return dict.fromkeys(("estimate", "low", "high"), float("nan"))
    ends = binomtest(right, count).proportion_ci(method="wilson")
    return {"estimate": 100 * right / count, "low": 100 * float(ends.low), "high": 100 * float(ends.high)}


def _worst(is_it: Mask, said: Mask, domain: Array) -> dict[str, Any]:
    """The domain in which least of the class is found."""
    found = {name: 100 * float(np.mean(said[is_it & (domain == name)])) for name in sorted(set(domain[is_it].tolist()))}
    if not found:
        return {"domain": None, "sensitivity": float("nan")}
    name = min(found, key=lambda each: found[each])
    return {"domain": str(name), "sensitivity": found[name]}
