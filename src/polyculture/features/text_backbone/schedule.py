"""How fast a Transformer's parameters learn: warm-up and linear decay, and a new head faster than the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

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
    named: Iterable[tuple[str, nn.Parameter]], head: str, *, learning_rate: float, head_rate: float, decay: float
) -> list[dict[str, Any]]:
    """Parameters that change, apart by what they need: no decay for vectors, faster steps for a new head."""
    found: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, value in named:
        if value.requires_grad:
            found.setdefault((value.ndim > 1, f".{head}." in f".{name}"), []).append(value)
    return [
        {
            "params": values,
            "weight_decay": decay if matrix else 0.0,
            "lr": learning_rate * (head_rate if new else 1.0),
        }
        for (matrix, new), values in found.items()
    ]
