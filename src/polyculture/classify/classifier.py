"""A classifier for items from several domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from polyculture.arrays import Array
from polyculture.classify.adapting import Adapting
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.encoders import Encoder

if TYPE_CHECKING:
    from polyculture.explain import Explanation


class CrossDomainClassifier(ClassifierMixin, Adapting):  # type: ignore[misc]
    """A model that serves each of several domains like a specialist, and domains that it has not seen.

    Preprocess → features → adapt → fuse → optimise; each step can be replaced or left out. It learns one class of
    several, or, where `y` is a matrix of 0 and 1 or a list of sets, any number of labels at once.

    Parameters
    ----------
    encoders : sequence of str or Encoder, or "auto"
        See :class:`polyculture.features.combine.Features`, as are `network_encoders`, `graph`, `propagation`, `hops`,
        `neighbours` and `components`. ``"auto"`` takes what suits each modality and is installed.
    clean : bool
        Step 1: repair encoding damage, white space and mark-up of texts.
    augment : float in [0, 3]
        Step 1: changed copies of training texts, as a share of them; 0 is off.
    validation : float in (0, 1)
        Step 1: share of each domain's labelled items held out to stop training and to choose.
    backbone : Backbone, TextBackbone or None
        Step 2: the network's shape and training settings; a
        :class:`~polyculture.features.text_backbone.TextBackbone` is fine-tuned on the texts themselves, and no graph is
        used then.
    adapt : {"fine_tune", "auto", "none"}
        Step 3: experts for domains with labels; ``"auto"`` also gives a domain without labels a network of its own,
        where that promises something: chosen without its labels (:mod:`polyculture.classify.unlabelled`).
    adapt_layers : {"auto", "all", "upper", "head"}
        Step 3: which layers an expert changes; ``"auto"``: all of a network over vectors, the upper half of a
        Transformer.
    fuse : str
        Step 4: ``"auto"`` chooses on held-out items; ``"average"``, ``"task_arithmetic"``, ``"regmean"``,
        ``"logit_ensemble"``, ``"log_pool"``, ``"stacking"`` or ``"backbone"`` fix it; ``"none"`` leaves each domain to
        its expert.
    refit_head : bool or None
        Step 4: try merged weights with their head fitted again in closed form; None: not for a Transformer, whose last
        layer is costly.
    refit_base_models : bool
        Step 5: once everything is chosen, base models learn from the held-out items too.
    fine_tune_epochs : int >= 0, or None
        Step 5: passes of the merged weights over all domains; None: three, and none of a Transformer.
    calibrate : bool
        Step 5: one temperature, chosen on held-out items.
    threshold : {"f1", "macro_f1", "balanced_accuracy"} or None
        Step 5: for two classes, the metric whose best decision threshold is chosen on held-out items.
    random_state : int >= 0
        The same number gives the same answers.
    n_jobs : int
        Encoders that are trained at once, each in a process of its own.

    Attributes
    ----------
    classes_ : array
        Classes, or names of labels: what the columns of :meth:`predict_proba` are.
    domains_ : list of str
    n_features_in_, feature_names_in_ : int, array of str
        Columns of numbers; not there after texts.
    features_, backbone_, experts_, merged_, families_, routed_, static_
        What each step gave.
    own_ : dict of str to OwnNetwork
        Domains without labels that have a network of their own, with ``adapt="auto"``.
    arrived_ : dict of str to Arrived
        Domains that were learnt from few labels since, by ``model.adapt(X, y, domain="new")``; see :meth:`adapt_to`.
    calibration_ : dict
        Expected calibration error on held-out items, before and after, and the temperature.
    notes_ : list of str
        What may not be expected of the data: domains without labels, classes of one domain, nothing held out.
    steps_ : list of (str, float)
        Name and seconds of each step.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
    >>> labels, domain = ["+", "-"] * 30, ["days"] * 30 + ["meals"] * 30
    >>> model = CrossDomainClassifier(("lexical",), components=4).fit(texts, labels, domain=domain)
    >>> model.predict(["good night", "bad night"]).tolist()
    ['+', '-']

    Numbers, and several labels at once:

    >>> import numpy as np
    >>> x = np.random.RandomState(0).normal(size=(120, 3))
    >>> CrossDomainClassifier().fit(x, x[:, :2] > 0).predict([[9.0, -9.0, 0.0]]).tolist()
    [[1, 0]]
    """

    # the mixin's own knows no domains
    score = Adapting.score

    def __init__(
        self,
        encoders: str | Encoder | Sequence[str | Encoder] = "auto",
        *,
        network_encoders: Sequence[str] | None = None,
        graph: str = "auto",
        propagation: str = "appnp",
        hops: tuple[int, ...] = (0, 2),
        neighbours: int = 15,
        components: int = 200,
        clean: bool = True,
        augment: float = 0.0,
        validation: float = 0.15,
        backbone: AnyBackbone | None = None,
        adapt: str = "fine_tune",
        adapt_layers: str = "auto",
        fuse: str = "auto",
        refit_head: bool | None = None,
        refit_base_models: bool = True,
        fine_tune_epochs: int | None = None,
        calibrate: bool = True,
        threshold: str | None = None,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        super().__init__(
            encoders,
            network_encoders=network_encoders,
            graph=graph,
            propagation=propagation,
            hops=hops,
            neighbours=neighbours,
            components=components,
            clean=clean,
            augment=augment,
            validation=validation,
            backbone=backbone,
            adapt=adapt,
            adapt_layers=adapt_layers,
            fuse=fuse,
            refit_head=refit_head,
            refit_base_models=refit_base_models,
            fine_tune_epochs=fine_tune_epochs,
            calibrate=calibrate,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.threshold = threshold

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict_proba(
        self,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
        task: str | None = None,
    ) -> Array:
        """Probability of each class, shape (n, classes), or of each label, shape (n, labels).

        Parameters
        ----------
        X : sequence of n texts, or array, sparse array or table of numbers of shape (n, d)
        domain : sequence of n str, or None
            Items of a domain that was fitted may be routed to its expert; all others, and all when None, are served by
            the static fused model.
        edges : sparse array of shape (n, fitted items), or None
            Edges to the fitted items, where the model was fitted with a given graph.
        graph : sparse array of shape (n, n), or None
            Edges among these items, such as a graph that was not there when the model was fitted.
        task : str or None
            A further task; see :meth:`add_task`.
        """
        encoded, where = self._found(X, domain, edges, graph)
        if task is None:
            return self.answers(encoded, where)["fused"]
        return self._head(task).predict_proba(self.knowledge(encoded, where))

    def predict(
        self,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
        task: str | None = None,
    ) -> Array:
        """Most probable class of each item, or 0 and 1 for its labels; parameters as in :meth:`predict_proba`."""
        found = self.predict_proba(X, domain=domain, edges=edges, graph=graph, task=task)
        if task is not None:
            return np.asarray(self._head(task).classes_[found.argmax(axis=1)])
        return self.target_.decode(found, None if self.threshold is None else self.threshold_)

    def explain(self, X: Any, *, domain: Sequence[str] | Array | None = None, **settings: Any) -> list[Explanation]:
        """Why it decides as it does for each item: words or features, neighbours, domains, base models, prototypes.

        Parameters
        ----------
        X, domain
            As in :meth:`predict`.
        **settings
            See :func:`polyculture.explain.explain`.
        """
        from polyculture.explain import explain

        return explain(self, X, domain=domain, **settings)

    def decide(self, probabilities: Array) -> Array:
        """Position of the predicted class: the most probable, or by the threshold where one was asked for."""
        positions = type(self.target_).coded(self.target_.width)
        return positions.decode(probabilities, None if self.threshold is None else self.threshold_)
