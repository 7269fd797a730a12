"""Passes over the rows, early stopping, and the weights that stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array
from polyculture.device import forked, lent
from polyculture.errors import ParameterError
from polyculture.progress import LOG
from polyculture.training.gradient import gradient
from polyculture.training.objectives import Objective
from polyculture.training.standing import Checkpoint, Epoch, Standing
from polyculture.training.steps import averaged, batches, optimiser
from polyculture.training.team import Team

FUSED = ("adam", "adamw")

Schedule = Callable[[int, int], float]
Disturb = Callable[[], AbstractContextManager[None]]


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
    checkpoint: Checkpoint | None = None,
    team: Team | None = None,
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
    checkpoint : Checkpoint or None
        Where its standing is kept after a pass, to go on from; the objective must hold nothing that changes.
    team : Team or None
        Processes that all call this alike, and each of which takes its part of every batch; without `disturb`.

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
    with forked(), lent(network):
        torch.manual_seed(seed)
        steps = optimiser(
            optimizer,
            [p for p in network.parameters() if p.requires_grad] if groups is None else [dict(part) for part in groups],
            lr=learning_rate,
            weight_decay=weight_decay,
            # one pass over all weights in place of one for each tensor and operation; others do not get it
            fused=optimizer.lower() in FUSED or None,
        )
        pace = None
        if schedule is not None:
            count = max(epochs * math.ceil(len(rows) / batch_size), 1)
            pace = torch.optim.lr_scheduler.LambdaLR(steps, lambda step: schedule(step, count))
        mean = averaged(network, average) if average else None
        now = Standing(network, steps, pace, mean, np.random.RandomState(seed))
        stop: Array = np.arange(0) if validation_rows is None else validation_rows
        most = max(patience or 0, 1) if len(stop) and patience is not None else math.inf
        if not now.resume(checkpoint, team) and most < math.inf:
            # The weights it starts from are a candidate too: an expert that does not get better stays the backbone.
            now.best.see(now.judged, _judged(now, objective, stop, batch_size, team)[0])
        while len(now.history) < epochs and now.best.waited < most:
            number = len(now.history) + 1
            loss, accuracy = _pass(now, objective, batches(rows, batch_size, now.rng, lengths), clip, disturb, team)
            if not math.isfinite(loss):
                raise ParameterError(
                    f"{name}: the loss is no longer a number in epoch {number}; lower the learning rate"
                )
            held = _judged(now, objective, stop, batch_size, team) if len(stop) else (math.nan, math.nan)
            now.history.append(Epoch(number, loss, accuracy, *held))
            LOG.info("%s %s", name, now.history[-1])
            if on_epoch:
                on_epoch(now.history[-1])
            if most < math.inf:
                now.best.see(now.judged, held[0])
            now.keep(checkpoint)
        now.finish()
    if checkpoint is not None:
        checkpoint.clear()
    return now.history


def _judged(now: Standing, objective: Objective, rows: Array, batch_size: int, team: Team | None) -> tuple[float, ...]:
    found = judge(now.judged, objective, rows, batch_size)
    return found if team is None else team.same(found)


def _pass(
    now: Standing,
    objective: Objective,
    cut: list[Tensor],
    clip: float,
    disturb: Disturb | None,
    team: Team | None,
) -> tuple[float, float]:
    now.network.train()
    total, right, answers = 0.0, 0, 0
    for rows in cut:
        seen: list[tuple[float, int, int]] = []

        # Some optimisers ask for the loss several times a step.
        def again(rows: Tensor = rows, seen: list[tuple[float, int, int]] = seen) -> Tensor:
            now.steps.zero_grad(set_to_none=True)
            loss, hits, count = gradient(now.network, objective, rows, team)
            if disturb is not None:
                with disturb():
                    objective(now.network, rows)[0].backward()  # type: ignore[no-untyped-call]
            if clip:
                nn.utils.clip_grad_norm_(now.network.parameters(), clip)
            seen.append((float(loss), hits, count))
            return loss

        now.steps.step(again)  # type: ignore[arg-type]
        if now.pace is not None:
            now.pace.step()
        if now.mean is not None:
            now.mean.update_parameters(now.network)
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
