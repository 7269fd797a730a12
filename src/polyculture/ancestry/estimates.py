"""A number, what undeclared parents leave open for it, and what other models of the ecosystem would have given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polyculture.arrays import Floats, Mask
from polyculture.measure.ancestry import mass_bounds
from polyculture.measure.inference.interval import Interval

MEANING = {
    "estimate": "the ancestry that is declared, every model without a declared parent taken for a root",
    "low, high": (
        "bounds: all that is possible if each model that declares no parent, and does not say that it has none, is a "
        "root or descends from one other root; they do not shrink with more models, only with more declarations; what "
        "is declared stands at one end of them, as a parent that is not declared can only join roots"
    ),
    "named": "the same bounds if models that others name as their parent are taken for roots where they declare none",
    "interval": (
        "what other models, drawn at random from the same ecosystem, would have given; it shrinks with more models and "
        "knows nothing of undeclared parents"
    ),
    "kinship": (
        "high is the value if every model of unknown parents were a child of the largest root; it is no proof that "
        "there is no higher one"
    ),
    "depth": "models may stand deeper than is declared without limit; the JSON tells how deep if all that is unknown "
    "were children of the largest root",
}
"""What the parts of every estimate stand for."""


def estimate(value: float, low: float, high: float, **further: Any) -> dict[str, Any]:
    """An estimate and its bounds as plain values."""
    return {"estimate": float(value), "low": float(low), "high": float(high), **further}


def ends(found: Interval) -> dict[str, float]:
    """The ends of an interval as plain values."""
    return {"low": found.low, "high": found.high}


def inverse(of: dict[str, Any], factor: float = 1.0) -> dict[str, Any]:
    """One over an estimate (times a factor), with its bounds turned round.

    Examples
    --------
    >>> inverse({"estimate": 0.25, "low": 0.2, "high": 0.5})
    {'estimate': 4.0, 'low': 2.0, 'high': 5.0}
    """

    def over(value: float) -> float:
        return float("inf") if value == 0 else 1 / (factor * value)

    turned: dict[str, Any] = {"estimate": over(of["estimate"]), "low": over(of["high"]), "high": over(of["low"])}
    for name in ("named", "interval"):
        if name in of:
            turned[name] = {"low": over(of[name]["high"]), "high": over(of[name]["low"])}
    return turned


def of_shares(
    statistic: Callable[[Floats], Floats | float], shares: Floats, free: Mask, unnamed: Mask
) -> dict[str, Any]:
    """A number of the shares of roots with both kinds of bounds."""
    wide, narrow = mass_bounds(statistic, shares, free), mass_bounds(statistic, shares, unnamed)
    return estimate(float(statistic(shares)), *wide, named={"low": narrow.low, "high": narrow.high})
