"""The tables of docs/results.md: five seeds of `vader-domains`, and the further questions of the first seed.

Run it with ``make bench``, or ``python benchmarks/vader_domains.py --seeds 5 --questions comparison``. With
``--ablation steps --seed 0 --json FOLDER`` it is the default classifier, without the encoders that are trained here,
that is fitted once and judged without each step.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from _rows import class_runs, tell

from polyculture import close_the_loop, load_dataset
from polyculture.loop import QUESTIONS
from polyculture.preprocess import Preprocessor


def main() -> None:
    """Print every table and keep the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--questions", nargs="*", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, help="training items at most where a domain or a step is left out")
    parser.add_argument("--ablation", choices=("steps", "encoders"))
    parser.add_argument("--seed", type=int, default=0, help="of the ablation")
    parser.add_argument("--json", type=Path, help="folder for the numbers of the ablation")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/vader_domains.json"))
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    data, finer = load_dataset("vader-domains"), load_dataset("vader-domains", classes=3)
    if chosen.ablation:
        parted = lambda seed: Preprocessor(test=0.3, random_state=seed).fit_transform(data)  # noqa: E731
        runs = class_runs([chosen.seed], parted, ablation=chosen.ablation)
        tell("vader-domains", "macro-F1, %", runs, chosen.json)
        return
    found = close_the_loop(
        data,
        seeds=range(chosen.seeds),
        questions=chosen.questions,
        tasks={"three classes": finer},
        jobs=chosen.jobs,
        most=chosen.most,
    )
    found.to_json(chosen.out)
    sys.stdout.write(f"{found}\n\n{found.seconds:.0f} seconds\n")


if __name__ == "__main__":
    main()
