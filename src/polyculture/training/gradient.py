"""The gradient of a batch, by one process or by several."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from polyculture.training.objectives import Objective
from polyculture.training.team import Team


def gradient(network: nn.Module, objective: Objective, rows: Tensor, team: Team | None) -> tuple[Tensor, int, int]:
    r"""Loss, right answers and answers of a batch, whose gradient is added to the parameters'.

    Of several processes p, each takes every p-th row. The gradient of the whole batch is

    .. math:: \nabla L = \frac{1}{\sum_p n_p} \sum_p n_p \nabla L_p

    for any number of rows :math:`n_p`, none among them. Dropout is drawn for the whole batch in every process, each of
    which takes its part: the items lose what they would have lost in one process.
    """
    if team is None:
        loss, hits, count = objective(network, rows)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), hits, count
    own = team.own(rows)
    # who has no row of a small batch takes the first, for nothing: the same random numbers are drawn everywhere
    with _Dropout(team, len(rows), idle=not len(own)):
        loss, hits, count = objective(network, own if len(own) else rows[:1])
    weight = count if len(own) else 0
    (loss * weight).backward()  # type: ignore[no-untyped-call]
    total, right, answers = team.sums([float(loss.detach()) * weight, hits if weight else 0, weight])
    team.add_up(network.parameters(), answers)
    return loss.detach().new_tensor(total / answers), int(right), int(answers)


class _Dropout(TorchFunctionMode):
    """Dropout of a part of a batch as that of the whole: the same random numbers, in the same order.

    It holds where the first axis is that of the items; other dropout is drawn as ever.
    """

    def __init__(self, team: Team, count: int, *, idle: bool) -> None:
        super().__init__()
        places = torch.arange(count)
        self.count, self.places = count, places[:1] if idle else team.own(places)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is functional.dropout:
            return self._dropped(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropped(self, values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training or not p or not values.ndim or len(values) != len(self.places):
            return functional.dropout(values, p, training, inplace)
        kept = values.new_empty((self.count, *values.shape[1:])).bernoulli_(1 - p).div_(1 - p)
        return values * kept[self.places.to(values.device)]
