"""What a network is to lower: a loss of the rows it is given, and how many of them it answers rightly."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from polyculture.device import moved
from polyculture.targets import Classes, Target

Fetch = Callable[[Tensor], tuple[Tensor, ...]]
Objective = Callable[[nn.Module, Tensor], tuple[Tensor, int, int]]
"""Network and rows in; mean loss, number of right answers and number of answers out."""


def classification(fetch: Fetch, target: Tensor, *, smoothing: float = 0.0) -> Objective:
    """Cross-entropy of a network's logits, with smoothed labels while it trains.

    Parameters
    ----------
    fetch : callable
        Rows (m,) to the network's inputs, each of length m.
    target : tensor of int64, shape (n,)
        Class of every row.
    smoothing : float in [0, 1)
        Share of the target spread evenly over the classes.

    Examples
    --------
    >>> import torch
    >>> from polyculture.training import classification
    >>> x, y = torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0])
    >>> loss, right, answers = classification(lambda rows: (x[rows],), y)(torch.nn.Identity(), torch.arange(2))
    >>> right, answers
    (1, 2)
    """
    return supervised(fetch, target, Classes, smoothing=smoothing)


def supervised(fetch: Fetch, target: Tensor, kind: type[Target], *, smoothing: float = 0.0) -> Objective:
    """The loss of a kind of target, with smoothed labels while the network trains.

    Parameters
    ----------
    fetch : callable
        Rows (m,) to the network's inputs, each of length m.
    target : tensor of n rows
        What `kind.tensor` gave.
    kind : type of Target
    smoothing : float in [0, 1)
        Share of the target spread evenly, where there are labels to smooth.

    Examples
    --------
    >>> import torch
    >>> from polyculture.targets import Values
    >>> from polyculture.training import supervised
    >>> x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])
    >>> float(supervised(lambda rows: (x[rows],), y, Values)(torch.nn.Identity(), torch.arange(2))[0])
    1.0
    """

    def objective(network: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        scores, (truth,) = network(*moved(*fetch(rows))), moved(target[rows])
        loss = kind.loss(scores, truth, smoothing if network.training else 0.0)
        return loss, kind.hits(scores, truth), len(rows)

    return objective
