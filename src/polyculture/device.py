"""Where networks compute: on the processor, or on a graphics card where it is asked for and there.

Data stay in memory, and a network comes back to it when it has learnt or answered: what is kept, merged or explained is
the same whatever computed it. The choice is no parameter of a model, as it says nothing of what was learnt; it is kept
in the environment, so that threads and processes that are started see it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polyculture.errors import ParameterError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

DEVICES = ("auto", "cpu", "cuda")
VARIABLE = "POLYCULTURE_DEVICE"


@contextmanager
def on(name: str) -> Iterator[None]:
    """Let networks compute on a device inside a ``with``.

    Parameters
    ----------
    name : {"cpu", "auto", "cuda"}
        ``"auto"`` is a graphics card where there is one; ``"cuda:1"`` is the second one. Without any of them it is what
        the variable ``POLYCULTURE_DEVICE`` says, or else ``"cpu"``, where the same seed gives the same numbers.

    Raises
    ------
    ParameterError
        If there is no such device.

    Examples
    --------
    >>> from polyculture.device import device, on
    >>> with on("cpu"):
    ...     device()
    device(type='cpu')
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = name
    try:
        device()
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def device() -> torch.device:
    """Where networks compute now.

    Raises
    ------
    ParameterError
        If there is no such device.

    Examples
    --------
    >>> from polyculture.device import device
    >>> device().type in ("cpu", "cuda")
    True
    """
    import torch

    name = os.environ.get(VARIABLE) or "cpu"
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(name)
    except RuntimeError as error:
        raise ParameterError(f"there is no device named {name!r}; use one of {', '.join(DEVICES)}") from error
    if found.type not in DEVICES:
        raise ParameterError(f"nothing here computes on {name!r}; use one of {', '.join(DEVICES)}")
    if found.type == "cuda" and not (found.index or 0) < torch.cuda.device_count():
        raise ParameterError(
            f"torch sees no device {name!r} here; use cpu, or auto for a graphics card where there is one"
        )
    return found


def moved(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors on the device that computes; themselves where they are there.

    Examples
    --------
    >>> import torch
    >>> from polyculture.device import moved
    >>> x = torch.zeros(2)
    >>> moved(x)[0] is x
    True
    """
    place = device()
    return tensors if str(place) == "cpu" else tuple(each.to(place) for each in tensors)


def back(tensor: Tensor) -> Tensor:
    """A tensor in memory, where numpy can read it.

    Examples
    --------
    >>> import torch
    >>> from polyculture.device import back
    >>> back(torch.ones(2)).numpy()
    array([1., 1.], dtype=float32)
    """
    place = device()
    return tensor if str(place) == "cpu" else tensor.to("cpu:0")


@contextmanager
def lent(network: nn.Module) -> Iterator[nn.Module]:
    """A network on the device that computes inside a ``with``, and in memory after it.

    Examples
    --------
    >>> import torch
    >>> from polyculture.device import device, lent
    >>> with lent(torch.nn.Linear(1, 1)) as network:
    ...     network.weight.device == device()
    True
    """
    place = device()
    if str(place) == "cpu":
        yield network
        return
    network.to(place)
    try:
        yield network
    finally:
        network.to("cpu:0")


@contextmanager
def forked() -> Iterator[None]:
    """Leave random numbers as they were, those of the card among them."""
    import torch

    place = device()
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        yield
