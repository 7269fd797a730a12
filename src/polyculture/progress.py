"""Progress of long work: silent in a library, a bar or a line when a command turns it on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

LOG = logging.getLogger("polyculture")
LOG.addHandler(logging.NullHandler())


@dataclass
class Steps:
    """Names and seconds of the steps that ran, in order.

    Examples
    --------
    >>> from polyculture.progress import Steps
    >>> steps = Steps()
    >>> with steps.step("preprocess"):
    ...     pass
    >>> [name for name, seconds in steps.taken]
    ['preprocess']
    """

    taken: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the body of a ``with`` under `name`, and say on the log that it began and, unless it failed, ended."""
        LOG.info("%s ...", name)
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.taken.append((name, seconds))
        LOG.info("%s done in %.1f s", name, seconds)
