"""A fitted model on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from polyculture import store
from polyculture.arrays import Array
from polyculture.classify.described import asked, rebuilt
from polyculture.classify.fitting import Fitting
from polyculture.classify.lacking import Joined
from polyculture.classify.unlabelled import OwnNetwork
from polyculture.classify.unlabelled_graph import OwnOverGraph
from polyculture.errors import ParameterError
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.backbones import BACKBONES
from polyculture.features.base_model import BaseModel
from polyculture.features.combine import Features
from polyculture.features.encoders.base import State
from polyculture.features.network import Weights
from polyculture.fuse.combine import Combination
from polyculture.fuse.merging import Merged
from polyculture.optimise import TaskHead
from polyculture.progress import Steps
from polyculture.targets import KINDS

_OWN: dict[str, type[OwnNetwork | OwnOverGraph]] = {each.kind: each for each in (OwnNetwork, OwnOverGraph)}


class Keeping(Fitting):
    """Written as safetensors and JSON, and read without executing anything."""

    def save(self, folder: str | Path) -> None:
        """Write the fitted model as safetensors and JSON; what was there stays whole until the new one is."""
        self._check_fitted()
        facts = {
            "classes": self.target_.names.tolist(),
            "domains": self.domains_,
            "modalities": self.features_.state_of_modalities(),
        }
        store.save(Path(folder), self.state(), kind=type(self).__name__, facts=facts)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the fused Transformer as a folder that transformers loads; see :meth:`TextBackbone.save_pretrained`.

        It is the merged network alone, for texts that are cleaned already: base models, experts and what joins them are
        kept by :meth:`save`.

        Raises
        ------
        ParameterError
            If the backbone is no Transformer, or transformers has no network that pools as it does.
        """
        self._check_fitted()
        write = getattr(self.backbone_, "save_pretrained", None)
        if write is None:
            raise ParameterError("the backbone is a network over vectors, which transformers does not know; use save")
        write(folder, self.merged_, names=None if self._learns_values else self.target_.names)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a model that :meth:`save` wrote; nothing in it is executed."""
        return store.rebuilt(Path(folder), cls.from_state, kind=cls.__name__)

    def state(self) -> State:
        """All that is needed to build the fitted model again."""
        names = getattr(self, "feature_names_in_", None)
        return {
            **asked(self),
            "target": self.target_.state(),
            "columns": {
                "count": getattr(self, "n_features_in_", None),
                "names": None if names is None else names.tolist(),
            },
            "domains": self.domains_,
            "features": self.features_.state(),
            "backbone": {"family": self.backbone_.family, "state": self.backbone_.state()},
            "families": {name: model.state() for name, model in self.families_.items()},
            "experts": {name: _changed(weights, self.backbone_) for name, weights in self.experts_.items()},
            "merged": self.merged_,
            "merges": [{"method": m.method, "setting": m.setting, "loss": m.loss} for m in self.merges_],
            "routed": self.routed_.state(),
            "static": self.static_.state(),
            "lacking": [{"has": list(has), "joined": joined.state()} for has, joined in self.lacking_.items()],
            "temperature": self.temperature_,
            "decision": self.threshold_,
            "calibration": self.calibration_,
            "notes": self.notes_,
            "heads": {name: head.state() for name, head in self.heads_.items()},
            "own": {name: parts.state() for name, parts in self.own_.items()},
            "learnt": self.learnt_,
            # neighbours are named by them, and without a graph there are none
            "fitted": self.fitted_ if self.features_.spread_.layers_ else None,
            "order": self.order_ if self.features_.spread_.layers_ else None,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        template, backbone = state["template"], state["backbone"]
        if template is not None:
            template = BACKBONES.load(template["family"])(**template["params"])
        model = cls(rebuilt(state["encoders"]), backbone=template, **state["params"])
        model.clock_, model.notes_ = Steps(), list(state["notes"])
        model.target_, model.domains_ = (
            KINDS[state["target"]["kind"]].from_state(state["target"]),
            list(state["domains"]),
        )
        if not cls._learns_values:
            model.classes_ = model.target_.names
        if state["columns"]["count"] is not None:
            model.n_features_in_ = state["columns"]["count"]
        if state["columns"]["names"] is not None:
            model.feature_names_in_ = np.array(state["columns"]["names"], dtype=object)
        model.features_ = Features.from_state(state["features"])
        model.backbone_ = BACKBONES.load(backbone["family"]).from_state(backbone["state"])
        model.families_ = {name: BaseModel.from_state(s) for name, s in state["families"].items()}
        shared = model.backbone_.weights_
        model.experts_ = {name: shared | own for name, own in state["experts"].items()}
        model.merged_ = state["merged"]
        model.merges_ = [Merged(m["method"], m["setting"], {}, m["loss"]) for m in state["merges"]]
        model.routed_, model.static_ = Combination.from_state(state["routed"]), Combination.from_state(state["static"])
        model.lacking_ = {tuple(each["has"]): Joined.from_state(each["joined"]) for each in state["lacking"]}
        model.temperature_, model.threshold_ = state["temperature"], state["decision"]
        model.calibration_ = state["calibration"]
        model.own_ = {name: _OWN[s["kind"]].from_state(s) for name, s in state["own"].items()}
        # models that were saved before items were remembered have none
        model.learnt_, model.fitted_ = state.get("learnt"), state.get("fitted")
        model.order_ = state.get("order")
        model.heads_ = {name: TaskHead.from_state(s) for name, s in state["heads"].items()}
        return model


def _changed(weights: Weights, backbone: AnyBackbone) -> dict[str, Array]:
    """Tensors that are not the backbone's own: an expert may share most of it."""
    return {name: value for name, value in weights.items() if value is not backbone.weights_[name]}
