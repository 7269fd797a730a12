"""Steps 2 to 5 on items that are encoded already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from polyculture import pieces, store
from polyculture.adapt import fine_tune
from polyculture.arrays import Array, Mask
from polyculture.classify.answering import Answering
from polyculture.classify.lacking import FEW, Joined, having, patterns
from polyculture.classify.learnt import learnt_of
from polyculture.classify.notes import notes_on
from polyculture.classify.unlabelled import OwnNetwork, Teaching, adapt_without_labels
from polyculture.classify.unlabelled_graph import OwnOverGraph, adapt_without_labels_over_graph
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.base_model import BaseModel
from polyculture.features.combine import Encoded
from polyculture.features.network import Weights
from polyculture.fuse.combine import Combination
from polyculture.fuse.merging import MERGES, Merged, merge
from polyculture.optimise import best_threshold, expected_calibration_error, fine_tune_merged, sharpen, temperature
from polyculture.progress import Steps
from polyculture.targets import Classes, Values


class Learning(Answering):
    """The backbone, the experts, their fusion, and what is done to it."""

    def _begin(self, data: DomainData) -> None:
        """The classes and domains that there are."""
        self.target_, self.domains_ = self._target_of(data.label), data.domains
        if not self._learns_values:
            self.classes_ = self.target_.names
        if getattr(self, "threshold", None) is None:
            return
        if not isinstance(self.target_, Classes):
            raise ParameterError("a threshold is for two classes, and each label is decided at one half; leave it out")
        if self.target_.width != 2:
            raise ParameterError(f"a threshold is for two classes, there are {self.target_.width}; leave it out")

    def codes(self, labels: Array) -> Array:
        """Labels as an array to learn from: a class is its position, and -1 stands for none."""
        return self.target_.encode(labels)

    def check_labels(self, data: DomainData) -> None:
        """Every label must be one of the classes.

        Raises
        ------
        DataError
            Naming the first row whose label is not.
        """
        if not isinstance(self.target_, Classes):
            return
        known = set(self.target_.names.tolist())
        for row, value in enumerate(data.label.tolist(), start=1):
            if value is not None and value not in known:
                raise DataError(
                    f"{data.source}: row {row} has the label {value!r}, which the model does not know; "
                    f"it was fitted on {', '.join(map(str, self.target_.names))}"
                )

    def learn(
        self,
        encoded: Encoded,
        data: DomainData,
        *,
        backbone: AnyBackbone | None = None,
        families: Mapping[str, BaseModel] | None = None,
        refitted: Mapping[str, BaseModel] | None = None,
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
        backbone, families, refitted, experts, merges : or None
            What is there already and is not made again; an empty mapping leaves its parts out. Families as they were
            before they learnt from held-out items (``judging_``), and as they are since (``families_``).
        """
        self.clock_ = getattr(self, "clock_", Steps())
        self._begin(data)
        y, held = self.codes(data.label), data.within("validation")
        known = self._kind.labelled(y)
        rows, stop = np.flatnonzero(~held & known), np.flatnonzero(held & known)
        self.notes_ = []
        for sentence in (*self.features_.left_out_.values(), *notes_on(self.target_, y, data.domain, held)):
            self._note(sentence)
        fed = self.fed(encoded)
        with self.clock_.step("backbone"):
            self.backbone_ = backbone or self._backbone(fed, y, held)
        with self.clock_.step("base models"):
            self.judging_ = self._base_models(encoded, y, held) if families is None else dict(families)
            self.families_ = self.judging_
        with self.clock_.step("adapt"):
            self.experts_ = dict(experts) if experts is not None else self._adapt(fed, y, data.domain, held)
        with self.clock_.step("fuse"):
            self.merges_ = list(merges) if merges is not None else self._merge(fed, y, data.domain, rows, stop)
            self.merged_ = dict(self.merges_[0].weights)
        with self.clock_.step("optimise"):
            epochs = self.fine_tune_epochs if self.experts_ else 0
            tune = partial(fine_tune_merged, self.backbone_, self.merged_, fed, y, rows=rows, stop=stop, epochs=epochs)
            self.merged_ = store.step("fused model", tune)
            self._combine(encoded.take(stop), y[stop], data.domain[stop])
            self._calibrate(self.routed_.held_out_, y[stop])
            if self.refit_base_models:
                # everything is chosen: the held-out items may teach now
                self.families_ = self._refitted(encoded, y) if refitted is None else dict(refitted)
        self.heads_, self.own_ = {}, {}
        self.fitted_, self.learnt_ = learnt_of(data, known)
        self.order_ = None
        if self.adapt == "auto":
            with self.clock_.step("adapt to domains without labels"):
                self.own_ = self._adapt_unlabelled(encoded, y, data.domain)
        return self

    def _backbone(self, fed: Any, y: Array, held: Mask) -> AnyBackbone:
        new = self.new_backbone(self.random_state)
        fit = partial(new.fit, fed, y, validation=held, classes=self.target_.width)
        return store.step("backbone", fit, (type(new),))

    def _base_models(self, encoded: Encoded, y: Array, held: Mask) -> dict[str, BaseModel]:
        new = BaseModel(random_state=self.random_state, target=self._kind.name)
        given = ((view, self._known_of(encoded, name, y)) for name, view in encoded.views.items())
        names, shared = [f"base model {name}" for name in encoded.views], (new, held, self.target_.width)
        found = pieces.steps(_base_model, names, given, kinds=(BaseModel,), shared=shared)
        return dict(zip(encoded.views, found, strict=True))

    def _refitted(self, encoded: Encoded, y: Array) -> dict[str, BaseModel]:
        """The base models, taught by held-out items too."""
        given = (
            (model, encoded.views[name], self._known_of(encoded, name, y)) for name, model in self.judging_.items()
        )
        names = [f"base model {name} refitted" for name in self.judging_]
        return dict(zip(self.judging_, pieces.steps(_again, names, given, kinds=(BaseModel,)), strict=True))

    def _known_of(self, encoded: Encoded, view: str, y: Array) -> Array:
        """Labels of the items that this view knows something of."""
        return self._kind.blank(y, encoded.present[view]) if view in encoded.present else y

    def _adapt(self, X: Any, y: Array, domain: Array, held: Mask) -> dict[str, dict[str, Array]]:
        if self.adapt == "none":
            return {}
        return fine_tune(self.backbone_, X, y, domain, validation=held, layers=self.adapt_layers)

    def _adapt_unlabelled(self, encoded: Encoded, y: Array, domain: Array) -> dict[str, OwnNetwork | OwnOverGraph]:
        """Parts of its own for each domain without labels, where that promises something."""
        unlabelled = sorted(set(domain.tolist()) - set(domain[self._kind.labelled(y)].tolist()))
        found: dict[str, OwnNetwork | OwnOverGraph | None] = {}
        if encoded.graph is not None and self._kind is not Values:
            own = partial(adapt_without_labels_over_graph, seed=self.random_state)
            names, given = [f"network of {name}" for name in unlabelled], ((name,) for name in unlabelled)
            networks = pieces.steps(own, names, given, kinds=(OwnOverGraph,), shared=(encoded, y, domain))
            found = dict(zip(unlabelled, networks, strict=True))
        elif unlabelled:
            found = self._by_self_training(encoded, y, domain, unlabelled)
        return {name: own for name, own in found.items() if own is not None}

    def _by_self_training(
        self, encoded: Encoded, y: Array, domain: Array, unlabelled: Sequence[str]
    ) -> dict[str, OwnNetwork | OwnOverGraph | None]:
        if not isinstance(self.target_, Classes):
            self._note(
                f"adapting to domains without labels is for classes, not {self._kind.name}: the others serve them"
            )
            return {}
        teaching = Teaching(
            encoded.vectors,
            y,
            domain,
            self.merged_,
            lambda taught: self._taught(self.fed(encoded), taught),
            lambda rows: self._answering(encoded.take(rows)),
            self.random_state,
        )

        def own(name: str) -> OwnNetwork | None:
            return adapt_without_labels(teaching, np.flatnonzero(domain == name), name=name)

        return {name: store.step(f"network of {name}", partial(own, name), (OwnNetwork,)) for name in unlabelled}

    def _answering(self, encoded: Encoded) -> Callable[[Weights], Array]:
        """Weights to the fused answers that these items get with them; base models are asked once."""
        families = {
            name: model.answers(encoded.views[name], encoded.present.get(name))
            for name, model in self.families_.items()
        }
        fed = self.fed(encoded)
        return lambda weights: self._joined(self.backbone_.answers(fed, weights), families)

    def _taught(self, fed: Any, y: Array) -> Weights:
        """The merged network, taught by these labels; what is held out of other domains cannot say when to stop."""
        suits = self.backbone_.suits
        return self.backbone_.trained(
            self.merged_,
            fed,
            y,
            np.flatnonzero(y >= 0),
            np.empty(0, dtype=int),
            learning_rate=suits.learning_rate,
            epochs=suits.epochs,
            frozen=self.backbone_.frozen_layers(suits.layers),
            name="network of a domain without labels",
        )[0]

    def _merge(self, X: Any, y: Array, domain: Array, rows: Array, stop: Array) -> list[Merged]:
        if not self.experts_ or self.fuse in ("backbone", "none"):
            return [Merged("backbone", "as trained", self.backbone_.weights_, float("nan"))]
        methods = (self.fuse,) if self.fuse in MERGES else MERGES
        merges = partial(merge, rows=rows, stop=stop, methods=methods, refit_head=self.refit_head)
        return store.step("merges", partial(merges, self.backbone_, self.experts_, X, y, domain), (Merged,))

    def _combine(self, held: Encoded, y: Array, domain: Array) -> None:
        """One way of answering where the domain is known, one where it is not; and these for what items may lack."""
        joined = self._joined_by(held, y, domain, list(self.families_))
        self.routed_, self.static_, self.lacking_ = joined.routed, joined.static, {}
        there = having(held, self.features_.reads_)
        complete = np.all(list(there.values()), axis=0)
        for has in patterns(list(there)) if len(there) > 1 else ():
            gone = set(there) - set(has)
            rows = np.flatnonzero(np.all([there[name] for name in has], axis=0))
            # what all have is what was just chosen by
            if not gone and (complete.all() or len(rows) < FEW):
                continue
            views = [name for name in self.families_ if self.features_.reads_[name] in has]
            lesser = self.features_.without(held.take(rows), gone)
            self.lacking_[has] = self._joined_by(lesser, y[rows], domain[rows], views, learn=len(rows) >= FEW)

    def _joined_by(self, held: Encoded, y: Array, domain: Array, views: Sequence[str], *, learn: bool = True) -> Joined:
        """What joins the networks' answers and those of these base models; without learning, their plain ensemble."""
        answers = self._members(held, domain)
        families = {name: answers[f"encoder:{name}"] for name in views}
        first = "experts" if self.experts_ else "backbone"
        routed = {name: answers[name] for name in dict.fromkeys((first, "merged", "backbone"))}
        static = {name: answers[name] for name in ("merged", "backbone")}
        method = {**dict.fromkeys(MERGES, "merged"), "none": first}.get(self.fuse, self.fuse)
        method = "logit_ensemble" if method == "auto" and not learn else method
        # nobody tells the static model the domain: its stack must not learn one either
        return Joined(
            Combination(method, self.random_state).fit(routed, families, y, domain),
            Combination("merged" if method == "experts" else method, self.random_state).fit(
                static, families, y, domain, told=False
            ),
        )

    def _calibrate(self, found: Array, y: Array) -> None:
        """One temperature, from answers that stacking gave out of fold."""
        self.temperature_, self.threshold_ = 1.0, 0.5
        before = expected_calibration_error(found, y)
        if self.calibrate and len(y):
            self.temperature_ = temperature(self._kind.raised(found), y)
        sharpened = sharpen(found, self.temperature_, self._kind)
        after = expected_calibration_error(sharpened, y)
        self.calibration_ = {"before": before, "after": after, "temperature": self.temperature_}
        metric = getattr(self, "threshold", None)
        if metric is not None and len(y):
            self.threshold_ = best_threshold(sharpened, y, metric=metric)


def _base_model(new: BaseModel, held: Mask, classes: int, view: Any, y: Array) -> BaseModel:
    model: BaseModel = clone(new)
    return model.fit(view, y, validation=held, classes=classes)


def _again(model: BaseModel, view: Any, y: Array) -> BaseModel:
    return model.refitted(view, y)
