"""The network's answers and the base models' answers to one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from polyculture.arrays import Array
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import State
from polyculture.fuse.log_pool import LogPool
from polyculture.fuse.score import score_probabilities
from polyculture.fuse.stacking import Stacking
from polyculture.fuse.weights import shares
from polyculture.progress import LOG
from polyculture.targets import Classes, Target, kind_named, kind_of

_LEARNT: dict[str, type[Stacking | LogPool]] = {"stacking": Stacking, "log_pool": LogPool}
ENSEMBLES = ("logit_ensemble", *_LEARNT)


class Combination(BaseEstimator):  # type: ignore[misc]
    """One way of answering, chosen on held-out items among single models, their ensemble, their pool and their stack.

    Left to choose, it tries only what has no more coefficients than there are held-out items.

    Parameters
    ----------
    method : str
        ``"auto"``, ``"logit_ensemble"``, ``"stacking"``, ``"log_pool"``, or the name of one of the single
        models.
    random_state : int

    Attributes
    ----------
    method_ : str
        What was chosen.
    held_out_ : array of shape (n, classes)
        What was chosen, on the items it was chosen by; stacking and the pool out of fold.
    losses_ : dict of str to float
        Loss on held-out items of everything that was compared; see :func:`polyculture.fuse.score.score`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import Combination
    >>> y = np.array([0, 1] * 20)
    >>> good = np.stack([np.where(y, 0.2, 0.8), np.where(y, 0.8, 0.2)], axis=1)
    >>> poor = np.full((40, 2), 0.5)
    >>> Combination("auto").fit({"experts": poor, "backbone": good}, {}, y, np.repeat("a", 40)).method_
    'backbone'
    """

    def __init__(self, method: str = "auto", random_state: int = 0) -> None:
        self.method = method
        self.random_state = random_state

    def fit(
        self,
        networks: Mapping[str, Array],
        families: Mapping[str, Array],
        y: Array,
        domain: Array,
        *,
        told: bool = True,
        groups: Array | None = None,
    ) -> Self:
        """Choose by items that no member was trained on.

        Parameters
        ----------
        networks : mapping of name to array of shape (n, outputs)
            Probabilities, or values, of the candidates that are one network; the first is the one that joins the base
            models.
        families : mapping of name to array of shape (n, outputs)
            Those of each base model alone.
        y : array of n rows
            What was to be answered; see :mod:`polyculture.targets`. Without items nothing can be chosen, and ``"auto"``
            takes the first network.
        domain : array of str, shape (n,)
            Every domain has the same say in the choice.
        told : bool
            Whether the domain will be known when it answers; if not, no weights of a domain's own are learnt.
        groups : array of shape (n,), or None
            What items belong together, passages to a document for example: no group is on both sides of a fold, so that
            what learns weights is not judged by items whose like it has seen.
        """
        self.members_ = [next(iter(networks)), *families]
        self.target_ = kind_of(y).name
        self.learnt_: dict[str, Stacking | LogPool] = {}
        if self.method in networks:
            self.method_, self.losses_, self.held_out_ = self.method, {}, networks[self.method]
            return self
        if self.method not in ("auto", *ENSEMBLES):
            raise ParameterError(
                f"there is no fusion named {self.method!r}; use one of auto, {', '.join([*networks, *ENSEMBLES])}"
            )
        together = np.stack([next(iter(networks.values())), *families.values()])
        judged = dict(networks) | {"logit_ensemble": self.ensemble(together, kind_of(y))}
        where = domain if told else np.full(len(domain), "", dtype=object)
        judged |= self._learn(together, y, where, groups)
        self.losses_ = {name: score_probabilities(found, y, domain) for name, found in judged.items()}
        self.method_ = self.method
        if self.method == "auto" and not len(y):
            self.method_ = next(iter(networks))
            LOG.warning("fusion: %s, as no item is held out to choose by", self.method_)
        elif self.method == "auto":
            self.method_ = min(self.losses_, key=lambda name: self.losses_[name])
        self.held_out_ = judged[self.method_]
        return self

    def _learn(self, together: Array, y: Array, domain: Array, groups: Array | None) -> dict[str, Array]:
        """Fit what learns weights, and give its answers out of fold."""
        judged = {}
        for name, kind in _LEARNT.items():
            model = kind(random_state=self.random_state)
            if self.method == "auto" and model.coefficients(together.shape, domain, self.target_) > len(y):
                LOG.info("fusion: %s is left out, as it has more coefficients than items are held out", name)
                continue
            try:
                judged[name] = model.out_of_fold(together, y, domain, groups)
                self.learnt_[name] = model.fit(together, y, domain)
            except DataError:
                if self.method == name:
                    raise
        return judged

    @staticmethod
    def ensemble(together: Array, kind: type[Target] = Classes) -> Array:
        """Half of the say to the network, half to the base models together."""
        count = len(together) - 1
        return kind.pool(together, shares([1.0] + [1.0 / count] * count if count else None, len(together)))

    def predict_proba(self, networks: Mapping[str, Array], families: Mapping[str, Array], domain: Array) -> Array:
        """Probabilities, or values, shape (n, outputs)."""
        if self.method_ in networks:
            return networks[self.method_]
        together = np.stack([networks[self.members_[0]], *[families[name] for name in self.members_[1:]]])
        if self.method_ in self.learnt_:
            return self.learnt_[self.method_].predict_proba(together, domain)
        return self.ensemble(together, kind_named(self.target_))

    def state(self) -> State:
        """The choice, and the coefficients of what learns some."""
        return {
            "params": self.get_params(),
            "method": self.method_,
            "losses": self.losses_,
            "members": self.members_,
            "target": self.target_,
            "learnt": {name: model.state() for name, model in self.learnt_.items()},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        found = cls(**state["params"])
        found.method_, found.losses_, found.members_ = state["method"], state["losses"], list(state["members"])
        found.target_ = state["target"]
        found.learnt_ = {name: _LEARNT[name].from_state(kept) for name, kept in state["learnt"].items()}
        return found
