"""Where an installed package lies, without importing it."""

from __future__ import annotations

import sysconfig
from pathlib import Path


def package_file(*parts: str) -> Path:
    """Path of a file below the folder that packages are installed in."""
    path = Path(sysconfig.get_paths()["purelib"], *parts)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; run make_environment.py")
    return path
