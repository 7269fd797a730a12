"""Several processes that train one network together: each takes its part of every batch.

``torchrun`` starts them. The first one leads: it does all the work, and writes and prints what there is to; the others
wait for networks to train. What they tell one another is numbers and JSON.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import safetensors.numpy
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import PrefixStore  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from polyculture.device import device, on
from polyculture.store.encode import State, decode, encode

_PATIENCE = timedelta(minutes=10)
"""What processes that train together wait for one another at most."""
_GLANCE = timedelta(minutes=1)
"""After how long those that wait for work look again, for days if need be: the leader reads and encodes by itself."""
_PIECE = 2**30
_TEAM: list[Team] = []


@dataclass(frozen=True)
class Team:
    """The place of this process among those that train together."""

    rank: int
    size: int
    board: Any = None

    @property
    def leads(self) -> bool:
        """Whether it is the one that the others work for."""
        return self.rank == 0

    def announce(self, number: int) -> None:
        """Let the others know that there is something to share, or wait until the leader does."""
        name = f"work-{number}"
        if self.leads:
            self.board.set(name, "there")
        while not self.leads:
            # a wait that is over is no error, and one that can never be is: then the board itself is gone
            with suppress(dist.DistStoreError):
                self.board.wait([name], _GLANCE)
                return

    def share(self, state: State | None) -> State | None:
        """What the leader gives to all, None included."""
        data = _packed(state) if self.leads and state is not None else b""
        length = torch.tensor([len(data)])
        dist.broadcast(length, 0)
        found = np.frombuffer(bytearray(data or int(length)), dtype=np.uint8)
        for start in range(0, int(length), _PIECE):
            dist.broadcast(torch.from_numpy(found[start : start + _PIECE]), 0)
        return _unpacked(found.tobytes()) if int(length) else None

    def own(self, rows: Tensor) -> Tensor:
        """The part of a batch that is for this process; it may be empty."""
        return rows[self.rank :: self.size]

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """Sums over all processes."""
        found = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(found)
        return [float(value) for value in found]

    def same(self, numbers: Sequence[float]) -> tuple[float, ...]:
        """The leader's numbers, so that all decide alike."""
        found = torch.tensor(numbers, dtype=torch.float64)
        dist.broadcast(found, 0)
        return tuple(float(value) for value in found)

    def add_up(self, parameters: Iterable[nn.Parameter], total: float) -> None:
        """Gradients summed over all processes and divided by `total`: one message."""
        changing = [each for each in parameters if each.requires_grad]
        grads = [torch.zeros_like(each) if each.grad is None else each.grad for each in changing]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        flat /= total
        parts = flat.split([grad.numel() for grad in grads])  # type: ignore[no-untyped-call]
        for each, part in zip(changing, parts, strict=True):
            each.grad = part.view_as(each)


def team() -> Team | None:
    """The team that this process is in, if it is in one.

    Examples
    --------
    >>> from polyculture.training.team import team
    >>> team() is None
    True
    """
    return _TEAM[-1] if _TEAM else None


def launched() -> bool:
    """Whether ``torchrun`` started this process beside others.

    Examples
    --------
    >>> from polyculture.training.team import launched
    >>> launched()
    False
    """
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ and "MASTER_ADDR" in os.environ


@contextmanager
def joined() -> Iterator[Team]:
    """Be in the team that ``torchrun`` started, inside a ``with``: by gloo, and by NCCL between graphics cards."""
    card = device().type == "cuda"
    place = f"cuda:{os.environ['LOCAL_RANK']}" if card else "cpu"
    with on(place):
        found, rank, size = next(iter(rendezvous("env://", timeout=_PATIENCE)))
        # torchrun keeps its board over restarts: what was written before one of them must not be read after it
        board = PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", found)
        backend = "cpu:gloo,cuda:nccl" if card else "gloo"
        dist.init_process_group(
            backend, store=PrefixStore("group", board), rank=rank, world_size=size, timeout=_PATIENCE
        )
        _TEAM.append(Team(rank, size, board))
        try:
            yield _TEAM[-1]
            # nobody goes while another still listens; one that has failed is gone already, and says why
            with suppress(RuntimeError):
                dist.barrier()
        finally:
            _TEAM.pop()
            dist.destroy_process_group()
            # its threads end with it, which they must before the process does
            gc.collect()


def _packed(state: State) -> bytes:
    tree, tensors = encode(state)
    head = json.dumps(tree, allow_nan=False).encode()
    return len(head).to_bytes(8, "little") + head + safetensors.numpy.save(tensors)


def _unpacked(data: bytes) -> State:
    end = 8 + int.from_bytes(data[:8], "little")
    found: dict[str, Any] = decode(json.loads(data[8:end]), safetensors.numpy.load(data[end:]))
    return found
