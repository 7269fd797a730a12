"""What a cross-domain model is made of: its parameters, and what fitting leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Tags

from polyculture.arrays import Array
from polyculture.classify.lacking import Joined, Pattern
from polyculture.classify.unlabelled import OwnNetwork
from polyculture.classify.unlabelled_graph import OwnOverGraph
from polyculture.errors import DataError, ParameterError
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.backbone import Backbone
from polyculture.features.base_model import BaseModel
from polyculture.features.combine import Encoded, Features
from polyculture.features.encoders import Encoder
from polyculture.features.encoders.choice import Chosen, as_read
from polyculture.features.modality_backbone import ModalityBackbone
from polyculture.fuse.combine import ENSEMBLES, Combination
from polyculture.fuse.merging import MERGES, Merged
from polyculture.optimise import TaskHead
from polyculture.optimise.threshold import METRICS
from polyculture.progress import LOG, Steps
from polyculture.targets import Target

FUSE = ("auto", *MERGES, *ENSEMBLES, "backbone", "none")
_CHOICES: dict[str, tuple[Any, ...]] = {
    "adapt": ("fine_tune", "auto", "none"),
    "adapt_layers": ("auto", "all", "upper", "head"),
    "fuse": FUSE,
    "threshold": (None, *METRICS),
}
_LEAST = {"components": 1, "neighbours": 1, "random_state": 0}


class Parts(BaseEstimator):  # type: ignore[misc]
    """Parameters of the five steps and what they leave behind; see :class:`CrossDomainClassifier`."""

    _learns_values: ClassVar[bool] = False

    clock_: Steps
    notes_: list[str]
    domains_: list[str]
    target_: Target
    features_: Features
    backbone_: AnyBackbone
    families_: dict[str, BaseModel]
    experts_: dict[str, dict[str, Array]]
    merges_: list[Merged]
    merged_: dict[str, Array]
    routed_: Combination
    static_: Combination
    lacking_: dict[Pattern, Joined]
    temperature_: float
    threshold_: float
    calibration_: dict[str, float]
    heads_: dict[str, TaskHead]
    own_: dict[str, OwnNetwork | OwnOverGraph]
    n_features_in_: int
    feature_names_in_: Array

    def __init__(
        self,
        encoders: Chosen = "auto",
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
        self.refit_base_models = refit_base_models
        self.fine_tune_epochs = fine_tune_epochs
        self.calibrate = calibrate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_parameters(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name, None) not in allowed and hasattr(self, name):
                raise ParameterError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(map(str, allowed))}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < least:
                raise ParameterError(f"{name} is {value!r}; use a whole number from {least}")
        epochs = self.fine_tune_epochs
        if epochs is not None and (not isinstance(epochs, int | np.integer) or epochs < 0):
            raise ParameterError(f"fine_tune_epochs is {epochs!r}; use a whole number from 0, or None")
        if not 0 < self.validation < 1:
            raise ParameterError(f"validation is {self.validation}; use a share between 0 and 1")
        if not isinstance(self.encoders, str | Encoder | list | tuple | dict):
            raise ParameterError(f"encoders is a {type(self.encoders).__name__}; give names of encoders, or auto")
        if self._reads_texts and self.graph not in ("auto", "none"):
            raise ParameterError(
                f"graph is {self.graph!r}, but a {type(self.backbone).__name__} reads texts, which no graph spreads; "
                "leave the graph out"
            )
        if self.backbone is not None and not hasattr(self.backbone, "reads"):
            raise ParameterError(
                f"backbone is a {type(self.backbone).__name__}; give a Backbone, a TextBackbone, or None"
            )

    @property
    def steps_(self) -> list[tuple[str, float]]:
        """Name and seconds of each step."""
        return self.clock_.taken

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "routed_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return as_read(tags, self.encoders)

    @property
    def _kind(self) -> type[Target]:
        return type(self.target_)

    @property
    def _reads_texts(self) -> bool:
        return getattr(self.backbone, "reads", "") == "texts"

    def fed(self, encoded: Encoded) -> Any:
        """What the backbone is fed of encoded items: their texts if it is a Transformer, their vectors if not.

        Raises
        ------
        DataError
            If a Transformer is to read items that are no texts.
        """
        if not self._reads_texts:
            return encoded.vectors
        if encoded.texts is None:
            raise DataError(f"the backbone is a {type(self.backbone).__name__}, which reads texts; numbers were given")
        return encoded.texts

    def new_backbone(self, random_state: int) -> AnyBackbone:
        """An unfitted network of the shape and the settings asked for; of several modalities, one that fuses them."""
        columns = self.features_.columns_ if hasattr(self, "features_") else {}
        template: AnyBackbone = ModalityBackbone() if len(columns) > 1 else Backbone()
        if self.backbone is not None:
            template = clone(self.backbone)
        template.set_params(random_state=random_state, target=self._kind.name)
        if isinstance(template, ModalityBackbone):
            template.set_params(columns=columns)
        return template

    @property
    def known_domains(self) -> list[str]:
        """Domains that the model was fitted on."""
        return self.domains_

    def _note(self, sentence: str) -> None:
        """Say on the log, and keep, what a user may not expect."""
        LOG.warning(sentence)
        self.notes_.append(sentence)


def unknown(count: int) -> Array:
    """As many domains that no model knows."""
    return np.array([None] * count, dtype=object)
