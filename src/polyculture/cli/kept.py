"""The option ``--run``: a folder from which a command that was broken off goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from polyculture.addresses import is_remote, without_secrets
from polyculture.errors import DataError


def _place(given: str) -> Path | str:
    """A folder here, or the address of one elsewhere."""
    return given if is_remote(given) else Path(given)


RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FOLDER", parser=_place, help="Keep finished steps here; the same command goes on from them."
    ),
]


@contextmanager
def kept_in(
    folder: Path | str | None,
    command: str,
    inputs: Sequence[Path | None],
    settings: Mapping[str, Any],
    outputs: Sequence[Path | None],
) -> Iterator[None]:
    """Keep the steps of what runs inside in a folder, if there is one to keep them in, and hold the outputs meanwhile.

    Parameters
    ----------
    folder : path, address or None
    command : str
    inputs, outputs : sequence of path or None
        Files that are read, known by their content, and files or folders that are written.
    settings : mapping
        All that the results depend on, as plain values: the folder of another run is refused.

    Raises
    ------
    DataError
        If the folder is an output or an input, too.
    StoreError
        If the folder holds something else than a run of this, or another process makes an output of it.
    """
    from polyculture import store

    # who waits for a run folder does not make the outputs yet
    run = nullcontext() if folder is None else _run(folder, command, inputs, settings, outputs)
    with run, store.claimed(outputs):
        yield


@contextmanager
def _run(
    folder: Path | str,
    command: str,
    inputs: Sequence[Path | None],
    settings: Mapping[str, Any],
    outputs: Sequence[Path | None],
) -> Iterator[None]:
    from polyculture import store

    taken = {path.resolve() for path in (*inputs, *outputs) if path is not None}
    if isinstance(folder, Path) and folder.resolve() in taken:
        raise DataError(f"--run {folder}: is read or written otherwise; name a folder of its own")
    # files among the settings are inputs as well: here their names are enough
    named = {name: value.name if isinstance(value, Path) else value for name, value in settings.items()}
    about = {"command": command, **_known_by_content(inputs), **named}
    with store.run(folder, about=about, outputs=outputs):
        try:
            yield
        except KeyboardInterrupt:
            place = without_secrets(str(folder))
            raise KeyboardInterrupt(f"The same command goes on from the finished steps in {place}.") from None


def _known_by_content(inputs: Sequence[Path | None]) -> dict[str, str]:
    """Files by their own names, so that the same file may be named otherwise; those of one name together."""
    from polyculture import store

    found: dict[str, list[str]] = {}
    for path in inputs:
        if path is not None:
            found.setdefault(f"{store.FILE}{path.name}", []).append((store.content_of(path) or "")[:16])
    return {name: ", ".join(contents) for name, contents in found.items()}
