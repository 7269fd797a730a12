"""One table of what each part adds on every benchmark: the full system less the system without it.

Run the parts, one at a time, and collect what is there::

    OMP_NUM_THREADS=1 POLYCULTURE_DATA=FOLDER python benchmarks/ablation.py --keep KEPT --run chinese topics --seeds 0
    python benchmarks/ablation.py --keep KEPT --collect

A part that is there already is not run again, and one that was interrupted begins anew. Points are of the benchmark's
own measure, intervals of 95 % over seeds where there are three, else over domains or pairs by Student's t, or over
test items by a paired bootstrap.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from _gains import Gain, Reader, of_amazon, of_citation, of_fdu, of_few_labels, of_loop, of_rows, of_twitch

from polyculture.progress import LOG
from polyculture.version import __version__

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """One script and its arguments, where it leaves its numbers, and how these are read.

    Parameters
    ----------
    arguments : str
    file : str
        Below the part's folder; empty where the script asks for a folder.
    reader : Reader
    option : str
        What the script calls the file.
    seeded : str
        What the script calls its seed, where each seed is run by itself.
    """

    arguments: str
    file: str
    reader: Reader
    option: str = "--json"
    seeded: str = ""


PARTS = {
    "vader": Part("vader_domains.py --ablation encoders", "", of_rows, seeded="--seed"),
    "topics": Part("topics.py --ablation encoders", "", of_rows, seeded="--seeds"),
    "genres": Part("genres.py --ablation encoders", "", of_rows, seeded="--seeds"),
    "chinese": Part("chinese.py --ablation encoders", "", of_rows, seeded="--seeds"),
    "targets": Part("targets.py --ablation encoders", "", of_rows, seeded="--seeds"),
    "fdu_mtl": Part("fdu_mtl.py", "fdu_mtl.json", of_fdu),
    "unseen": Part(
        "vader_domains.py --seeds 1 --questions generalisation ablation --most 1000 --jobs 1",
        "vader_domains.json",
        of_loop,
        option="--out",
    ),
    "citation": Part("citation.py --seeds 0 --jobs 1", "", of_citation),
    "amazon": Part("amazon_pairs.py", "amazon_pairs.json", of_amazon),
    "twitch": Part("twitch.py", "twitch.json", of_twitch),
    "few_labels": Part("few_labels.py --draws 5", "few_labels.json", of_few_labels),
}


def run(name: str, keep: Path, seeds: Sequence[int]) -> None:
    """Run a part, each seed by itself where it has seeds; what is whole takes its final name."""
    part = PARTS[name]
    for seed in seeds if part.seeded else [None]:
        folder = keep / (name if seed is None else f"{name}-{seed}")
        if folder.exists():
            LOG.info("%s is there", folder)
            continue
        begun = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        said = part.arguments if seed is None else f"{part.arguments} {part.seeded} {seed}"
        script, *rest = said.split()
        start = time.perf_counter()
        command = [sys.executable, str(HERE / script), *rest, part.option, str(begun / part.file)]
        with (begun / "log").open("w") as log:
            done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)  # noqa: S603 - no shell
        if done.returncode:
            LOG.info("%s failed; see %s", name, begun / "log")
            continue
        about = {
            "command": f"python benchmarks/{said}",
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "version": __version__,
        }
        about["seconds"] = f"{time.perf_counter() - start:.0f}"
        (begun / "run.json").write_text(json.dumps(about), encoding="utf-8")
        begun.rename(folder)
        LOG.info("%s in %s s", folder, about["seconds"])


def kept(name: str, keep: Path) -> list[Path]:
    """Folders of a part that are whole."""
    found = keep.glob(f"{name}-*") if PARTS[name].seeded else [keep / name]
    return sorted(folder for folder in found if folder.suffix != ".partial" and any(folder.glob("*.json")))


def about(folder: Path) -> str:
    """Command, date and version of a run; of numbers that were put there the date of the file alone."""
    if (folder / "run.json").exists():
        said = json.loads((folder / "run.json").read_text("utf-8"))
        return f"`{said['command']}`, {said['date']}, version {said['version']}, {said['seconds']} s"
    newest = datetime.fromtimestamp(max(path.stat().st_mtime for path in folder.glob("*.json")), UTC)
    return f"`python benchmarks/{PARTS[folder.name.split('-')[0]].arguments}`, numbers of {newest:%Y-%m-%d}"


def across(gains: Sequence[Gain]) -> Iterator[str]:
    """Lines of one table of the parts that several benchmarks have; bold where the interval does not hold zero."""
    names = list(dict.fromkeys(gain.benchmark for gain in gains))
    parts = {part: {g.benchmark: g for g in gains if g.part == part} for part in dict.fromkeys(g.part for g in gains)}
    shared = {part: found for part, found in parts.items() if len(found) > (1 if "(step" in part else 2)}
    names = [name for name in names if any(name in found for found in shared.values())]
    if not names:
        return
    yield f"| all of it is ahead by | {' | '.join(names)} | ahead / behind |"
    yield "|---" * (len(names) + 2) + "|"
    for part, found in shared.items():
        verdicts = [gain.verdict for gain in found.values()]
        counts = f"{verdicts.count('ahead')} / {verdicts.count('behind')} of {len(found)}"
        yield f"| {part} | {' | '.join(cell(found.get(name)) for name in names)} | {counts} |"


def cell(gain: Gain | None) -> str:
    """The estimate; 0 where all answers are the same."""
    if gain is None:
        return ""
    if gain.verdict == "same answers":
        return "0"
    return f"{gain.estimate:+.1f}" if gain.verdict == "nothing shown" else f"**{gain.estimate:+.1f}**"


def table(gains: Sequence[Gain]) -> Iterator[str]:
    """Lines of a table for each benchmark, what adds most first."""
    for name in dict.fromkeys(gain.benchmark for gain in gains):
        own = [gain for gain in gains if gain.benchmark == name]
        for measure in dict.fromkeys(gain.measure for gain in own):
            rows = sorted((g for g in own if g.measure == measure), key=lambda gain: -gain.estimate)
            first = next(gain for gain in own if gain.measure == measure)
            yield f"\n**{name[0].upper()}{name[1:]}** ({measure}; all of it {first.whole:.1f}; over {first.over})\n"
            yield "| left out, or put in place of a part | all of it is ahead by | |"
            yield "|---|---|---|"
            for gain in rows:
                ends = f"{gain.estimate:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]"
                yield f"| {gain.part} | {ends} | {gain.verdict} |"


def main() -> None:
    """Run what is asked for, then print the table of all that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the numbers of every part")
    parser.add_argument("--run", nargs="+", choices=PARTS, default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of parts that run each by itself")
    parser.add_argument("--collect", action="store_true", help="print the table of what is there")
    parser.add_argument("--json", type=Path, help="file for the rows of the table")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for name in chosen.run:
        run(name, chosen.keep, chosen.seeds)
    if not (chosen.collect or chosen.json):
        return
    there = {name: folders for name in PARTS if (folders := kept(name, chosen.keep))}
    gains = [gain for name, folders in there.items() for gain in PARTS[name].reader(folders)]
    few = [gain for gain in gains if gain.benchmark.startswith("few labels")]
    rest = [gain for gain in gains if gain not in few]
    sys.stdout.write("\n".join([*across(rest), "", *across(few), *table(gains)]) + "\n\n")
    for folder in (folder for folders in there.values() for folder in folders):
        sys.stdout.write(f"- {folder.name}: {about(folder)}\n")
    missing = [name for name in PARTS if name not in there]
    sys.stdout.write(f"- not run: {', '.join(missing) or 'nothing'}\n")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(gain) for gain in gains], indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
