"""The five steps, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import scipy.sparse as sp

from polyculture import store
from polyculture.arrays import Array
from polyculture.classify.described import depends_on
from polyculture.classify.learning import Learning
from polyculture.classify.need import check_memory
from polyculture.classify.ordered import with_order
from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.features.combine import Encoded, Features
from polyculture.features.items import PLURAL, Items
from polyculture.preprocess import augment, augmented, clean_text
from polyculture.progress import Steps


class Fitting(Learning):
    """Labelled items of several domains in; a fitted model out."""

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        graph: sp.sparray | None = None,
        split: Sequence[str] | Array | None = None,
    ) -> Self:
        """Run the five steps.

        Parameters
        ----------
        X : sequence of n texts, array, sparse array or table of numbers of shape (n, d), images, series, or mapping
            Images are uint8 of shape (n, height, width, 3), or (n, height, width) where they are grey; series are
            numbers of shape (n, steps, channels). A mapping of modality to these may lack some: None, or a row of NaN
            (a bare table of numbers may not). What nobody has, or items of one class alone, is left out, and ``notes_``
            says so.
        y : sequence of n labels
            Where there is none: -1, None, NaN or an empty string for a class, a row of -1 or None for a set of labels,
            NaN or None for a value. Such items take part in vocabularies and in the graph.
        domain : sequence of n str, or None
            None is one domain.
        graph : sparse array of shape (n, n), or None
            Given edges.
        split : sequence of n str, or None
            ``"train"`` or ``"validation"``, where the held-out part is given.

        Notes
        -----
        Items are taken in an order of their own, by their content: the same items in another order give the same model,
        but over a given graph, whose rows they are.

        Inside ``with polyculture.store.run(folder):`` each step is kept in the folder, and taken from there.

        Raises
        ------
        DataError
            If there are fewer than two classes (or values), a domain has one labelled item, items cannot be read, or
            there are no texts with words.
        ShapeError
            If there is not one label, domain, split, row and column of the graph for each item.
        ParameterError
            If a parameter is out of its range.
        """
        self._check_parameters()
        self.clock_ = Steps()
        with self.clock_.step("preprocess"):
            data = self._cleaned(self._read(X, y, domain=domain, graph=graph, split=split, source="fit", reset=True))
            data, order = with_order(data) if graph is None else (data, None)
            data = self._parted(data)
        with store.part("fit", kinds=(DomainData,), data=replace(data, source=""), settings=depends_on(self)):
            with self.clock_.step("features"):
                encoded = self.encode_fit(data)
            self.learn(encoded, data)
        self.order_ = order
        return self

    def preprocess(
        self,
        X: Any,
        y: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        graph: sp.sparray | None = None,
        split: Sequence[str] | Array | None = None,
    ) -> DomainData:
        """Step 1: clean texts, hold items out, append augmented copies; items stay in their order."""
        data = self._read(X, y, domain=domain, graph=graph, split=split, source="fit", reset=True)
        return self._parted(self._cleaned(data))

    def _cleaned(self, data: DomainData) -> DomainData:
        items = Items.checked(data.items, data.present)
        texts = items.texts is not None
        if self._reads_texts and (data.graph is not None or not texts):
            given = (
                "a graph was given"
                if texts
                else f"{', '.join(PLURAL[kind] for kind in items.kinds.values())} were given"
            )
            raise ParameterError(f"the backbone is a {type(self.backbone).__name__}, which reads texts; {given}")
        check_memory(self, data, tuned=self._reads_texts)
        if self.augment and not texts:
            raise ParameterError(f"augment is {self.augment}, but copies are made of texts alone; set augment=0")
        return replace(data, items=items.mapped(clean_text, kind="text").values) if self.clean else data

    def _parted(self, data: DomainData) -> DomainData:
        data = self._hold_out(data, self._target_of(data.label))
        return data if not self.augment else augment(data, share=self.augment, seed=self.random_state)

    def encode_fit(self, data: DomainData) -> Encoded:
        """Step 2: fit encoders and graph, and encode the items they were fitted on."""
        self._begin(data)
        self.features_ = Features(
            self.encoders,
            self.network_encoders,
            # a Transformer reads texts, and no vectors that a graph could spread
            "none" if self._reads_texts else self.graph,
            self.propagation,
            self.hops,
            self.neighbours,
            self.components,
            self.random_state,
            self.n_jobs,
        )
        items = Items.checked(data.items, data.present)
        found = self.features_.fit_transform(
            items,
            # encoders that learn, and the choice of a graph, know classes alone
            self._kind.strata(self.codes(data.label)),
            domain=data.domain,
            validation=data.within("validation"),
            copies=augmented(data),
            graph=data.graph,
        )
        graph = None if data.graph is None else sp.csr_array(data.graph)
        return replace(found, texts=items.texts, graph=graph)
