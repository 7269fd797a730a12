"""Passes over the rows, early stopping, and the weights that stay."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.progress import LOG
from polyculture.training.objectives import Objective
from polyculture.training.steps import averaged, batches, optimiser

FUSED = ("adam", "adamw")

Schedule = Callable[[int, int], float]
Disturb = Callable[[], AbstractContextManager[None]]


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
class _Best:
    """The changing weights with the lowest validation loss so far, and for how many epochs they have been that."""

    loss: float = math.inf
    state: dict[str, Any] = field(default_factory=dict)
    waited: int = 0

    def see(self, network: nn.Module, loss: float) -> None:
        self.waited += 1
        if loss < self.loss:
            kept = {name for name, value in network.named_parameters() if not value.requires_grad}
            changing = {name: value for name, value in network.state_dict().items() if name not in kept}
            self.loss, self.state, self.waited = loss, copy.deepcopy(changing), 0


def train(
    network: nn.Module,
    objective: Objective,
    rows: Array,
    validation_rows: Array | None = None,
    *,
    optimizer: str = "adamw",
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-2,
    batch_size: int = 128,
    epochs: int = 20,
    patience: int | None = 3,
    lengths: Array | None = None,
    clip: float = 0.0,
    groups: Sequence[Mapping[str, Any]] | None = None,
    schedule: Schedule | None = None,
    average: float = 0.0,
    disturb: Disturb | None = None,
    seed: int = 0,
    name: str = "network",
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train in place, stop early, and leave the weights of the best validation epoch in the network.

    Without `patience` held-out rows are judged and choose nothing: where the learning rate falls to nothing, the last
    weights are what it falls to.

    Parameters
    ----------
    network : torch.nn.Module
        Only parameters with ``requires_grad`` change.
    objective : callable
        ``(network, rows) -> (loss, right, answers)``; see :func:`classification`.
    rows : array of int
        Rows to train on.
    validation_rows : array of int or None
        Rows that decide when to stop; without them all epochs run and the last weights stay.
    optimizer : str
        Name of an optimiser in ``torch.optim``.
    learning_rate, weight_decay : float
        Given to the optimiser.
    batch_size, epochs : int
        Rows a step; passes at most.
    patience : int or None
        Passes without a better validation loss before it stops; None: all passes, and the last weights stay.
    lengths : array of int, shape (n,), or None
        Items' lengths, to batch like with like.
    clip : float
        Largest norm of the gradient; 0 for none (recurrent networks need one).
    groups : sequence of dict, or None
        Parameters with settings of their own (``lr``, ``weight_decay``), as torch's optimisers take them; all that
        change, alike, when None.
    schedule : callable or None
        Step and number of all steps to the share of the learning rate; 1 throughout when None.
    average : float in [0, 1)
        Share that the running mean of the weights keeps at each step; it is the mean that is judged and that stays. 0
        for none.
    disturb : callable or None
        A context in which, once its gradient is known, the network is disturbed: the step then follows the sum of both
        gradients, before and inside.
    seed : int
        Of the order of rows and of dropout.
    name : str
        What the log calls the network.
    on_epoch : callable or None
        Called with each :class:`Epoch`.

    Returns
    -------
    list of Epoch

    Raises
    ------
    ParameterError
        If the loss is no longer a number.

    References
    ----------
    Polyak & Juditsky 1992, SIAM Journal on Control and Optimization 30(4) (averaged weights).

    Examples
    --------
    >>> import numpy as np, torch
    >>> from polyculture.training import classification, train
    >>> x, y = torch.tensor([[1.0], [-1.0]]), torch.tensor([0, 1])
    >>> objective = classification(lambda rows: (x[rows],), y)
    >>> train(torch.nn.Linear(1, 2), objective, np.arange(2), learning_rate=0.5, epochs=20)[-1].accuracy
    1.0
    """
    torch.manual_seed(seed)
    rng = np.random.RandomState(seed)
    steps = optimiser(
        optimizer,
        [p for p in network.parameters() if p.requires_grad] if groups is None else [dict(part) for part in groups],
        lr=learning_rate,
        weight_decay=weight_decay,
        # one pass over all weights in place of one for each tensor and operation; optimisers without it do not get it
        fused=optimizer.lower() in FUSED or None,
    )
    pace = None
    if schedule is not None:
        count = max(epochs * math.ceil(len(rows) / batch_size), 1)
        pace = torch.optim.lr_scheduler.LambdaLR(steps, lambda step: schedule(step, count))
    history, best = list[Epoch](), _Best()
    mean = averaged(network, average) if average else None
    judged = network if mean is None else mean.module
    stop: Array = np.arange(0) if validation_rows is None else validation_rows
    if len(stop) and patience is not None:
        # The weights it starts from are a candidate too: an expert that does not get better stays the backbone.
        best.see(judged, judge(judged, objective, stop, batch_size)[0])
    for number in range(1, epochs + 1):
        loss, accuracy = _pass(
            network, objective, batches(rows, batch_size, rng, lengths), steps, clip, pace, mean, disturb
        )
        if not math.isfinite(loss):
            raise ParameterError(f"{name}: the loss is no longer a number in epoch {number}; lower the learning rate")
        held = judge(judged, objective, stop, batch_size) if len(stop) else (math.nan, math.nan)
        history.append(Epoch(number, loss, accuracy, *held))
        LOG.info("%s %s", name, history[-1])
        if on_epoch:
            on_epoch(history[-1])
        if len(stop) and patience is not None:
            best.see(judged, held[0])
            if best.waited >= max(patience, 1):
                break
    if best.state:
        network.load_state_dict(best.state, strict=False)
    elif mean is not None:
        network.load_state_dict(mean.module.state_dict())
    network.eval()
    return history


