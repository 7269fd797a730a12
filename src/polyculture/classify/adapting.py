"""Domains that arrive after fitting, with few labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Mask
from polyculture.classify.arriving import Arrived, learn_new_domain, served
from polyculture.classify.callable_setting import CallableSetting
from polyculture.classify.learnt import among
from polyculture.classify.tasks import Tasks
from polyculture.data import DomainData
from polyculture.features.combine import Encoded
from polyculture.features.encoders.base import State


class Adapting(Tasks):
    """A fitted model serves one domain more; what it answers for all others stays the same to the last bit."""

    adapt = CallableSetting("adapt_to")

    def adapt_to(
        self,
        X: Any,
        y: Any,
        *,
        domain: str = "new",
        method: str = "auto",
        unlabelled: Any = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
    ) -> Self:
        """Learn a new domain from few labels, one to 64 a class; ``model.adapt(X, y, domain="new")`` is the same.

        Items that :meth:`predict` is told to be of this domain are served by what was learnt; asked again under the
        same name, it is learnt anew.

        Parameters
        ----------
        X : sequence of n texts, array, sparse array or table of numbers of shape (n, d), images, series, or mapping
            As in :meth:`fit`.
        y : sequence of n classes
            Such as the model knows; -1, None or an empty string where there is none.
        domain : str
            What the new domain is called.
        method : str
            ``"auto"`` chooses by cross-validation, or one of ``polyculture list few-labels``.
        unlabelled : like X, or None
            Further items of the domain.
        edges, graph : sparse array of shape (n, fitted items), of shape (n, n), or None
            Edges of the items in `X`, as in :meth:`predict`, where the model was fitted with a given graph.

        Raises
        ------
        DataError, ShapeError, ParameterError
            See :func:`polyculture.classify.arriving.learn_new_domain`.

        Examples
        --------
        >>> from polyculture import CrossDomainClassifier
        >>> texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
        >>> labels, where = ["+", "-"] * 30, ["days"] * 30 + ["meals"] * 30
        >>> model = CrossDomainClassifier(("lexical",), components=4).fit(texts, labels, domain=where)
        >>> model.adapt(["good film", "bad film"] * 2, ["+", "-"] * 2, domain="films").arrived_["films"].labels
        4
        """
        self._check_fitted()
        self.arrived_[domain] = learn_new_domain(
            self, X, y, domain, method=method, unlabelled=unlabelled, edges=edges, graph=graph
        )
        return self

    def learn(self, encoded: Encoded, data: DomainData, **made: Any) -> Self:
        """Steps 2 to 5 on items that are encoded already; domains that had arrived are forgotten."""
        self.arrived_: dict[str, Arrived] = {}
        return super().learn(encoded, data, **made)

    def answers(self, encoded: Encoded, domain: Array | None = None) -> dict[str, Array]:
        """Answers of every part and of their fusion; see :meth:`Answering.answers`."""
        found = super().answers(encoded, domain)
        if domain is not None and self.arrived_:
            found["fused"] = served(self, encoded, domain, found["fused"], self.arrived_)
        return found

    def learnt_from(self, X: Any) -> Mask | None:
        """Whether each item was among the labelled ones; see :meth:`Answering.learnt_from`."""
        found = super().learnt_from(X)
        more = [each.learnt for each in self.arrived_.values()]
        if found is None or any(each is None for each in more):
            return None
        own = self.prints(X)
        return np.asarray(np.any([found, *(among(own, each) for each in more if each is not None)], axis=0))

    @property
    def known_domains(self) -> list[str]:
        """Domains that the model was fitted on, and those that have arrived since."""
        return [*self.domains_, *self.arrived_]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters as they were given."""
        found: dict[str, Any] = super().get_params(deep)
        return found | {"adapt": vars(self)["adapt"]}

    def state(self) -> State:
        """All that is needed to build the fitted model again."""
        return super().state() | {"arrived": {name: each.state() for name, each in self.arrived_.items()}}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        model = super().from_state(state)
        model.arrived_ = {name: Arrived.from_state(each) for name, each in state["arrived"].items()}
        return model
