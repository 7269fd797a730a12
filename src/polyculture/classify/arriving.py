"""A domain that arrives after fitting, with few labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.classify.learning import Learning
from polyculture.classify.reading import UnfittedError
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.combine import Encoded
from polyculture.optimise.few_labels import method_named
from polyculture.optimise.few_labels.choose import choose
from polyculture.optimise.few_labels.chosen import Chosen
from polyculture.optimise.few_labels.inputs import unit
from polyculture.store.encode import State
from polyculture.targets import Classes, read_labels

_AGAIN = ("experts", "ensemble")


@dataclass(frozen=True, eq=False)
class Arrived:
    """What answers for the items of one new domain, on top of a model that stays as it is.

    Parameters
    ----------
    name : str
        The domain.
    labels : int
        Labelled items that it was learnt from.
    chosen : Chosen
        The method, its head, and what each method lost on held-out items.
    learnt : uint64 array, or None
        What :func:`polyculture.classify.learnt.prints` makes of the labelled items; None if that was not kept.
    """

    name: str
    labels: int
    chosen: Chosen
    learnt: Array | None = None

    @property
    def method(self) -> str:
        """The method that answers."""
        return self.chosen.name

    @property
    def scores(self) -> dict[str, float]:
        """Mean cross-entropy of held-out items by method; empty where nothing was held out."""
        return self.chosen.losses

    @property
    def transductive(self) -> bool:
        """Whether an item's answer depends on the others that are asked with it."""
        return self.chosen.head.transductive

    def probabilities(self, model: Learning, encoded: Encoded, base: Array) -> Floats:
        """Probability of each class, shape (m, classes).

        Parameters
        ----------
        model : CrossDomainClassifier
            The one that the domain arrived at.
        encoded : Encoded
            Items of the domain, of :meth:`CrossDomainClassifier.encode`.
        base : array of shape (m, classes)
            The model's own probabilities, as for a domain that it does not know.
        """
        if not len(encoded):
            return np.asarray(base, dtype=np.float64)
        return self.chosen.answers(seen_by_heads(model, encoded), _summing_to_one(base))

    def state(self) -> State:
        """All that is needed to build it again."""
        return {"name": self.name, "labels": self.labels, "chosen": self.chosen.state(), "learnt": self.learnt}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(state["name"], state["labels"], Chosen.from_state(state["chosen"]), state.get("learnt"))


def learn_new_domain(
    model: Learning,
    X: Any,
    y: Any,
    name: str,
    *,
    method: str = "auto",
    unlabelled: Any = None,
    edges: sp.sparray | None = None,
    graph: sp.sparray | None = None,
) -> Arrived:
    """Learn a new domain from few labels; the model is not changed, and so no other domain's answers are.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted, of one class of several.
    X : sequence of n texts, or array, sparse array or table of numbers of shape (n, d)
        Items of the new domain.
    y : sequence of n labels
        Classes that the model knows; -1, None or an empty string where there is none: such items join the unlabelled.
    name : str
        What the domain will be called; none that the model was fitted on.
    method : str
        Of :data:`~polyculture.optimise.few_labels.FEW_LABELS`, its settings chosen by cross-validation; ``"auto"``
        chooses the method too, and leaves the model as it is where nothing is surely better. See
        :func:`~polyculture.optimise.few_labels.choose.choose`.
    unlabelled : like X, or None
        Further items of the domain. With some, ``"auto"`` tries the transductive methods too, whose answers depend on
        what is asked together.
    edges, graph : sparse array of shape (n, fitted items), of shape (n, n), or None
        Edges of the items in `X`, as in :meth:`CrossDomainClassifier.predict`: what is learnt from spread vectors is to
        be asked with edges too.

    Returns
    -------
    Arrived

    Raises
    ------
    DataError
        If there is no label, or one that the model does not know, or items cannot be read.
    ShapeError
        If there is not one label for each item.
    ParameterError
        If the model learnt several labels at once or values, the method is not known, the name is a fitted domain's, or
        there are unlabelled items beside edges.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.classify.arriving import learn_new_domain
    >>> texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
    >>> labels, domain = ["+", "-"] * 30, ["days"] * 30 + ["meals"] * 30
    >>> model = CrossDomainClassifier(("lexical",), components=4).fit(texts, labels, domain=domain)
    >>> arrived = learn_new_domain(model, ["good film", "bad film"] * 2, ["+", "-"] * 2, "films")
    >>> arrived.labels, "as_it_is" in arrived.scores
    (4, True)
    """
    _check_asked(model, name, method)
    if unlabelled is not None and (edges is not None or graph is not None):
        raise ParameterError("edges are those of the items in X; put the unlabelled items there, with no label")
    items = model.encode(X, edges=edges, graph=graph)
    codes = _codes(model, y, len(items), name)
    known = codes >= 0
    if not known.any():
        raise DataError(f"domain {name!r}: no item has a label; give at least one")
    vectors, prior = _inputs(model, [items.take(~known), *([] if unlabelled is None else [model.encode(unlabelled)])])
    own = items.take(known)
    chosen = choose(
        seen_by_heads(model, own),
        codes[known],
        fused(model, own),
        methods=None if method == "auto" else (method,),
        unlabelled=vectors,
        unlabelled_prior=prior,
        seed=getattr(model, "random_state", 0),
    )
    return Arrived(name, int(known.sum()), chosen, np.unique(model.prints(X)[known]))


