"""A vocabulary that has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polyculture.surveying.vocabulary.schema import Method


@dataclass(frozen=True)
class Vocabulary:
    """Names of methods in two levels, and of what stands beside them.

    Parameters
    ----------
    families : mapping of family to mapping of method to Method
    beside : mapping of kind to mapping of name to Method
        Kinds are ``"data set"``, ``"task"``, ``"tool"``, ``"compute"`` and ``"topic"``.
    source : str
        File it was read from, as messages name it.

    Examples
    --------
    >>> from polyculture.surveying.vocabulary import load_vocabulary
    >>> load_vocabulary().families["rnn"]["gated"].first_known
    1997
    """

    families: Mapping[str, Mapping[str, Method]]
    beside: Mapping[str, Mapping[str, Method]]
    source: str

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of all methods, family by family."""
        return tuple(name for methods in self.families.values() for name in methods)

    @property
    def family_of(self) -> tuple[int, ...]:
        """Position of each method's family."""
        return tuple(position for position, methods in enumerate(self.families.values()) for _ in methods)

    @property
    def first_known(self) -> tuple[int | None, ...]:
        """Year in which each method was first known, where it is said."""
        return tuple(method.first_known for methods in self.families.values() for method in methods.values())
