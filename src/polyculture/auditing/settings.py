"""What the numbers of an audit depend on, besides the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from polyculture.errors import ParameterError
from polyculture.measure.inference.multiple import Method
from polyculture.measure.representation.pairs import MEASURED

ADJUSTMENTS = tuple(sorted(get_args(Method)))
REPRESENTATION_MEASURES = ("cka", "mutual_knn")
DEFAULT_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class Settings:
    """Settings of an audit.

    Parameters
    ----------
    measures : tuple of str
        Representation measures; families and near-twins are those of the first.
    neighbours : int
        Of each item, for mutual nearest neighbours.
    permutations : int
        Draws of the null of representation measures.
    blocks : int
        Of items, left out one at a time for the intervals.
    level : float in (0, 1)
        Coverage of the intervals.
    adjust : {"benjamini-hochberg", "holm"}
        How p-values are adjusted for the number of pairs.
    largest_portfolio : int
        Models in a portfolio at most.
    seed : int
    memory : int
        Bytes that the blocks of a product may take.

    Examples
    --------
    >>> Settings(adjust="none")
    Traceback (most recent call last):
    polyculture.errors.ParameterError: adjust is 'none'; use one of benjamini-hochberg, holm
    """

    measures: tuple[str, ...] = REPRESENTATION_MEASURES
    neighbours: int = 10
    permutations: int = 200
    blocks: int = 50
    level: float = 0.95
    adjust: Method = "benjamini-hochberg"
    largest_portfolio: int = 8
    seed: int = 0
    memory: int = DEFAULT_MEMORY

    def __post_init__(self) -> None:
        if self.adjust not in ADJUSTMENTS:
            raise ParameterError(f"adjust is {self.adjust!r}; use one of {', '.join(ADJUSTMENTS)}")
        if unknown := [name for name in self.measures if name not in MEASURED]:
            raise ParameterError(f"measures has {unknown[0]!r}; use some of {', '.join(MEASURED)}")
        if not self.measures:
            raise ParameterError(f"measures is empty; use some of {', '.join(MEASURED)}")
        if not 0 < self.level < 1:
            raise ParameterError(f"level is {self.level}; use a number between 0 and 1")
        least = {"neighbours": 1, "permutations": 1, "blocks": 2, "largest_portfolio": 1, "memory": 2**20, "seed": 0}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise ParameterError(f"{name} is {getattr(self, name)}; use {lowest} or more")
