"""Pieces on Ray, which schedules them, and runs those anew that were lost with a process."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from polyculture.engine.here import Function, Pieces
from polyculture.engine.piece import AHEAD, check_version, installed_version, one
from polyculture.errors import EngineError, MissingExtraError


class RayEngine:
    """Ray: a cluster that runs at an address, or processes of its own on this machine.

    Parameters
    ----------
    address : str or None
    workers : int or None
        Processes at once where there is no address.
    """

    def __init__(self, address: str | None, workers: int | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
        if importlib.util.find_spec("ray") is None:
            raise MissingExtraError("the engine ray", "ray")
        if address is None and "ray" not in sys.modules:
            # who reaches the ports of Ray can let it run anything, if he knows the token; Ray reads this when imported
            os.environ.setdefault("RAY_AUTH_MODE", "token")
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        ray = importlib.import_module("ray")
        self._started = not ray.is_initialized()
        if address is not None and not self._started:
            raise EngineError("Ray is in use by this process already; end that with ray.shutdown(), or name no address")
        how: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
        if address is None:
            how |= {"num_cpus": workers or os.cpu_count() or 1, "include_dashboard": False}
        else:
            how["address"] = f"ray://{address}" if "://" not in address else address
        try:
            if self._started:
                ray.init(**how)
        except ImportError as error:
            raise EngineError(f"ray://{address} needs the client of Ray; run: pip install 'ray[client]'") from error
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            where = address or "this machine"
            raise EngineError(f"Ray cannot be used at {where} ({error}); see that it runs") from error
        try:
            check_version(ray.get(ray.remote(installed_version).remote()), "of Ray")
        except BaseException:
            self.close()
            raise

    def as_done(self, function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """Places and results, as they come; a few pieces more are sent than there are cores."""
        ray: Any = importlib.import_module("ray")
        numbered = enumerate(pieces)
        waiting: list[Any] = []
        try:
            common = [ray.put(value) for value in shared]
            called = ray.remote(one).options(num_cpus=1, max_retries=3)
            ahead = max(1, int(AHEAD * ray.cluster_resources().get("CPU", 1)))
            waiting = [called.remote(function, place, piece, *common) for place, piece in islice(numbered, ahead)]
            while waiting:
                (done,), waiting = ray.wait(waiting, num_returns=1)
                found = ray.get(done)
                del done
                waiting += [called.remote(function, place, piece, *common) for place, piece in islice(numbered, 1)]
                yield found
        except ray.exceptions.RayTaskError as error:
            # what the piece raised, and not that Ray met it
            raise error.cause from None
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray lost a piece of work ({str(error).splitlines()[0]}); start the same command again, which goes on "
                "from what was finished if it has a run folder"
            ) from error
        finally:
            for reference in waiting:
                ray.cancel(reference, force=False)

    def close(self) -> None:
        """Leave Ray, and end what was started here."""
        ray = importlib.import_module("ray")
        if self._started:
            ray.shutdown()
