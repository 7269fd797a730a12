"""Many processes that write and read one artefact and one cache at once; ends with 0 if each saw whole ones."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import numpy as np

from polyculture import store

ROUNDS, KEYS, SIZE = 8, 60, 20_000


def main() -> int:
    """So many copies of this process, all at once."""
    folder, writers = Path(sys.argv[1]), int(sys.argv[2])
    children = []
    for number in range(writers):
        child = os.fork()
        if child == 0:
            os._exit(write(folder, number))
        children.append(child)
    return int(any([os.waitpid(child, 0)[1] != 0 for child in children]))  # noqa: C419 (every one is waited for)


def write(folder: Path, number: int) -> int:
    """One writer: what it reads is whole, whoever wrote it."""
    try:
        cache = store.Cache("shared", 4, folder=folder / "cache")
        for again in range(ROUNDS):
            state = {"by": np.full(SIZE, number), "again": again, "who": number}
            store.save(folder / "artefact", state, kind="demo", facts={"by": number})
            found = store.load(folder / "artefact", kind="demo")
            assert (found["by"] == found["who"]).all(), "an artefact of two writers"
            some = np.random.default_rng(100 * number + again).permutation(KEYS)[:20]
            cache.put([f"key {key}" for key in some], np.repeat(some[:, None], 4, axis=1))
            vectors, known = cache.get([f"key {key}" for key in some])
            assert known.all(), "a vector that was just kept is gone"
            assert (vectors == some[:, None]).all(), "a vector of another key"
    except BaseException:  # noqa: BLE001 (whatever it is, this process ends here)
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