def _pass(
    network: nn.Module,
    objective: Objective,
    cut: list[Tensor],
    steps: torch.optim.Optimizer,
    clip: float,
    pace: torch.optim.lr_scheduler.LambdaLR | None,
    mean: AveragedModel | None,
    disturb: Disturb | None,
) -> tuple[float, float]:
    network.train()
    total, right, answers = 0.0, 0, 0
    for rows in cut:
        seen: list[tuple[float, int, int]] = []

        # Some optimisers ask for the loss several times a step.
        def again(rows: Tensor = rows, seen: list[tuple[float, int, int]] = seen) -> Tensor:
            loss, hits, count = objective(network, rows)
            steps.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if disturb is not None:
                with disturb():
                    objective(network, rows)[0].backward()  # type: ignore[no-untyped-call]
            if clip:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            seen.append((float(loss.detach()), hits, count))
            return loss

        steps.step(again)  # type: ignore[arg-type]
        if pace is not None:
            pace.step()
        if mean is not None:
            mean.update_parameters(network)
        loss, hits, count = seen[0]
        total, right, answers = total + loss * count, right + hits, answers + count
    return total / max(answers, 1), right / max(answers, 1)


@torch.no_grad()
def judge(network: nn.Module, objective: Objective, rows: Array, batch_size: int = 256) -> tuple[float, float]:
    """Mean loss and accuracy of a network on these rows, without training it.

    Examples
    --------
    >>> import torch
    >>> from polyculture.training import classification, judge
    >>> x, y = torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0])
    >>> loss, accuracy = judge(torch.nn.Identity(), classification(lambda rows: (x[rows],), y), [0, 1])
    >>> accuracy
    0.5
    """
    network.eval()
    total, right, answers = 0.0, 0, 0
    for part in torch.from_numpy(np.asarray(rows, dtype=np.int64)).split(max(batch_size, 1)):  # type: ignore[no-untyped-call]
        loss, hits, count = objective(network, part)
        total, right, answers = total + float(loss) * count, right + hits, answers + count
    return total / max(answers, 1), right / max(answers, 1)
