"""What a pass is made of: the optimiser, batches, the running mean of weights, and the threads that do it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from polyculture.arrays import Array
from polyculture.errors import ParameterError

_UNFIT = (torch.optim.Optimizer, torch.optim.SparseAdam)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many threads inside a ``with``: for networks whose steps are too small to share.

    Examples
    --------
    >>> import torch
    >>> from polyculture.training import threads
    >>> with threads(1):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def optimiser(name: str, parameters: Iterable[Any], **settings: Any) -> torch.optim.Optimizer:
    """Any optimiser of ``torch.optim`` by its name, in any case, but for the one that needs sparse gradients.

    Parameters
    ----------
    name : str
    parameters : iterable of torch.nn.Parameter, or of dict
        Dicts are groups with settings of their own, as torch has them.
    **settings
        Those that the optimiser does not know are left out.

    Raises
    ------
    ParameterError
        If there is no such optimiser, or it cannot train these parameters.

    Examples
    --------
    >>> import torch
    >>> from polyculture.training import optimiser
    >>> type(optimiser("adamw", torch.nn.Linear(2, 2).parameters(), lr=0.1)).__name__
    'AdamW'
    """
    choices = {
        key.lower(): value
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value not in _UNFIT
    }
    if name.lower() not in choices:
        raise ParameterError(
            f"there is no optimiser named {name!r} in torch.optim; use one of {', '.join(sorted(choices))}"
        )
    kind = choices[name.lower()]
    known = {key: value for key, value in settings.items() if key in inspect.signature(kind).parameters}
    try:
        return kind(parameters, **known)
    except ValueError as error:
        raise ParameterError(f"the optimiser {name!r} cannot train this network: {error}; use another one") from error


def batch_for(count: int, usual: int) -> int:
    """Rows a step: the usual number, or fewer, so that few rows still get several steps a pass.

    Examples
    --------
    >>> from polyculture.training import batch_for
    >>> batch_for(10_000, 256), batch_for(160, 256), batch_for(9, 256)
    (256, 20, 8)
    """
    return int(np.clip(count // 8, 8, usual))


def batches(rows: Array, size: int, rng: np.random.RandomState, lengths: Array | None = None) -> list[Tensor]:
    """Rows in random order, cut into batches; items of like length share a batch where `lengths` are given.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.training import batches
    >>> [len(part) for part in batches(np.arange(4), 2, np.random.RandomState(0))]
    [2, 2]
    """
    order = rng.permutation(rows)
    if lengths is not None:
        # Sorting inside windows of 32 batches keeps padding short and the order random.
        window = 32 * size
        order = np.concatenate(
            [
                part[np.argsort(lengths[part], kind="stable")]
                for part in np.split(order, range(window, len(order), window))
            ]
        )
    cut = np.split(order, range(size, len(order), size))
    return [torch.from_numpy(cut[i].astype(np.int64)) for i in rng.permutation(len(cut))]


def averaged(network: nn.Module, keep: float) -> AveragedModel:
    r"""A copy of a network that holds the running mean of its weights.

    .. math:: \bar\theta_t = m_t \bar\theta_{t-1} + (1 - m_t) \theta_t,
        \qquad m_t = \min\Big(m, \frac{1 + t}{10 + t}\Big)

    so that the first steps, far from the end, are soon forgotten.

    Examples
    --------
    >>> import torch
    >>> from polyculture.training import averaged
    >>> network = torch.nn.Linear(1, 1, bias=False)
    >>> mean = averaged(network, 0.99)
    >>> network.weight.data += 1
    >>> mean.update_parameters(network)
    >>> bool(mean.module.weight == network.weight)
    True
    """

    def step(old: Tensor, new: Tensor, seen: Tensor | int) -> Tensor:
        return old.lerp(new, 1.0 - min(keep, (1.0 + int(seen)) / (10.0 + int(seen))))

    return AveragedModel(network, avg_fn=step)
