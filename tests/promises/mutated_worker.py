"""Run as a program by `mutated_runs`: reads damaged files within limits, and tells before and after each.

What kills it is a finding, too: the last line that it wrote says which file it was.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutations import mutated
from readers_of_files import Case, cases

from polyculture.errors import PolycultureError

PROCESSOR_SECONDS = 10
MORE_BYTES = 2**30
LONGEST_SENTENCE = 2000


def main(folder: str, seed: int, start: int, stop: int, only: str) -> None:
    """Read the files from start to stop of all those that a seed makes."""
    known = [case for case in cases() if only in case.name]
    warnings.simplefilter("error")
    for case in known:  # what a reader loads when it is first used is not what a damaged file costs
        if told := _ended(case, _put(Path(folder), case.file, case.data)):
            raise AssertionError(f"{case.name}: a whole file is refused: {told}")
    _limit()
    for number, case, data in drawn(known, seed, start, stop):
        path = _put(Path(folder), case.file, data)
        _tell(number=number, case=case.name)
        signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
        ended = _ended(case, path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _tell(number=number, ended=ended)


def drawn(known: Sequence[Case], seed: int, start: int, stop: int) -> Iterator[tuple[int, Case, bytes]]:
    """The files of a seed by their numbers: each depends on its number alone."""
    weights, others = [case.weight for case in known], [case.data for case in known]
    for number in range(start, stop):
        rng = random.Random(f"{seed} {number}")
        case = rng.choices(known, weights)[0]
        yield number, case, mutated(case.data, rng, others)


def _put(folder: Path, file: str, data: bytes) -> Path:
    path = folder / file
    path.write_bytes(data)
    return path


def _ended(case: Case, path: Path) -> str:
    """Nothing if it was read, "refused" if one sentence said why not, else what went wrong."""
    try:
        case.read(path)
    except PolycultureError as error:
        said = str(error)
        return "refused" if 0 < len(said) < LONGEST_SENTENCE and "\n" not in said else f"no sentence: {said[:500]!r}"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
        return f"{type(error).__name__}: {str(error)[:200]} at {' '.join(places[-4:])}"
    return ""


def _limit() -> None:
    """No more memory than is held now and a bit."""
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (held + MORE_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _tell(**said: object) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - how the parent learns of it


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5] if len(sys.argv) > 5 else "")
