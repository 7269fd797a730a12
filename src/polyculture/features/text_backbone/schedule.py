"""Fine-tuning of a Transformer: warm-up, linear decay, and the weights of the best held-out epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.progress import LOG
from polyculture.training import FUSED, Epoch, Objective, batches, judge, optimiser

CLIP = 1.0
"""Largest norm of the gradient."""


def rate(step: int, steps: int, warmup: float) -> float:
    r"""Share of the learning rate at a step: up over the first `warmup` of all steps, then down to nothing.

    .. math:: r_t = \min\Big(\frac{t + 1}{w T}, \frac{T - t}{(1 - w) T}\Big), \qquad 0 \le t < T

    Examples
    --------
    >>> from polyculture.features.text_backbone.schedule import rate
    >>> [round(rate(step, 10, 0.2), 2) for step in range(10)]
    [0.5, 1.0, 1.0, 0.88, 0.75, 0.62, 0.5, 0.38, 0.25, 0.12]
    """
    up = (step + 1) / (warmup * steps) if warmup else 1.0
    return min(1.0, up, (steps - step) / ((1.0 - warmup) * steps))


def groups(
    named: Iterable[tuple[str, nn.Parameter]], head: str, head_rate: float, decay: float
) -> list[dict[str, Any]]:
    """Parameters that change, apart by what they need: no decay for vectors, faster steps for a new head."""
    found: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, value in named:
        if value.requires_grad:
            found.setdefault((value.ndim > 1, head in name), []).append(value)
    return [
        {"params": values, "weight_decay": decay if matrix else 0.0, "share": head_rate if new else 1.0}
        for (matrix, new), values in found.items()
    ]


def fine_tune_network(
    network: nn.Module,
    objective: Objective,
    rows: Array,
    stop: Array,
    *,
    head: str,
    head_rate: float,
    optimizer: str,
    learning_rate: float,
    weight_decay: float,
    warmup: float,
    batch_size: int,
    epochs: int,
    patience: int,
    lengths: Array,
    seed: int,
    name: str,
) -> list[Epoch]:
    """Train in place and leave the weights of the best held-out epoch in the network; see `polyculture.training.train`.

    What it starts from is a candidate too, where there are rows to judge by.

    Raises
    ------
    ParameterError
        If the loss is no longer a number.
    """
    torch.manual_seed(seed)
    rng = np.random.RandomState(seed)
    parts = groups(network.named_parameters(), head, head_rate, weight_decay)
    fused = optimizer.lower() in FUSED or None
    steps = optimiser(optimizer, parts, lr=learning_rate, fused=fused)  # type: ignore[arg-type]
    stop = stop[np.argsort(lengths[stop], kind="stable")]
    best = _Best()
    if len(stop):
        best.see(network, judge(network, objective, stop, batch_size)[0])
    history: list[Epoch] = []
    total, done = epochs * math.ceil(len(rows) / batch_size), 0
    for number in range(1, epochs + 1):
        network.train()
        sums = np.zeros(3)
        for part in batches(rows, batch_size, rng, lengths):
            for group in steps.param_groups:
                group["lr"] = learning_rate * group["share"] * rate(done, total, warmup)
            loss, right, answers = objective(network, part)
            steps.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            steps.step()
            sums += [float(loss.detach()) * answers, right, answers]
            done += 1
        if not math.isfinite(sums[0]):
            raise ParameterError(f"{name}: the loss is no longer a number in epoch {number}; lower the learning rate")
        held = judge(network, objective, stop, batch_size) if len(stop) else (math.nan, math.nan)
        history.append(Epoch(number, float(sums[0] / sums[2]), float(sums[1] / sums[2]), *held))
        LOG.info("%s %s", name, history[-1])
        if len(stop):
            best.see(network, held[0])
            if best.waited >= max(patience, 1):
                break
    best.restore(network)
    return history


class _Best:
    """The changing weights with the lowest held-out loss so far, and for how many epochs they have been that."""

    def __init__(self) -> None:
        self.loss, self.waited = math.inf, 0
        self.state: dict[str, torch.Tensor] = {}

    def see(self, network: nn.Module, loss: float) -> None:
        self.waited += 1
        if loss < self.loss:
            changing = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
            self.loss, self.waited, self.state = loss, 0, copy.deepcopy(changing)

    def restore(self, network: nn.Module) -> None:
        if self.state:
            network.load_state_dict(self.state, strict=False)
        network.eval()
