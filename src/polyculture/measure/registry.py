"""What is known about each measure, kept beside its code so that tests, tables and reports read it from one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from polyculture.errors import ParameterError

Null = float | Callable[..., float] | None
Kind = Literal["items", "counts", "two communities", "communities"]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Facts:
    """What a measure means, needs and promises.

    Parameters
    ----------
    name : str
        Name of the function, unique among measures.
    function : callable
        The measure itself.
    summary : str
        First line of its docstring.
    bounds : (float, float)
        Smallest and largest value that it can take.
    symmetric : bool
        Whether the order of the two arrays (or of the models or communities) does not matter.
    more_alike : {"higher", "lower"}
        Which direction means that the things compared are more alike.
    invariant_to : tuple of str
        Changes of the input that leave the value as it is; the order of the items or categories, always among them, is
        not listed.
    null : float, callable or None
        Expected value when only chance makes things alike: a number, or a function of the measure's own arguments.
    cost : str
        Operations needed, in n items, d features and m models, or in C communities and S categories.
    paper : str
        Where it comes from.
    kind : {"items", "counts", "two communities", "communities"}
        What its arrays hold: one row for each item; or, with any leading axes, the counts of categories of one
        community, of two, or of several that are rows of one array.
    """

    name: str
    function: Callable[..., Any]
    summary: str
    bounds: tuple[float, float]
    symmetric: bool
    more_alike: Literal["higher", "lower"]
    invariant_to: tuple[str, ...]
    null: Null
    cost: str
    paper: str
    kind: Kind = "items"

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what the measure cannot do without: its positional parameters that have no default."""
        known = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in known if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty)


MEASURES: dict[str, Facts] = {}


def measure(
    *,
    bounds: tuple[float, float],
    symmetric: bool,
    more_alike: Literal["higher", "lower"],
    invariant_to: tuple[str, ...],
    null: Null,
    cost: str,
    paper: str,
    kind: Kind = "items",
) -> Callable[[Function], Function]:
    """Record the facts of a measure; the function itself is returned untouched.

    Parameters
    ----------
    bounds, symmetric, more_alike, invariant_to, null, cost, paper, kind
        See `Facts`.

    Returns
    -------
    A decorator for a function of arrays that returns a float, or, given leading axes, an array of them.

    Raises
    ------
    ParameterError
        If another measure has the same name already.

    Examples
    --------
    >>> from polyculture.measure import MEASURES
    >>> MEASURES["cka"].bounds
    (-1, 1)
    """

    def record(function: Function) -> Function:
        name = function.__name__
        if name in MEASURES and MEASURES[name].function.__module__ != function.__module__:
            raise ParameterError(f"A measure named {name!r} is registered already; give the new one another name.")
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        MEASURES[name] = Facts(
            name, function, summary, bounds, symmetric, more_alike, invariant_to, null, cost, paper, kind
        )
        return function

    return record


def list_measures() -> tuple[Facts, ...]:
    """Facts of all measures, by name.

    Returns
    -------
    tuple of Facts

    Examples
    --------
    >>> [facts.name for facts in list_measures()][:2]
    ['agreement_both_wrong', 'ambiguity']
    """
    return tuple(MEASURES[name] for name in sorted(MEASURES))
