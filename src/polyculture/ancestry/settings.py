"""What the numbers of a lineage depend on, besides the models."""

from __future__ import annotations

from dataclasses import dataclass

from polyculture.errors import ParameterError


@dataclass(frozen=True)
class Settings:
    """Settings of a lineage.

    Parameters
    ----------
    level : float in (0, 1)
        Coverage of the intervals.
    kinds : tuple of str or None
        Only models of these kinds count (``model``, ``dataset``, ...); others are ancestors still. All count if None.
    top : int
        Roots that are looked at one by one: what falls with each.
    permutations : int
        Of models, where shared errors are compared with kinship.
    seed : int
        Of the permutations; nothing else is random.

    Examples
    --------
    >>> Settings(level=1)
    Traceback (most recent call last):
    polyculture.errors.ParameterError: level is 1; use a number between 0 and 1
    """

    level: float = 0.95
    kinds: tuple[str, ...] | None = None
    top: int = 50
    permutations: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ParameterError(f"level is {self.level}; use a number between 0 and 1")
        for name, least in {"top": 1, "permutations": 1, "seed": 0}.items():
            if getattr(self, name) < least:
                raise ParameterError(f"{name} is {getattr(self, name)}; use {least} or more")
