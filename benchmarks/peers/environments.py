"""Environments of peers: one each, which sees what the project's own has and puts the peer's own packages before it.

So torch is there once, and a peer that needs another release of something gets it for itself alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "peers"
CONSTRAINTS = ROOT / "constraints.txt"


class PeerError(Exception):
    """A peer that cannot be installed, fails, or takes too long."""


def python_of(peer: str, needs: tuple[str, ...], *, place: Path = PLACE, fresh: bool = False) -> Path:
    """The interpreter that has the peer: this one if it needs nothing, else that of an environment made for it."""
    if not needs:
        return Path(sys.executable)
    folder = place / "environments" / peer
    stamp, wanted = folder / "installed.txt", "\n".join(needs)
    if fresh or not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        make(folder, needs)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def make(folder: Path, needs: tuple[str, ...]) -> None:
    """An environment with these packages; nothing stays of one that failed."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # a path in a .pth file comes after the folder that the file is in
    (packages / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    asked = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--constraint", CONSTRAINTS, *needs]
    try:
        subprocess.run(asked, capture_output=True, text=True, check=True, timeout=600)  # noqa: S603 - no shell
    except subprocess.TimeoutExpired as error:
        shutil.rmtree(folder)
        raise PeerError("pip did not end within 600 s") from error
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder)
        raise PeerError(f"pip: {last_line(error.stderr)}") from error


def last_line(text: str) -> str:
    """The line that tells the error: the last that names one, or else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if "rror" in line.partition(":")[0]]
    return (named or lines or ["no message"])[-1][:300]
