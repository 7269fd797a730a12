"""Renew the chart libraries that a report carries: ``python tools/renew_vendor.py`` asks npm for these versions.

What is written is what npm gave, but for the interpreter: it comes as a module alone, which a page without a server
cannot import, and is put into a function here.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "src/polyculture/report/vendor"
PACKAGES = {
    "vega": ("6.4.0", "build/vega.min.js"),
    "vega-lite": ("6.4.3", "build/vega-lite.min.js"),
    "vega-interpreter": ("2.3.2", "build/vega-interpreter.js"),
}


def main() -> None:
    """Write the libraries, their licences, and what identifies them."""
    VENDOR.mkdir(exist_ok=True)
    known = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (version, path) in PACKAGES.items():
            archive = packed(name, version, Path(folder))
            script = member(archive, path)
            script = in_a_function(script) if name == "vega-interpreter" else script
            file = VENDOR / f"{name}.js"
            file.write_bytes(script)
            (VENDOR / f"{name}.LICENSE").write_bytes(member(archive, "LICENSE"))
            known[name] = {"version": version, "sha256": hashlib.sha256(script).hexdigest()}
    (VENDOR / "versions.json").write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def packed(name: str, version: str, folder: Path) -> Path:
    """The archive of a package, as npm gives it."""
    command = ["npm", "pack", f"{name}@{version}", "--silent"]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder / found.stdout.split()[-1]


def member(archive: Path, path: str) -> bytes:
    """The bytes of one file of it."""
    with tarfile.open(archive) as files:
        found = files.extractfile(f"package/{path}")
        if found is None:
            raise FileNotFoundError(path)
        return found.read()


def in_a_function(module: bytes) -> bytes:
    """A module that imports from vega-util and exports names, as a function over the global `vega`."""
    text = module.decode("utf-8")
    text = re.sub(r"^//# sourceMappingURL.*\n?", "", text, flags=re.MULTILINE)
    imported = re.search(r"^import (\{[^}]*\}) from 'vega-util';\n", text, flags=re.MULTILINE)
    exported = re.search(r"^export \{ (\w+) as (\w+) \};\n?", text, flags=re.MULTILINE)
    if imported is None or exported is None:
        raise ValueError("the interpreter is no longer written as it was")
    text = text.replace(imported[0], f"const {imported[1]} = vega;\n")
    text = text.replace(exported[0], f"return {{ {exported[2]}: {exported[1]} }};\n")
    return f"const vegaInterpreter = (function (vega) {{\n'use strict';\n{text}}})(vega);\n".encode()


if __name__ == "__main__":
    main()
