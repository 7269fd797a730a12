"""A process that has loaded everything, and starts a copy of itself for each command line that it reads.

Loading takes longer than the small runs of the tests: so that they can be started and killed many times, each is a
forked process. A line in is ``{"home": folder, "line": [...]}``; lines out are the process's number, and, once it
has ended, how.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn


def main() -> None:
    """Serve until there are no more lines."""
    load()
    say("ready")
    for asked in map(json.loads, sys.stdin):
        child = os.fork()
        if child == 0:
            work(Path(asked["home"]), asked["line"])
        say(child)
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


def say(word: object) -> None:
    """One line out."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def load() -> None:
    """What the commands would load."""
    import polars  # noqa: F401, ICN001 (its threads, which copies would lack, are not started by this)
    import torch
    import torch._dynamo  # which the first optimiser loads

    import polyculture.auditing
    import polyculture.classify
    import polyculture.cli.learn
    import polyculture.cli.recommending
    import polyculture.recommend
    import polyculture.surveying  # noqa: F401

    assert torch.get_num_threads() == 1


def work(home: Path, line: list[str]) -> NoReturn:
    """One command, in a process that ends with it."""
    os.setsid()
    os.chdir(home)
    log = os.open("err.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle, where in ((0, nothing), (1, nothing), (2, log)):
        os.dup2(where, handle)
    code = 1
    try:
        from polyculture.cli import app

        sys.argv = ["polyculture", *line]
        app()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 (whatever it is, this process ends here)
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
