"""What joins answers where items lack some of the modalities: one choice, and one set of weights, for each pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np

from polyculture.arrays import Array, Ints, Mask
from polyculture.features.encoded import Encoded
from polyculture.features.encoders.base import State
from polyculture.fuse.combine import Combination

Pattern = tuple[str, ...]
"""The modalities that an item has, in the order of the fitted items."""
EVERY = 4
"""Of up to so many modalities every pattern has a choice of its own."""
FEW = 50
"""From fewer held-out items nothing is learnt: the network and the base models that know an item share the say."""


@dataclass(frozen=True, eq=False)
class Joined:
    """How answers are joined where the domain is known, and where it is not.

    Parameters
    ----------
    routed, static : Combination
    """

    routed: Combination
    static: Combination

    def answers(self, members: Mapping[str, Array], families: Mapping[str, Array], domain: Array, known: Mask) -> Array:
        """Probabilities, or values, shape (n, outputs).

        Parameters
        ----------
        members, families : mapping of name to array of shape (n, outputs)
            Answers of networks, and of base models.
        domain : array of str, shape (n,)
        known : array of bool, shape (n,)
            Which domains were there when it was fitted.
        """
        nowhere = np.full(len(domain), "", dtype=object)
        static = self.static.predict_proba(members, families, nowhere)
        return np.where(known[:, None], self.routed.predict_proba(members, families, domain), static)

    def state(self) -> State:
        """Both choices."""
        return {"routed": self.routed.state(), "static": self.static.state()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(Combination.from_state(state["routed"]), Combination.from_state(state["static"]))


def patterns(names: Sequence[str]) -> list[Pattern]:
    """What an item may have: every choice of up to four modalities, else all, all but one, and one alone.

    Examples
    --------
    >>> from polyculture.classify.lacking import patterns
    >>> patterns(["said", "seen"])
    [('said',), ('seen',), ('said', 'seen')]
    """
    counts = range(1, len(names) + 1)
    if len(names) > EVERY:
        counts = sorted({1, len(names) - 1, len(names)})  # type: ignore[assignment]
    return [found for count in counts for found in combinations(names, count)]


def having(encoded: Encoded, reads: Mapping[str, str]) -> dict[str, Mask]:
    """Which items have each modality.

    Parameters
    ----------
    encoded : Encoded
    reads : mapping of view to modality

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.lacking import having
    >>> from polyculture.features.encoded import Encoded
    >>> items = Encoded({"lexical": np.ones((2, 1))}, np.ones((2, 1)), present={"lexical": np.array([True, False])})
    >>> having(items, {"lexical": "text"})["text"].tolist()
    [True, False]
    """
    every = np.ones(len(encoded), dtype=bool)
    return {modality: encoded.present.get(view, every) for view, modality in reads.items() if view in encoded.views}


def by_pattern(there: Mapping[str, Mask]) -> Iterator[tuple[Pattern, Ints]]:
    """Each pattern that there is, and the items that are of it.

    Parameters
    ----------
    there : mapping of modality to array of bool, shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.lacking import by_pattern
    >>> [(has, rows.tolist()) for has, rows in by_pattern({"said": np.array([True, True]), "seen": np.array([1, 0])})]
    [(('said',), [1]), (('said', 'seen'), [0])]
    """
    names = list(there)
    found, place = np.unique(np.stack(list(there.values()), axis=1).astype(bool), axis=0, return_inverse=True)
    for number, has in enumerate(found):
        yield tuple(name for name, given in zip(names, has, strict=True) if given), np.flatnonzero(place == number)
