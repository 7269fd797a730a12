"""``polyculture demo``: the whole loop on packaged real data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyculture.cli.common import JsonFile, Language, Quiet, Seed, Verbose, check_outputs, check_ranges
from polyculture.cli.reporting import write_report

if TYPE_CHECKING:
    from polyculture.data import DomainData
    from polyculture.evaluation import Evaluation

_FULL_SEEDS = 5
# Items of each domain at most; --full takes all.
_ITEMS = 3000
# Training items at most where a domain or a step is left out; --full takes all.
_MOST = 1000
# Questions that take minutes each; --full asks them.
_LONG = ("comparison", "fine_tuning")
# Items at most that the further task alone has labels for; --full takes all.
_FURTHER = 1000


def demo_command(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where demo.json and report.html go.")] = Path(
        "demo"
    ),
    full: Annotated[bool, typer.Option("--full", help="Five seeds, every question, all items.")] = False,
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="N", help=f"Seeds to average over: 1, with --full {_FULL_SEEDS}.")
    ] = None,
    seed: Seed = 0,
    jobs: Annotated[
        int,
        typer.Option("--jobs", metavar="N", help="Pieces of work at once; 1 takes 1 GB less, and a fifth longer."),
    ] = 2,
    language: Language = "en",
    json: JsonFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure, remedy, measure again: tweets, movie and product reviews, and editorials, in one run."""
    from polyculture.cli.screen import progress

    count = seeds if seeds is not None else _FULL_SEEDS if full else 1
    check_ranges(seed=(seed, 0, 2**31), seeds=(count, 1, 1000), jobs=(jobs, 1, 1024))
    check_outputs(folder=out, json=(json, ()))
    with progress(quiet=quiet, verbose=verbose):
        found = _loop(range(seed, seed + count), full=full, jobs=jobs)
    _keep(found, out, json, language)


def _loop(seeds: range, *, full: bool, jobs: int) -> Evaluation:
    from polyculture import close_the_loop, load_dataset
    from polyculture.loop import QUESTIONS

    data, finer = load_dataset("vader-domains"), load_dataset("vader-domains", classes=3)
    if not full:
        data, finer = _some(data, finer)
    return close_the_loop(
        data,
        seeds=seeds,
        tasks={"three classes": finer},
        questions=QUESTIONS if full else [q for q in QUESTIONS if q not in _LONG],
        most=None if full else _MOST,
        jobs=jobs,
    )


def _some(data: DomainData, finer: DomainData) -> tuple[DomainData, DomainData]:
    """So many items of each domain, and with them some of those that only the further task has labels for."""
    import numpy as np

    rng = np.random.default_rng(0)
    order = rng.permutation(len(data))
    fewer = data.take(np.sort(np.concatenate([order[data.domain[order] == d][:_ITEMS] for d in data.domains])))
    known = np.flatnonzero(np.isin(finer.ids, fewer.ids))
    further = rng.permutation(np.flatnonzero(~np.isin(finer.ids, data.ids)))[:_FURTHER]
    return fewer, finer.take(np.sort(np.concatenate([known, further])))


def _keep(found: Evaluation, out: Path, json: Path | None, language: str) -> None:
    from polyculture.cli.findings import show_evaluation

    kept, report = out / "demo.json", out / "report.html"
    found.to_json(kept)
    if json is not None:
        found.to_json(json)
    # the numbers are safe and seen even if the report should fail
    show_evaluation(found)
    write_report(found, report, [], language)
    typer.echo(f"{kept}\n{report}\n{found.seconds:.0f} seconds in all")
