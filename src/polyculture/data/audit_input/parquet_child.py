"""Run as a program by `parquet`: writes Parquet files again as plain Arrow, or says what is wrong with them.

It imports nothing of polyculture, so that it starts quickly.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import polars as pl

_BATCH = 256
_SMALLEST_LIMIT = 2**32
_SECONDS, _SECONDS_PER_BYTE = 60, 1e-5


def main(jobs: str) -> None:
    """Do the jobs of a file of JSON lines, and print a line for each that is done: files, or what went wrong."""
    for line in Path(jobs).read_text(encoding="utf-8").splitlines():
        job = json.loads(line)
        try:
            said: dict[str, str | list[str]] = {
                "files": _convert(Path(job["path"]), job["to"], job["rows"], small=job["small"])
            }
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the parent says whatever it is
            said = {"error": str(error).strip().partition("\n")[0]}
        print(json.dumps(said), flush=True)  # noqa: T201 - how the parent learns of it


def _convert(path: Path, to: str, rows: int | None, *, small: bool) -> list[str]:
    """Names of the files that hold the columns, some hundred each, so that few need to be in memory at once."""
    _limit(path.stat().st_size)
    names = list(pl.read_parquet_schema(path))
    files = []
    for number, start in enumerate(range(0, len(names), _BATCH)):
        # Opened here, as polars takes a name with brackets or stars for a pattern.
        with path.open("rb") as stream:
            batch = pl.read_parquet(stream, columns=names[start : start + _BATCH], n_rows=rows)  # noqa: TID251 - here alone
        files.append(f"{to}.{number}.arrow")
        (pl.DataFrame([_small(column) for column in batch]) if small else batch).write_ipc(files[-1])
    return files


def _limit(size: int) -> None:
    """What a damaged file may cost: no more memory than there is, and no more time than a file of its size can need."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    memory = max(_SMALLEST_LIMIT, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + _SECONDS + _SECONDS_PER_BYTE * size)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _small(column: pl.Series) -> pl.Series:
    """Whole numbers in as few bytes as they need, also those that are written as 1.0."""
    if column.dtype.is_float() and _whole(column):
        column = column.fill_nan(None).cast(pl.Int64)
    return column.shrink_dtype() if column.dtype.is_integer() else column


def _whole(column: pl.Series) -> bool:
    numbers = column.fill_nan(None).drop_nulls()
    return bool((numbers.abs() < 2**53).all() and (numbers == numbers.round()).all())


if __name__ == "__main__":
    main(sys.argv[1])
