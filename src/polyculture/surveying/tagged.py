"""Papers and the methods that they name."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse as sp

from polyculture.data.papers.types import Papers


@dataclass(frozen=True)
class Tagged:
    """Papers and what each of them names, at both levels of a vocabulary.

    Parameters
    ----------
    papers : Papers
    families, methods : tuple of str
        Names, in the vocabulary's order.
    family_of : tuple of int
        Position among the families of each method's family.
    first_known : tuple of int or None
        Year in which each method was first known, where the vocabulary says so.
    names : sparse boolean array of shape (papers, methods)
        Whether a paper names a method; a paper names a family if it names any of its methods.
    beside : dict of kind to (names, sparse boolean array of shape (papers, names))
        What else papers name: ``"data set"``, ``"task"``, ``"tool"``, ``"compute"``, ``"topic"``.
    """

    papers: Papers
    families: tuple[str, ...]
    methods: tuple[str, ...]
    family_of: tuple[int, ...]
    first_known: tuple[int | None, ...]
    names: sp.csr_array
    beside: dict[str, tuple[tuple[str, ...], sp.csr_array]]
