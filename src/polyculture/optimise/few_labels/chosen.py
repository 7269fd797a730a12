"""A head that was chosen, and the items that it is asked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.optimise.few_labels.as_it_is import AsItIs
from polyculture.optimise.few_labels.bd_cspn import RectifiedHead
from polyculture.optimise.few_labels.heads import Head, LinearHead
from polyculture.optimise.few_labels.laplacian_shot import SmoothedHead
from polyculture.store.encode import State

HEADS: dict[str, type[Head]] = {"as_it_is": AsItIs, "bd_cspn": RectifiedHead, "laplacian_shot": SmoothedHead}
"""The kind of head that a method gives, where it is not linear."""


@dataclass(frozen=True, eq=False)
class Beside:
    """Items without labels of the new domain, which transductive heads are asked together with.

    Parameters
    ----------
    vectors : array of shape (u, d)
    prior : array of shape (u, classes)
        The model's own probabilities.
    """

    vectors: Floats
    prior: Floats

    def answers(self, head: Head, query: Array, prior: Array) -> Floats:
        """Answers for the query alone."""
        if not (head.transductive and len(self.vectors)):
            return head.answers(query, prior)
        together = np.concatenate([query, self.vectors]), np.concatenate([prior, self.prior])
        return head.answers(*together)[: len(query)]


@dataclass(frozen=True, eq=False)
class Chosen:
    """A head, and how it was found.

    Parameters
    ----------
    name : str
        The method.
    settings : dict of str to float
    head : Head
        Fitted on all labelled items.
    losses : dict of str to float
        Mean cross-entropy of held-out items, of each method at its best setting; empty where nothing was held out.
    beside : Beside
        Items that a transductive head is asked with.
    """

    name: str
    settings: dict[str, float]
    head: Head
    losses: dict[str, float]
    beside: Beside

    def answers(self, query: Array, prior: Array) -> Floats:
        """Probabilities of each class for later items, shape (m, classes)."""
        return self.beside.answers(self.head, query, prior)

    def state(self) -> State:
        """The head, and the unlabelled items if it is asked with them."""
        kept = len(self.beside.vectors) if self.head.transductive else 0
        return {
            "name": self.name,
            "settings": self.settings,
            "head": self.head.state(),
            "losses": self.losses,
            "beside": {"vectors": self.beside.vectors[:kept], "prior": self.beside.prior[:kept]},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        head = HEADS.get(state["name"], LinearHead).from_state(state["head"])
        return cls(state["name"], dict(state["settings"]), head, dict(state["losses"]), Beside(**state["beside"]))
