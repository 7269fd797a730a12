"""The five steps composed: one classifier for items from several domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from polyculture import store
from polyculture.adapt import fine_tune
from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.backbone import Backbone, softmax
from polyculture.features.base_model import BaseModel
from polyculture.features.combine import Encoded, Features
from polyculture.features.encoders import ENCODERS, Encoder
from polyculture.features.encoders.base import State
from polyculture.fuse.combine import ENSEMBLES, Combination
from polyculture.fuse.ensemble import logs
from polyculture.fuse.merging import MERGES, Merged, merge
from polyculture.optimise import (
    TaskHead,
    best_threshold,
    expected_calibration_error,
    fine_tune_merged,
    sharpen,
    temperature,
)
from polyculture.optimise.threshold import METRICS
from polyculture.preprocess import augment, augmented, clean_text, split
from polyculture.progress import Steps

FUSE = ("auto", *MERGES, *ENSEMBLES, "backbone", "none")


class CrossDomainClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model that serves each of several domains like a specialist, and domains that it has not seen.

    Preprocess → features → adapt → fuse → optimise; each step can be replaced or left out.

    Parameters
    ----------
    encoders : sequence of str or Encoder
        See :class:`polyculture.features.combine.Features`, as are `network_encoders`, `graph`, `propagation`, `hops`,
        `neighbours` and `components`.
    clean : bool
        Step 1: repair encoding damage, white space and mark-up of texts.
    augment : float in [0, 3]
        Step 1: changed copies of training texts, as a share of them; 0 is off.
    validation : float in (0, 1)
        Step 1: share of each domain's labelled items held out to stop training and to choose.
    backbone : Backbone or None
        Step 2: the network's shape and training settings.
    adapt : {"fine_tune", "none"}
        Step 3.
    adapt_layers : {"all", "upper", "head"}
        Step 3: which layers an expert changes.
    fuse : str
        Step 4: ``"auto"`` chooses on held-out items; ``"average"``, ``"task_arithmetic"``, ``"regmean"``,
        ``"logit_ensemble"``, ``"stacking"`` or ``"backbone"`` fix it; ``"none"`` leaves each domain to its expert.
    refit_head : bool
        Step 4: try merged weights with their head fitted again in closed form.
    fine_tune_epochs : int >= 0
        Step 5: passes of the merged weights over all domains.
    calibrate : bool
        Step 5: one temperature, chosen on held-out items.
    threshold : {"f1", "macro_f1", "balanced_accuracy"} or None
        Step 5: for two classes, the metric whose best decision threshold is chosen on held-out items.
    random_state : int
    n_jobs : int
        Encoders that are trained at once, each in a process of its own.

    Attributes
    ----------
    classes_ : array
    domains_ : list of str
    features_, backbone_, experts_, merged_, families_, routed_, static_
        What each step gave.
    calibration_ : dict
        Expected calibration error on held-out items, before and after, and the temperature.
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
    """

    def __init__(
        self,
        encoders: Sequence[str | Encoder] = ("lexical", "pretrained", "pretrained:wordllama"),
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
        backbone: Backbone | None = None,
        adapt: str = "fine_tune",
        adapt_layers: str = "all",
        fuse: str = "auto",
        refit_head: bool = True,
        fine_tune_epochs: int = 3,
        calibrate: bool = True,
        threshold: str | None = None,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.encoders = encoders
        self.network_encoders = network_encoders
        self.graph = graph
        self.propagation = propagation
        self.hops = hops
        self.neighbours = neighbours
        self.components = components
        self.clean = clean
        self.augment = augment
        self.validation = validation
        self.backbone = backbone
        self.adapt = adapt
        self.adapt_layers = adapt_layers
        self.fuse = fuse
        self.refit_head = refit_head
        self.fine_tune_epochs = fine_tune_epochs
        self.calibrate = calibrate
        self.threshold = threshold
        self.random_state = random_state
        self.n_jobs = n_jobs

    # -- fitting -------------------------------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Sequence[Any] | Array,
        *,
        domain: Sequence[str] | Array | None = None,
        graph: sp.sparray | None = None,
        split: Sequence[str] | Array | None = None,
    ) -> Self:
        """Run the five steps.

        Parameters
        ----------
        X : sequence of n texts, or array of shape (n, d)
        y : sequence of n labels
            -1 or None where there is none; such items take part in vocabularies and in the graph.
        domain : sequence of n str, or None
            None is one domain.
        graph : sparse array of shape (n, n), or None
            Given edges.
        split : sequence of n str, or None
            ``"train"`` or ``"validation"``, where the held-out part is given.

        Raises
        ------
        DataError
            If there are fewer than two classes, a domain has one labelled item, or there are no texts with words.
        """
        self._check_parameters()
        self.clock_ = Steps()
        with self.clock_.step("preprocess"):
            data = self.preprocess(X, y, domain=domain, graph=graph, split=split)
        with self.clock_.step("features"):
            encoded = self.encode_fit(data)
        return self.learn(encoded, data)

    def _check_parameters(self) -> None:
        choices = {
            "adapt": ("fine_tune", "none"),
            "adapt_layers": ("all", "upper", "head"),
            "fuse": FUSE,
            "threshold": (None, *METRICS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ParameterError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(map(str, allowed))}")
        if not 0 < self.validation < 1:
            raise ParameterError(f"validation is {self.validation}; use a share between 0 and 1")

    @property
    def steps_(self) -> list[tuple[str, float]]:
        """Name and seconds of each step."""
        return self.clock_.taken

    def preprocess(
        self,
        X: Any,
        y: Sequence[Any] | Array,
        *,
        domain: Sequence[str] | Array | None = None,
        graph: sp.sparray | None = None,
        split: Sequence[str] | Array | None = None,
    ) -> DomainData:
        """Step 1: clean texts, hold items out, append augmented copies."""
        data = DomainData.of(X, label=y, domain=domain, graph=graph, source="fit")
        if len(data) == 0:
            raise DataError("there are no items to learn from; give at least one of each of two classes")
        if self.clean and "text" in data.items:
            data = DomainData.of(
                {**data.items, "text": clean_text(data.texts)},
                label=data.label,
                domain=data.domain,
                graph=data.graph,
                source="fit",
            )
        data = _hold_out(data if split is None else data.with_split(split), self.validation, self.random_state)
        return augment(data, share=self.augment, seed=self.random_state) if self.augment else data

    def encode_fit(self, data: DomainData) -> Encoded:
        """Step 2: fit encoders and graph, and encode the items they were fitted on."""
        self.classes_ = np.array(data.classes)
        self.domains_ = data.domains
        self.features_ = Features(
            self.encoders,
            self.network_encoders,
            self.graph,
            self.propagation,
            self.hops,
            self.neighbours,
            self.components,
            self.random_state,
            self.n_jobs,
        )
        return self.features_.fit_transform(
            _items(data),
            self.codes(data.label),
            domain=data.domain,
            validation=data.within("validation"),
            copies=augmented(data),
            graph=data.graph,
        )

    def codes(self, labels: Array) -> Ints:
        """Position of each label among the classes, -1 where there is none."""
        place = {value: i for i, value in enumerate(self.classes_.tolist())}
        return np.array([-1 if value is None else place[value] for value in labels.tolist()])

    def check_labels(self, data: DomainData) -> None:
        """Every label must be one of the classes.

        Raises
        ------
        DataError
            Naming the first row whose label is not.
        """
        known = set(self.classes_.tolist())
        for row, value in enumerate(data.label.tolist(), start=1):
            if value is not None and value not in known:
                raise DataError(
                    f"{data.source}: row {row} has the label {value!r}, which the model does not know; "
                    f"it was fitted on {', '.join(map(str, self.classes_))}"
                )

    def learn(
        self,
        encoded: Encoded,
        data: DomainData,
        *,
        backbone: Backbone | None = None,
        families: Mapping[str, BaseModel] | None = None,
        experts: Mapping[str, dict[str, Array]] | None = None,
        merges: Sequence[Merged] | None = None,
    ) -> Self:
        """Steps 2 (the backbone) to 5 on items that are encoded already.

        Parameters
        ----------
        encoded : Encoded
            Of :meth:`encode_fit`.
        data : DomainData
            Of :meth:`preprocess`.
        backbone, families, experts, merges : or None
            What is there already and is not made again; an empty mapping leaves its parts out.
        """
        self.clock_ = getattr(self, "clock_", Steps())
        self.classes_, self.domains_ = np.array(data.classes), data.domains
        y, held = self.codes(data.label), data.within("validation")
        rows, stop = np.flatnonzero(~held & (y >= 0)), np.flatnonzero(held & (y >= 0))
        classes = len(self.classes_)
        with self.clock_.step("backbone"):
            self.backbone_ = backbone or self.new_backbone(self.random_state).fit(
                encoded.vectors, y, validation=held, classes=classes
            )
        with self.clock_.step("base models"):
            self.families_ = self._base_models(encoded, y, held) if families is None else dict(families)
        with self.clock_.step("adapt"):
            self.experts_ = dict(experts) if experts is not None else self._adapt(encoded.vectors, y, data.domain, held)
        with self.clock_.step("fuse"):
            self.merges_ = (
                list(merges) if merges is not None else self._merge(encoded.vectors, y, data.domain, rows, stop)
            )
            self.merged_ = dict(self.merges_[0].weights)
        with self.clock_.step("optimise"):
            self.merged_ = fine_tune_merged(
                self.backbone_,
                self.merged_,
                encoded.vectors,
                y,
                rows=rows,
                stop=stop,
                epochs=self.fine_tune_epochs if self.experts_ else 0,
            )
            self._combine(encoded.take(stop), y[stop], data.domain[stop])
            self._calibrate(self.routed_.held_out_, y[stop])
        self.heads_: dict[str, TaskHead] = {}
        return self

    def _base_models(self, encoded: Encoded, y: Ints, held: Mask) -> dict[str, BaseModel]:
        return {
            name: BaseModel(random_state=self.random_state).fit(view, y, validation=held, classes=len(self.classes_))
            for name, view in encoded.views.items()
        }

    def new_backbone(self, random_state: int) -> Backbone:
        """An unfitted network of the shape and the settings asked for."""
        template = Backbone() if self.backbone is None else clone(self.backbone)
        template.set_params(random_state=random_state)
        return template

    def _adapt(self, X: Floats, y: Ints, domain: Array, held: Mask) -> dict[str, dict[str, Array]]:
        if self.adapt == "none":
            return {}
        return fine_tune(self.backbone_, X, y, domain, validation=held, layers=self.adapt_layers)

    def _merge(self, X: Floats, y: Ints, domain: Array, rows: Array, stop: Array) -> list[Merged]:
        if not self.experts_ or self.fuse in ("backbone", "none"):
            return [Merged("backbone", "as trained", self.backbone_.weights_, float("nan"))]
        methods = (self.fuse,) if self.fuse in MERGES else MERGES
        return merge(
            self.backbone_,
            self.experts_,
            X,
            y,
            domain,
            rows=rows,
            stop=stop,
            methods=methods,
            refit_head=self.refit_head,
        )

    def _combine(self, held: Encoded, y: Ints, domain: Array) -> None:
        """One way of answering where the domain is known, one where it is not."""
        answers = self._members(held, domain)
        families = {name: answers[f"encoder:{name}"] for name in self.families_}
        first = "experts" if self.experts_ else "backbone"
        routed = {name: answers[name] for name in dict.fromkeys((first, "merged", "backbone"))}
        static = {name: answers[name] for name in ("merged", "backbone")}
        method = {**dict.fromkeys(MERGES, "merged"), "none": first}.get(self.fuse, self.fuse)
        self.routed_ = Combination(method, self.random_state).fit(routed, families, y, domain)
        # nobody tells the static model the domain: its stack must not learn one either
        self.static_ = Combination("merged" if method == "experts" else method, self.random_state).fit(
            static, families, y, domain, told=False
        )

    def _calibrate(self, found: Array, y: Ints) -> None:
        """One temperature, from answers that stacking gave out of fold."""
        self.temperature_, self.threshold_ = 1.0, 0.5
        before = expected_calibration_error(found, y)
        if self.calibrate and len(y):
            self.temperature_ = temperature(logs(found), y)
        after = expected_calibration_error(sharpen(found, self.temperature_), y)
        self.calibration_ = {"before": before, "after": after, "temperature": self.temperature_}
        if self.threshold is not None:
            self.threshold_ = best_threshold(sharpen(found, self.temperature_), y, metric=self.threshold)

    # -- answering -----------------------------------------------------------------------------------------------------

    def encode(self, X: Any, *, edges: sp.sparray | None = None) -> Encoded:
        """Steps 1 and 2 for items that arrive later."""
        check_is_fitted(self, "features_")
        items = _items(DomainData.of(X, source="predict"))
        if self.clean and items.dtype == object:
            items = clean_text(items)
        return self.features_.transform(items, edges=edges)

    def _members(self, encoded: Encoded, domain: Array) -> dict[str, Array]:
        """Probabilities of each part before fusion; an unknown domain gets the merged model for an expert."""
        merged = softmax(self.backbone_.logits(encoded.vectors, self.merged_))
        found = {
            "backbone": softmax(self.backbone_.logits(encoded.vectors)),
            "merged": merged,
            "experts": merged.copy(),
        }
        for name, weights in self.experts_.items():
            rows = np.flatnonzero(domain == name)
            if len(rows):
                found["experts"][rows] = softmax(self.backbone_.logits(encoded.vectors[rows], weights))
        for name, model in self.families_.items():
            found[f"encoder:{name}"] = model.predict_proba(encoded.views[name])
        return found

    def _fused(self, members: Mapping[str, Array], domain: Array) -> Array:
        families = {name: members[f"encoder:{name}"] for name in self.families_}
        known = np.isin(domain, list(self.domains_))
        static = self.static_.predict_proba(members, families, _one_domain(domain))
        return np.where(known[:, None], self.routed_.predict_proba(members, families, domain), static)

    def answers(self, encoded: Encoded, domain: Array | None = None) -> dict[str, Array]:
        """Probabilities of every part and of their fusion for encoded items.

        Returns
        -------
        dict of str to array of shape (n, classes)
            ``backbone``, ``merged``, ``experts``, ``ensemble``, ``fused`` and ``encoder:<name>`` for each base model.
        """
        where = _unknown(len(encoded)) if domain is None else np.asarray(domain, dtype=object)
        members = self._members(encoded, where)
        families = [members[f"encoder:{name}"] for name in self.families_]
        return members | {
            "ensemble": Combination.ensemble(np.stack([members["experts"], *families])),
            "fused": sharpen(self._fused(members, where), self.temperature_),
        }

    def predict_proba(
        self,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        task: str | None = None,
    ) -> Array:
        """Probability of each class, shape (n, classes).

        Parameters
        ----------
        X : sequence of n texts, or array of shape (n, d)
        domain : sequence of n str, or None
            Items of a domain that was fitted may be routed to its expert; all others, and all when None, are served by
            the static fused model.
        edges : sparse array of shape (n, fitted items), or None
            Edges to the fitted items, for a given graph.
        task : str or None
            A further task; see :meth:`add_task`.
        """
        check_is_fitted(self, "routed_")
        encoded = self.encode(X, edges=edges)
        where = _unknown(len(encoded)) if domain is None else np.array([str(d) for d in domain], dtype=object)
        if len(where) != len(encoded):
            raise ShapeError(f"{len(encoded)} items but {len(where)} domains; give one domain for each item")
        if task is None:
            return self.answers(encoded, where)["fused"]
        return self._head(task).predict_proba(self.knowledge(encoded, where))

    def predict(
        self,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        task: str | None = None,
    ) -> Array:
        """Most probable class of each item; parameters as in :meth:`predict_proba`."""
        found = self.predict_proba(X, domain=domain, edges=edges, task=task)
        if task is not None:
            return np.asarray(self._head(task).classes_[found.argmax(axis=1)])
        return np.asarray(self.classes_[self.decide(found)])

    def decide(self, probabilities: Array) -> Ints:
        """Position of the predicted class: the most probable, or by the threshold where one was asked for."""
        if self.threshold is not None and probabilities.shape[1] == 2:
            return (probabilities[:, 1] >= self.threshold_).astype(int)
        return np.asarray(probabilities.argmax(axis=1))

    def score(self, X: Any, y: Sequence[Any] | Array, *, domain: Sequence[str] | Array | None = None) -> float:
        """Share of items whose class is predicted."""
        return float(np.mean(self.predict(X, domain=domain) == np.asarray(y)))

    # -- further tasks -------------------------------------------------------------------------------------------------

    def add_task(
        self,
        name: str,
        X: Any,
        y: Sequence[Any] | Array,
        *,
        domain: Sequence[str] | Array | None = None,
        split: Sequence[str] | Array | None = None,
        known: Floats | None = None,
    ) -> Self:
        """Step 5 again: a further head for another label of the same kind of items; steps 1 to 4 stay as they are.

        Parameters
        ----------
        name : str
            What the task is called in :meth:`predict`.
        X, y, domain, split
            As in :meth:`fit`.
        known : array of shape (n, d), or None
            What :meth:`knowledge` gave for the items, where it is there already.
        """
        check_is_fitted(self, "routed_")
        data = DomainData.of(X, label=y, domain=domain, source=f"task {name!r}")
        data = _hold_out(
            data.with_split(["train"] * len(data) if split is None else split), self.validation, self.random_state
        )
        known = self.knowledge(self.encode(_items(data)), data.domain) if known is None else known
        classes = np.array(data.classes)
        codes = np.array([-1 if value is None else data.classes.index(value) for value in data.label.tolist()])
        head = TaskHead(random_state=self.random_state)
        self.heads_[name] = head.fit(known, codes, classes, validation=data.within("validation"))
        return self

    def _head(self, task: str) -> TaskHead:
        if task not in self.heads_:
            raise ParameterError(
                f"there is no task named {task!r}; add it with add_task (known: {', '.join(self.heads_) or 'none'})"
            )
        return self.heads_[task]

    def knowledge(self, encoded: Encoded, domain: Array) -> Floats:
        """What the fitted model knows of items, shape (n, d): vectors, last hidden layer, all members' log-odds."""
        members = [logs(p) - logs(p).mean(axis=1, keepdims=True) for p in self._members(encoded, domain).values()]
        return np.hstack([encoded.vectors, self.backbone_.last_hidden(encoded.vectors, self.merged_), *members]).astype(
            np.float32
        )

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write the fitted model as safetensors and JSON; what was there stays whole until the new one is."""
        check_is_fitted(self, "routed_")
        store.save(
            Path(folder),
            self.state(),
            kind="CrossDomainClassifier",
            facts={"classes": self.classes_.tolist(), "domains": self.domains_},
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a model that :meth:`save` wrote; nothing in it is executed."""
        return cls.from_state(store.load(Path(folder), kind="CrossDomainClassifier"))

    def state(self) -> State:
        """All that is needed to build the fitted model again."""
        plain = {k: v for k, v in self.get_params(deep=False).items() if k not in ("encoders", "backbone")}
        listed = [self.encoders] if isinstance(self.encoders, str | Encoder) else self.encoders
        return {
            "params": plain,
            "encoders": [e if isinstance(e, str) else {"family": e.family, "params": e.get_params()} for e in listed],
            "template": None if self.backbone is None else self.backbone.get_params(),
            "classes": self.classes_.tolist(),
            "domains": self.domains_,
            "features": self.features_.state(),
            "backbone": self.backbone_.state(),
            "families": {name: model.state() for name, model in self.families_.items()},
            "experts": self.experts_,
            "merged": self.merged_,
            "merges": [{"method": m.method, "setting": m.setting, "loss": m.loss} for m in self.merges_],
            "routed": self.routed_.state(),
            "static": self.static_.state(),
            "temperature": self.temperature_,
            "decision": self.threshold_,
            "calibration": self.calibration_,
            "heads": {name: head.state() for name, head in self.heads_.items()},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        encoders = [e if isinstance(e, str) else ENCODERS.load(e["family"])(**e["params"]) for e in state["encoders"]]
        template = None if state["template"] is None else Backbone(**state["template"])
        model = cls(tuple(encoders), backbone=template, **state["params"])
        model.clock_ = Steps()
        model.classes_, model.domains_ = np.array(state["classes"]), list(state["domains"])
        model.features_ = Features.from_state(state["features"])
        model.backbone_ = Backbone.from_state(state["backbone"])
        model.families_ = {name: BaseModel.from_state(s) for name, s in state["families"].items()}
        model.experts_, model.merged_ = state["experts"], state["merged"]
        model.merges_ = [Merged(m["method"], m["setting"], {}, m["loss"]) for m in state["merges"]]
        model.routed_, model.static_ = Combination.from_state(state["routed"]), Combination.from_state(state["static"])
        model.temperature_, model.threshold_ = state["temperature"], state["decision"]
        model.calibration_ = state["calibration"]
        model.heads_ = {name: TaskHead.from_state(s) for name, s in state["heads"].items()}
        return model


def _items(data: DomainData) -> Array:
    """The one modality that the encoders are fed."""
    if len(data.items) > 1:
        raise DataError(f"items of several modalities ({', '.join(data.items)}) were given; choose one")
    return np.asarray(next(iter(data.items.values())))


def _hold_out(data: DomainData, validation: float, seed: int) -> DomainData:
    if data.within("test").any():
        row = int(np.argmax(data.within("test"))) + 1
        raise DataError(f"{data.source}: row {row} is a test item; fit on training and validation items alone")
    return split(data, test=0.0, validation=validation, seed=seed)


def _unknown(n: int) -> Array:
    return np.array([None] * n, dtype=object)


def _one_domain(like: Array) -> Array:
    return np.array([""] * len(like), dtype=object)
