"""A run folder that lies elsewhere: worked on here, and every finished step sent there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from polyculture.addresses import opened, without_secrets
from polyculture.errors import PolycultureError, StoreError
from polyculture.store.artefact import MANIFEST
from polyculture.store.run_folder import JOURNAL, RUN


@contextlib.contextmanager
def mirrored(where: str) -> Iterator[tuple[Path, Callable[[Path], None]]]:
    """A folder here with what lies at an address, and how a step in it is sent there.

    What is there already is brought first. Of a step is sent what the run is of, then its files and its manifest last,
    so that one that was broken off is no step. Nobody is kept from using the same address at the same time: object
    stores have no locks.

    Parameters
    ----------
    where : str
        An address that fsspec knows, such as ``s3://bucket/run``.

    Raises
    ------
    StoreError
        If the address cannot be read or written.
    MissingExtraError
        If fsspec is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="polyculture-run-") as name:
        folder = Path(name).resolve() / "run"  # temporary folders may lie behind a link
        folder.mkdir()
        with _told(where):
            system, root = opened(where)
            root = root.rstrip("/")
            _bring(system, root, folder)

        def send(place: Path) -> None:
            with _told(where):
                _send(system, root, folder, place)

        yield folder, send


def _bring(system: Any, root: str, folder: Path) -> None:
    system.invalidate_cache()
    for path in system.find(root) if system.exists(root) else []:
        here = folder / str(path).removeprefix(root).lstrip("/")
        if folder not in here.resolve().parents:
            raise StoreError(f"{without_secrets(str(path))}: leaves the run folder; choose another")
        here.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(path, str(here))


def _send(system: Any, root: str, folder: Path, place: Path) -> None:
    files = sorted((path for path in place.rglob("*") if path.is_file()), key=lambda path: path.name == MANIFEST)
    for path in (folder / RUN, *files, folder / JOURNAL):
        if path.is_file():
            there = f"{root}/{path.relative_to(folder).as_posix()}"
            system.makedirs(there.rpartition("/")[0], exist_ok=True)
            system.put_file(str(path), there)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except PolycultureError:
        raise
    except Exception as error:  # noqa: BLE001 (each file system raises errors of its own)
        said = without_secrets(str(error)) or type(error).__name__
        raise StoreError(
            f"{without_secrets(where)} cannot be a run folder ({said}); check the address and what you may do"
        ) from None  # the errors of libraries tell the whole address