def seen_by_heads(model: Learning, encoded: Encoded) -> Floats:
    r"""The vectors that heads for few labels are fed: the fused network's last hidden layer, and all log-odds.

    .. math:: \left[\, 2 h / \lVert h \rVert, \; e_1 / \sqrt{MC}, \ldots, e_M / \sqrt{MC} \,\right]

    with :math:`e_m` the log-odds of the C classes by each of M members and their fusion, so that either half has about
    the same say. Means of classes are far apart in the log-odds with a single label, which they are neither in the
    shared vectors nor in the hidden layer alone.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.classify.arriving import seen_by_heads
    >>> from polyculture.features.backbone import Backbone
    >>> model = CrossDomainClassifier(("lexical",), components=2, backbone=Backbone(hidden=(16,)))
    >>> model = model.fit(["good day", "bad day"] * 20, ["+", "-"] * 20)
    >>> seen_by_heads(model, model.encode(["good night"])).shape
    (1, 24)
    """
    hidden = model.backbone_.last_hidden(model.fed(encoded), model.merged_)
    answers = model.answers(encoded)
    # no domain is told: experts are the merged network once more, and the ensemble holds nothing new
    told = [Classes.evidence(np.asarray(p, dtype=np.float64)) for name, p in answers.items() if name not in _AGAIN]
    scale = np.sqrt(len(told) * told[0].shape[1])
    return np.hstack([2 * unit(np.asarray(hidden, dtype=np.float64)), *(part / scale for part in told)])


def fused(model: Learning, encoded: Encoded) -> Floats:
    """The model's answers for a domain that it does not know, as float64.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.classify.arriving import fused
    >>> model = CrossDomainClassifier(("lexical",), components=2).fit(["good day", "bad day"] * 20, ["+", "-"] * 20)
    >>> found = fused(model, model.encode(["good day"]))
    >>> found.dtype, float(found.sum().round(6)), str(model.classes_[found.argmax()])
    (dtype('float64'), 1.0, '+')
    """
    return _summing_to_one(model.answers(encoded)["fused"])


def served(model: Learning, encoded: Encoded, domain: Array, base: Array, arrived: Mapping[str, Arrived]) -> Array:
    """Answers where some domains have arrived: theirs are replaced, all others are what they were, to the last bit.

    Parameters
    ----------
    model : CrossDomainClassifier
    encoded : Encoded
        n items.
    domain : array of str, shape (n,)
    base : array of shape (n, classes)
        The model's own answers for these domains.
    arrived : mapping of domain to Arrived

    Returns
    -------
    array of shape (n, classes)
        `base` itself where no item is of an arrived domain.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.arriving import served
    >>> served(None, None, np.array(["days"]), np.array([[0.9, 0.1]]), {})
    array([[0.9, 0.1]])
    """
    found = base
    for name, each in arrived.items():
        rows = np.flatnonzero(domain == name)
        if len(rows):
            found = found.copy() if found is base else found
            found[rows] = each.probabilities(model, encoded.take(rows), base[rows])
    return found


def _check_asked(model: Learning, name: str, method: str) -> None:
    if not hasattr(model, "routed_"):
        raise UnfittedError(f"this {type(model).__name__} instance is not fitted yet; call fit first")
    if not isinstance(model.target_, Classes):
        raise ParameterError(f"the model was fitted on {model.target_.name}; few labels are learnt for classes alone")
    if not isinstance(name, str) or not name:
        raise ParameterError(f"the new domain is called {name!r}; give it a name that is no empty text")
    if name in model.domains_:
        raise ParameterError(f"the model was fitted on the domain {name!r}; choose a name that it does not know")
    if not isinstance(method, str):
        raise ParameterError(f"method is {method!r}; give one name, or auto")
    if method != "auto":
        method_named(method)


def _codes(model: Learning, y: Any, count: int, name: str) -> Array:
    """Positions of the labels among the model's classes, -1 where there is none."""
    labels, target = read_labels(y, values=False, asker="learning a new domain")
    if len(labels) != count:
        raise ShapeError(f"there are {count} items and {len(labels)} labels; give one label for each item")
    if not isinstance(target, Classes):
        raise DataError(f"domain {name!r}: y holds {target.name}; give one class for each item")
    data = DomainData.of({"vector": np.zeros((count, 1))}, source=f"domain {name!r}")
    model.check_labels(replace(data, label=labels))
    return model.codes(labels)


def _inputs(model: Learning, parts: Sequence[Encoded]) -> tuple[Array | None, Array | None]:
    """What a head is fed of items from several places; nothing where there are none."""
    there = [part for part in parts if len(part)]
    if not there:
        return None, None
    vectors = np.concatenate([seen_by_heads(model, part) for part in there])
    return vectors, np.concatenate([fused(model, part) for part in there])


def _summing_to_one(answers: Array) -> Floats:
    """In float64, where the sum of many float32 may not be 1 within what is checked."""
    found = np.asarray(answers, dtype=np.float64)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
