"""How far a training is, and how it goes on from there."""

from __future__ import annotations

import copy
import math
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from polyculture import store
from polyculture.arrays import Array
from polyculture.errors import StoreError
from polyculture.progress import LOG
from polyculture.store import State, records
from polyculture.training.team import Team

SECONDS = 10.0
"""Between two checkpoints: a pass of a small network takes less than to keep it."""
_KIND = "checkpoint"


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows gave; NaN where there is no validation part.

    Examples
    --------
    >>> from polyculture.training import Epoch
    >>> print(Epoch(3, 0.5, 0.75, 0.6, 0.7))
    epoch 3: loss 0.500 accuracy 0.750, validation loss 0.600 accuracy 0.700
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float

    def __str__(self) -> str:
        held = f"validation loss {self.validation_loss:.3f} accuracy {self.validation_accuracy:.3f}"
        return f"epoch {self.epoch}: loss {self.loss:.3f} accuracy {self.accuracy:.3f}, {held}"


@dataclass
class Best:
    """The changing weights with the lowest validation loss so far, and for how many epochs they have been that."""

    loss: float = math.inf
    state: dict[str, Any] = field(default_factory=dict)
    waited: int = 0

    def see(self, network: nn.Module, loss: float) -> None:
        """Take the weights if they are better."""
        self.waited += 1
        if loss < self.loss:
            kept = {name for name, value in network.named_parameters() if not value.requires_grad}
            changing = {name: value for name, value in network.state_dict().items() if name not in kept}
            self.loss, self.state, self.waited = loss, copy.deepcopy(changing), 0


@dataclass
class Checkpoint:
    """A folder that the standing of one training is kept in, from time to time."""

    folder: Path
    kept: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, name: str, **inputs: Any) -> Checkpoint | None:
        """The checkpoint of a training, known by all that it depends on; None where no run is open."""
        place = store.here().folder
        return None if place is None else cls(place / f"training-{records.digest([name, inputs])[:12]}")

    def load(self) -> State | None:
        """What was kept; None where that is nothing, or damaged."""
        if not (self.folder / "manifest.json").is_file():
            return None
        try:
            return store.load(self.folder, kind=_KIND)
        except StoreError as error:
            LOG.warning("%s is damaged (%s); the training begins anew", self.folder, error)
            return None

    def save(self, state: State) -> None:
        """Keep it, whole or not at all."""
        store.save(self.folder, state, kind=_KIND, facts={"epoch": len(state["history"])})
        self.kept = time.monotonic()

    def due(self) -> bool:
        """Whether the last one is old enough."""
        return time.monotonic() - self.kept >= SECONDS

    def clear(self) -> None:
        """Take it away: the training is done."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Standing:
    """All that changes while a network is trained."""

    network: nn.Module
    steps: torch.optim.Optimizer
    pace: torch.optim.lr_scheduler.LambdaLR | None
    mean: AveragedModel | None
    rng: np.random.RandomState
    best: Best = field(default_factory=Best)
    history: list[Epoch] = field(default_factory=list)

    @property
    def judged(self) -> nn.Module:
        """What is judged and stays: the running mean of the weights, where there is one."""
        return self.network if self.mean is None else self.mean.module

    def state(self) -> State:
        """All of it, as plain numbers and arrays."""
        return {
            "network": _arrays(self.network.state_dict()),
            "steps": _arrays(self.steps.state_dict()),
            "pace": None if self.pace is None else self.pace.last_epoch,
            "mean": None if self.mean is None else _arrays(self.mean.state_dict()),
            "best": {"loss": self.best.loss, "waited": self.best.waited, "state": _arrays(self.best.state)},
            "history": [tuple(vars(epoch).values()) for epoch in self.history],
            "torch": torch.get_rng_state().numpy(),
            "numpy": self.rng.get_state(),
        }

    def put(self, state: State) -> None:
        """Go on from what :meth:`state` gave."""
        self.network.load_state_dict(_tensors(state["network"]))
        self.steps.load_state_dict(_tensors(state["steps"]))
        if self.pace is not None:
            self.pace.load_state_dict({**self.pace.state_dict(), "last_epoch": state["pace"]})
        if self.mean is not None:
            self.mean.load_state_dict(_tensors(state["mean"]))
        self.best = Best(state["best"]["loss"], _tensors(state["best"]["state"]), state["best"]["waited"])
        self.history[:] = [Epoch(*row) for row in state["history"]]
        torch.set_rng_state(torch.from_numpy(state["torch"].copy()))
        self.rng.set_state(tuple(state["numpy"]))

    def keep(self, checkpoint: Checkpoint | None) -> None:
        """Keep it, where there is a checkpoint and the last one is old enough."""
        if checkpoint is not None and checkpoint.due():
            checkpoint.save(self.state())

    def finish(self) -> None:
        """Leave the weights that stay in the network: the best, the mean, or the last."""
        if self.best.state:
            self.network.load_state_dict(self.best.state, strict=False)
        elif self.mean is not None:
            self.network.load_state_dict(self.mean.module.state_dict())
        self.network.eval()

    def resume(self, checkpoint: Checkpoint | None, team: Team | None) -> bool:
        """Go on from a checkpoint, in all processes alike, if there is one."""
        known = None if checkpoint is None else checkpoint.load()
        known = known if team is None else team.share(known)
        if known is None:
            return False
        self.put(known)
        LOG.info("the training goes on after epoch %d", len(self.history))
        return True


def _arrays(value: Any) -> Any:
    """Tensors as arrays, wherever they stand."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy().copy()
    if isinstance(value, dict):
        return {key: _arrays(each) for key, each in value.items()}
    return type(value)(_arrays(each) for each in value) if isinstance(value, list | tuple) else value


def _tensors(value: Any) -> Any:
    """Arrays as tensors, wherever they stand."""
    if isinstance(value, np.ndarray):
        found: Array = value.copy()
        return torch.from_numpy(found)
    if isinstance(value, dict):
        return {key: _tensors(each) for key, each in value.items()}
    return type(value)(_tensors(each) for each in value) if isinstance(value, list | tuple) else value
