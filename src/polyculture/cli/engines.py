"""The options ``--engine`` and ``--workers``: what runs independent pieces of work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from polyculture.addresses import without_secrets
from polyculture.errors import ParameterError

if TYPE_CHECKING:
    from polyculture.engine import Used

EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="What runs pieces of work: local, dask, dask://HOST:PORT, ray, ray://HOST:PORT.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Processes that the engine starts here, each with one thread."),
]


def running_on(engine: str, workers: int | None, *, quiet: bool = False) -> AbstractContextManager[Used]:
    """The engine in use within a ``with``; who waits for one at an address learns for how long at most.

    Raises
    ------
    ParameterError
        Naming the option.
    """
    from polyculture.engine import use

    if workers is not None and "://" in engine:
        raise ParameterError("--workers: is for processes started here; a cluster at an address has its own")
    if not quiet and engine.startswith("dask://"):
        from polyculture.engine.dask_engine import PATIENCE

        waited = f"at most {PATIENCE:g} seconds for it, and as many for a worker"
        typer.echo(f"Note: asking for the scheduler at {without_secrets(engine)}: {waited}", err=True)
    try:
        return use(engine, workers=workers)
    except ParameterError as error:
        option = "--workers" if str(error).startswith("workers") else "--engine"
        raise ParameterError(f"{option}: {error}") from error
