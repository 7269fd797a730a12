"""What one comparison with another package consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Prepare = Callable[[Path], None]
Side = Callable[[Path], Callable[[], object]]


@dataclass(frozen=True)
class Work:
    """The same work, done by a peer and by the project.

    Parameters
    ----------
    name : str
        Short, and told apart from all others by it.
    peer : str
        The distribution as the package index knows it.
    quantity : str
        What the figure is.
    kind : "same", "more" or "less"
        Both compute the same quantity and their difference is shown; or more, or less, of it is better.
    prepare : function of the path of the input
        Writes what both read there. It runs in the project's environment.
    ours, theirs : functions of the path of the input
        Read it and return what is timed, a function that returns a number or an array of numbers, or a function that
        finds them once the clock stands. Whatever is heavy is imported inside.
    protocol, limits : str
        What is done by both; what the comparison does not tell.
    below : str
        Why a ratio is below 1, where one is.
    better : str
        Where the peer is better, or does more.
    needs : tuple of str
        What an environment of the peer's own gets installed; none if the peer is in the project's own.
    data : str
        A folder below POLYCULTURE_DATA that it reads, if any.
    repeats : int
        The best of so many is told.
    threads : int
        The same for both.
    seconds : float
        A side that takes longer is ended.
    gigabytes : float
        A side that asks for more memory fails, and the machine does not.
    close : float
        The largest difference that a "same" quantity may have.
    """

    name: str
    peer: str
    quantity: str
    kind: Literal["same", "more", "less"]
    prepare: Prepare
    ours: Side
    theirs: Side
    protocol: str
    limits: str = ""
    below: str = ""
    better: str = ""
    needs: tuple[str, ...] = ()
    data: str = ""
    repeats: int = 3
    threads: int = 1
    seconds: float = 240.0
    gigabytes: float = 12.0
    close: float = 1e-6
