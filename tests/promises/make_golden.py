"""Make the golden artefacts anew: ``python tests/promises/make_golden.py``, and commit what changed, with a reason.

They are what a version promises to its successors: run it when a new kind of model is kept, or when a schema of the
store is given up on purpose, and never to make a failing test pass.
"""

from __future__ import annotations

import json
import shutil
import sys

from golden_models import GOLDEN, KINDS, told


def main(names: list[str]) -> None:
    """Fit, keep and ask each of the kinds, or those that are named."""
    for name in names or list(KINDS):
        kind, folder = KINDS[name], GOLDEN / name
        shutil.rmtree(folder, ignore_errors=True)
        model = kind.made()
        model.save(folder)
        text = json.dumps(told(kind.asked(kind.load(folder))), separators=(",", ":"))
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
