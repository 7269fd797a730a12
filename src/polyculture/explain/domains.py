"""Which domain's knowledge decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ParameterError
from polyculture.explain.asked import Asked
from polyculture.explain.odds import of_class
from polyculture.explain.served import by_experts, check_served
from polyculture.explain.shapley import Shapley, shapley


class Coalitions:
    """The network whose experts are those of some domains, merged by the plain average of their changes.

    Without any domain it is the backbone.

    Parameters
    ----------
    asked : Asked

    Raises
    ------
    ParameterError
        If the model has no experts, or an item is of a domain that was adapted or has arrived.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked
    >>> from polyculture.explain.domains import Coalitions
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels, domain=["a", "b"] * 20)
    >>> Coalitions(Asked.of(model, ["good night"])).odds(np.array([True, False])).shape
    (1,)
    """

    def __init__(self, asked: Asked) -> None:
        model = asked.model
        if not model.experts_:
            raise ParameterError("the model has no experts, whose knowledge could be told apart; fit with adapt")
        check_served(by_experts(model, asked.domain), asked.domain)
        self.asked = asked
        self.domains = list(model.experts_)
        self.start = model.backbone_.weights_
        self.fed = model.fed(asked.encoded)
        self.changes = {
            name: np.stack([np.asarray(expert[name], np.float64) - value for expert in model.experts_.values()])
            for name, value in self.start.items()
        }

    def weights(self, present: Mask) -> dict[str, Array]:
        """Weights of a coalition."""
        if not present.any():
            return dict(self.start)
        return {
            name: (value + self.changes[name][present].mean(axis=0)).astype(np.asarray(value).dtype)
            for name, value in self.start.items()
        }

    def odds(self, present: Mask) -> Floats:
        """Log-odds of what was predicted, by the network of a coalition, shape (n,)."""
        return self.asked.network_odds(self.fed, np.arange(len(self.asked)), self.weights(present))

    def probability(self, present: Mask, rows: Ints) -> Floats:
        """Probability of what was predicted for `rows`, by the network of a coalition, shape (m,)."""
        answers = self.asked.model.backbone_.answers(self.fed[rows], self.weights(present))
        return of_class(answers, self.asked.predicted[rows])


def domain_shares(asked: Asked, *, exact: int = 10, pairs: int = 32, seed: int = 0) -> Shapley:
    r"""Shapley shares of the source domains in a decision: whose expert's knowledge spoke for the predicted class.

    .. math:: v(S) = \operatorname{logit} p_{\hat y}(x; \theta_0 + \tfrac{1}{|S|} \textstyle\sum_{d \in S} \tau_d)

    with :math:`\tau_d` what the expert of domain d changed in the backbone :math:`\theta_0`, and
    :math:`v(\emptyset)` the backbone's own. Shares say what experts add to what all domains taught the backbone; they
    are of the network alone, whatever base models it is fused with.

    Parameters
    ----------
    asked : Asked
    exact, pairs, seed
        As in :func:`shapley`.

    Returns
    -------
    Shapley
        Players are the domains of ``model.experts_``, in their order.

    Raises
    ------
    ParameterError
        If the model has no experts, or an item is of a domain that was adapted or has arrived.

    References
    ----------
    Shapley 1953; Ilharco et al. 2023, arXiv:2212.04089 (changes of weights as what an expert knows).

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, domain_shares
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels, domain=["a", "b"] * 20)
    >>> found = domain_shares(Asked.of(model, ["good night", "bad night"]))
    >>> bool(abs(found.shares.sum(axis=1) - (found.whole - found.nothing)).max() < 1e-9)
    True
    """
    game = Coalitions(asked)
    return shapley(game.odds, len(game.domains), exact=exact, pairs=pairs, seed=seed)


def kept_domains(asked: Asked) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the network answers when the experts of some domains are kept; see :func:`polyculture.explain.faithful`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked
    >>> from polyculture.explain.domains import kept_domains
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels, domain=["a", "b"] * 20)
    >>> keep = kept_domains(Asked.of(model, ["good night"]))
    >>> keep(np.array([0, 0]), [np.array([True, True]), np.array([False, True])]).shape
    (2,)
    """
    game = Coalitions(asked)

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        out, masks = np.empty(len(rows)), np.stack(kept)
        coalitions, which = np.unique(masks, axis=0, return_inverse=True)
        for k, present in enumerate(coalitions):
            own = np.flatnonzero(which.ravel() == k)
            out[own] = game.probability(present, rows[own])
        return out

    return keep
