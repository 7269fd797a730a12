"""Run as a program by `parquet_rows`: writes a Parquet file again as pieces of plain Arrow, each when asked for it.

It imports nothing of polyculture, so that it starts quickly.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import polars as pl

_SMALLEST_LIMIT = 2**32
_SECONDS, _SECONDS_PER_BYTE = 60, 1e-5


def main(path: str, folder: str, rows: int) -> None:
    """For each line that comes in, print where the next piece is, nothing after the last, or what went wrong."""
    _limit(Path(path).stat().st_size)
    start = 0
    for _ in sys.stdin:
        try:
            # the name is no pattern, even with brackets or stars in it
            frame = pl.scan_parquet(path, glob=False).slice(start, rows).collect()
            said = {"file": _written(frame, folder, start)}
            start += frame.height
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the parent says whatever it is
            said = {"error": str(error).strip().partition("\n")[0]}
        print(json.dumps(said), flush=True)  # noqa: T201 - how the parent learns of it


def _written(frame: pl.DataFrame, folder: str, start: int) -> str:
    """Where a piece is; an empty one is given only if it is the first."""
    if start and not frame.height:
        return ""
    to = f"{folder}/{start}.arrow"
    frame.write_ipc(to)
    return to


def _limit(size: int) -> None:
    """What a damaged file may cost: no more memory than there is, and no more time than a file of its size can need."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    memory = max(_SMALLEST_LIMIT, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    seconds = int(_SECONDS + _SECONDS_PER_BYTE * size)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
