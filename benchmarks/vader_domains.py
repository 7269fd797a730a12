"""The tables of docs/results.md: five seeds of `vader-domains`, and the further questions of the first seed.

Run it with ``make bench``, or ``python benchmarks/vader_domains.py --seeds 5 --questions comparison``.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from polyculture import close_the_loop, load_dataset
from polyculture.loop import QUESTIONS


def main() -> None:
    """Print every table and keep the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--questions", nargs="*", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/vader_domains.json"))
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    data, finer = load_dataset("vader-domains"), load_dataset("vader-domains", classes=3)
    found = close_the_loop(
        data, seeds=range(chosen.seeds), questions=chosen.questions, tasks={"three classes": finer}, jobs=chosen.jobs
    )
    found.to_json(chosen.out)
    sys.stdout.write(f"{found}\n\n{found.seconds:.0f} seconds\n")


if __name__ == "__main__":
    main()
