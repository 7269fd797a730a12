"""One fit by several processes: the leader does all of it, and the backbone's networks are trained by all.

``torchrun`` starts the processes. Those that do not lead wait until they are told of a training: settings of
the backbone, rows, and the weights that it starts from. They read no file, write none, and print nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from polyculture.arrays import Array, Floats
from polyculture.errors import PolycultureError
from polyculture.features.network import Weights
from polyculture.store import State
from polyculture.training.team import Team, joined, launched, team

if TYPE_CHECKING:
    from polyculture.features.backbone import Backbone

T = TypeVar("T")

_NUMBERS = count()
"""Of the things that are asked, in the order that all processes meet them."""


def together(work: Callable[[], T]) -> T | None:
    """Do some work in the first of the processes that ``torchrun`` started, with the others' help.

    Backbones over vectors, and their experts, are trained by all: each process takes its part of every batch, and
    dropout and order are those of one process, so that weights are the same up to rounding. All else is done by the
    leader while the others wait. Without ``torchrun`` it is done here.

    Parameters
    ----------
    work : callable
        Without arguments.

    Returns
    -------
    What `work` gives; None in processes that do not lead.

    Examples
    --------
    >>> from polyculture.features.together import together
    >>> together(lambda: 1 + 2)
    3
    """
    if not launched():
        return work()
    with joined() as members:
        if not members.leads:
            _serve(members)
            return None
        try:
            return work()
        finally:
            # where one of them has died, torchrun ends and starts them all
            with suppress(RuntimeError):
                _told(members, None)


def team_for(
    backbone: Backbone, start: Weights | None, X: Floats, y: Array, rows: Array, stop: Array, how: Mapping[str, Any]
) -> Team | None:
    """The team that a training is for, once its leader has told the others of it; None where there is none."""
    from polyculture.features.backbone import Backbone

    members = team()
    # other kinds of backbones are trained by the leader alone
    if members is None or type(backbone) is not Backbone:
        return None
    if members.leads:
        weights = None if start is None else dict(start)
        told = {"start": weights, "X": X, "y": y, "rows": rows, "stop": stop, "how": dict(how)}
        _told(members, {"backbone": backbone.bare(), **told})
    return members


def _told(members: Team, job: State | None) -> State | None:
    """What the leader asks of all, which may be long in coming; None is the end."""
    members.announce(next(_NUMBERS))
    return members.share(job)


def _serve(members: Team) -> None:
    """Take part in trainings until there are no more."""
    from polyculture.features.backbone import Backbone

    while (job := _told(members, None)) is not None:
        backbone = Backbone.from_state(job["backbone"])
        # what is wrong is wrong in all processes, and the leader says so
        with suppress(PolycultureError):
            backbone.trained(job["start"], job["X"], job["y"], job["rows"], job["stop"], **job["how"])
