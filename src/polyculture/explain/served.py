"""Which part of a model answers for an item: reasons of a network are of no use where another part does."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.classify.unlabelled import OwnNetwork
from polyculture.classify.unlabelled_graph import OwnOverGraph
from polyculture.errors import ParameterError
from polyculture.features.network import Weights


def networks_of(model: CrossDomainClassifier) -> dict[str, Weights]:
    """Weights of the networks that single domains have: their experts, or their own without labels.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain.served import networks_of
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels, domain=["a", "b"] * 20)
    >>> list(networks_of(model))
    ['a', 'b']
    """
    own = {name: each.weights for name, each in model.own_.items() if isinstance(each, OwnNetwork)}
    return {**model.experts_, **own}


def by_network(model: CrossDomainClassifier, domain: Array) -> Mask:
    """Which items a network over spread vectors answers for, shape (n,).

    It does not for a domain that was adapted over a graph, whose network spreads vectors of its own, nor for one that
    arrived with few labels, where a head answers.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain.served import by_network
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels)
    >>> model = model.adapt(["good film", "bad film"], ["+", "-"], domain="films")
    >>> by_network(model, np.array(["films", None], dtype=object)).tolist()
    [False, True]
    """
    graphs = [name for name, own in model.own_.items() if isinstance(own, OwnOverGraph)]
    return ~np.isin(domain, [*model.arrived_, *graphs])


def by_experts(model: CrossDomainClassifier, domain: Array) -> Mask:
    """Which items experts, or the network that they were merged to, answer for, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain.served import by_experts
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 10, ["+", "-"] * 20
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(texts, labels, domain=["a", "b"] * 20)
    >>> by_experts(model, np.array(["a", None], dtype=object)).tolist()
    [True, True]
    """
    return ~np.isin(domain, [*model.arrived_, *model.own_])


def check_served(served: Mask, domain: Array) -> None:
    """Say whose items are served by another part of the model than the reasons are of.

    Raises
    ------
    ParameterError
        Naming the first domain.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.served import check_served
    >>> check_served(np.array([True]), np.array(["days"]))
    """
    if not served.all():
        name = domain[np.argmin(served)]
        raise ParameterError(
            f"the domain {str(name)!r} was adapted or has arrived, and another part of the model answers for it; "
            "leave its items out, or ask for reasons of the fused model"
        )
