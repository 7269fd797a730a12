"""A search over a few settings, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from polyculture.errors import ParameterError

Rungs = Mapping[str, Sequence[Any]]


def climb(
    ladders: Rungs, start: Mapping[str, Any], worth: Callable[[dict[str, Any]], float], *, rounds: int = 3
) -> tuple[dict[str, Any], float]:
    """From a starting point, move each setting in turn to the next rung up or down while that is worth more.

    Parameters
    ----------
    ladders : mapping of name to sequence
        Values in order; settings are visited in the order of the mapping, so the cheap ones go first.
    start : mapping of name to value
        One of the values of each ladder.
    worth : callable of a dict of settings
        Higher is better; asked once for each point.
    rounds : int >= 1
        How often all settings are visited at most.

    Returns
    -------
    dict of settings, float
        The best point that was seen, and its worth.

    Raises
    ------
    ParameterError
        If the start is on no rung of a ladder.

    Examples
    --------
    >>> climb({"x": (0, 1, 2, 3), "y": (0, 1)}, {"x": 0, "y": 0}, lambda at: -((at["x"] - 2) ** 2) + at["y"])
    ({'x': 2, 'y': 1}, 1.0)
    """
    for name, rungs in ladders.items():
        if start.get(name) not in rungs:
            raise ParameterError(
                f"the search starts with {name} at {start.get(name)}; use one of {', '.join(map(str, rungs))}"
            )
    known: dict[tuple[Any, ...], float] = {}

    def asked(at: dict[str, Any]) -> float:
        key = tuple(at[name] for name in ladders)
        if key not in known:
            known[key] = float(worth(dict(at)))
        return known[key]

    best = dict(start)
    for _ in range(rounds):
        before = dict(best)
        for name, rungs in ladders.items():
            best = _along(name, rungs, best, asked)
        if best == before:
            break
    return best, asked(best)


def _along(
    name: str, rungs: Sequence[Any], at: dict[str, Any], asked: Callable[[dict[str, Any]], float]
) -> dict[str, Any]:
    """The best point on one ladder that is reached by steps that each are worth more; upwards is tried first."""
    for step in (1, -1):
        place, moved = rungs.index(at[name]), False
        while 0 <= place + step < len(rungs):
            there = at | {name: rungs[place + step]}
            if asked(there) <= asked(at):
                break
            at, place, moved = there, place + step, True
        if moved:
            break
    return at
