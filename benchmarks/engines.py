"""The same questions on this machine, on Dask and on Ray: whether the numbers agree, and what an engine costs.

Each row is a process of its own. ``--what same`` compares the written results byte by byte with those of ``local``;
``--what speed`` compares two workers with one, and one worker with none; ``--what model`` measures pieces and predicts.
Run it with one thread a process, and nothing else on the machine:

    OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 python benchmarks/engines.py --what same --papers 10000000
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from survey_stream import BATCH, papers

from polyculture import engine
from polyculture.engine.dask_engine import DaskEngine

FILES, MODELS, ITEMS, LAYERS, POINTS, DOMAINS = 50, 500, 20_000, 32, 4000, 16
MEBIBYTE = 2**20


def write_answers(folder: Path) -> None:
    """What many models chose among four options."""
    rng = np.random.default_rng(0)
    label, hard = rng.integers(0, 4, ITEMS), rng.random(ITEMS) < 0.4
    columns = {"item": np.arange(ITEMS), "label": label}
    for model, accuracy in enumerate(rng.uniform(0.5, 0.95, MODELS)):
        right = rng.random(ITEMS) < np.where(hard, 0.6 * accuracy, accuracy)
        columns[f"model{model}"] = np.where(right, label, (label + rng.integers(1, 4, ITEMS)) % 4).astype(np.int8)
    pl.DataFrame(columns).write_parquet(folder / "answers.parquet")


def write_embeddings(folder: Path) -> None:
    """Noisy projections of the same points."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(POINTS, 64)).astype(np.float32)
    (folder / "embeddings").mkdir()
    for model in range(LAYERS):
        wide = int(rng.integers(128, 512))
        seen = base @ rng.normal(size=(64, wide)) / 8 + rng.normal(size=(POINTS, wide)) * rng.uniform(0.3, 2)
        np.save(folder / "embeddings" / f"model{model:02d}.npy", seen.astype(np.float32))


def write_papers(folder: Path, count: int) -> None:
    """Generated papers in many files."""
    (folder / "papers").mkdir()
    each = count // FILES
    for part in range(FILES):
        papers(part * each, each).write_parquet(folder / "papers" / f"part{part:02d}.parquet")


def write_items(folder: Path, each: int) -> None:
    """Texts of sixteen domains: some words tell the class everywhere, some in their domain alone."""
    rng = np.random.default_rng(0)
    n = DOMAINS * each
    domain, label = np.repeat(np.arange(DOMAINS), each), rng.integers(0, 2, n)
    common, own = rng.integers(0, 3000, (n, 30)), rng.integers(0, 60, (n, 4)) + 3000 + 60 * label[:, None]
    words = np.hstack([common, own + 5 * domain[:, None]])
    text = [" ".join(f"w{word}" for word in row) for row in words]
    pl.DataFrame({"text": text, "label": label, "domain": [f"d{d:02d}" for d in domain]}).write_parquet(
        folder / "items.parquet"
    )


def ask(what: str, folder: Path) -> bytes:
    """The result of a question, as it is written."""
    from polyculture import audit, survey

    if what == "answers":
        return _told(audit(folder / "answers.parquet", cache=False))
    if what == "embeddings":
        return _told(audit(sorted((folder / "embeddings").glob("*.npy")), cache=False))
    if what == "survey":
        return _told(survey(sorted((folder / "papers").glob("*.parquet")), batch=BATCH, draws=100, nulls=50, jobs=1))
    from polyculture import CrossDomainClassifier
    from polyculture.data import read

    data = read(folder / "items.parquet", domain="domain")
    model = CrossDomainClassifier(encoders=("lexical", "cnn", "rnn", "transformer"), random_state=0)
    model.fit(data.texts, data.label, domain=data.domain)
    with tempfile.TemporaryDirectory() as place:
        model.save(Path(place, "model"))
        return b"".join(path.read_bytes() for path in sorted(Path(place).rglob("*")) if path.is_file())


def _told(found: Any) -> bytes:
    return json.dumps(found.to_dict(), sort_keys=True).encode()


class Recording:
    """An engine that measures the pieces that another one runs."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.pieces = inner, []

    def as_done(
        self, function: Callable[..., Any], pieces: Iterable[tuple[Any, ...]], shared: tuple[Any, ...]
    ) -> Iterator[tuple[int, Any]]:
        """What the other engine gives, each with its seconds and the bytes that were sent and came back."""
        sizes: dict[int, int] = {}

        def counted() -> Iterator[tuple[Any, ...]]:
            for place, piece in enumerate(pieces):
                sizes[place] = len(pickle.dumps(piece))
                yield piece

        common = len(pickle.dumps(shared))
        for place, (seconds, result) in self.inner.as_done(_timed, counted(), (function, *shared)):
            self.pieces.append(
                {
                    "function": getattr(function, "__name__", type(function).__name__),
                    "seconds": seconds,
                    "sent": sizes[place],
                    "common": common,
                    "back": len(pickle.dumps(result)),
                }
            )
            yield place, result

    def close(self) -> None:
        """Close the other engine."""
        self.inner.close()


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def one(what: str, folder: Path, name: str, workers: int | None, *, record: bool) -> None:
    """Ask one question on one engine, and print what it took as JSON."""
    ask_warm = time.perf_counter()
    recording = Recording(DaskEngine(None, workers)) if record else None
    with engine.use(recording) if recording else engine.use(name, workers=workers):
        start = time.perf_counter()
        found = ask(what, folder)
        seconds = time.perf_counter() - start
    told = {
        "what": what,
        "engine": name,
        "workers": workers,
        "seconds": seconds,
        "starting": start - ask_warm,
        "sha256": hashlib.sha256(found).hexdigest(),
        "bytes": len(found),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pieces": recording.pieces if recording else [],
    }
    sys.stdout.write(json.dumps(told) + "\n")


def row(what: str, folder: Path, name: str, workers: int | None = None, *, record: bool = False) -> dict[str, Any]:
    """The same in a process of its own."""
    options = ["--one", what, "--folder", str(folder), "--engine", name, *(["--record"] if record else [])]
    options += ["--workers", str(workers)] if workers else []
    done = subprocess.run([sys.executable, __file__, *options], check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
    return dict(json.loads(done.stdout.splitlines()[-1]))


def same(folder: Path, asked: list[str]) -> None:
    """Four workers of Dask and of Ray beside this machine."""
    for what in asked:
        here = row(what, folder, "local")
        sys.stdout.write(f"{what:11} local    {here['seconds']:7.1f} s  {here['peak_mib']:6.0f} MiB\n")
        for name in ("dask", "ray"):
            there = row(what, folder, name, 4)
            agree = "the same bytes" if there["sha256"] == here["sha256"] else "OTHER NUMBERS"
            sys.stdout.write(f"{what:11} {name:4} x 4 {there['seconds']:7.1f} s  {agree}\n")
            sys.stdout.flush()


def speed(folder: Path, asked: list[str]) -> None:
    """Two workers beside one, and one beside none."""
    for what in asked:
        none = row(what, folder, "local")["seconds"]
        for name in ("local", "dask"):
            alone, two = (row(what, folder, name, n)["seconds"] for n in ((2, 2) if name == "local" else (1, 2)))
            if name == "local":
                told = f"two processes {two:6.1f} s, {none / two:.2f} times as fast"
                sys.stdout.write(f"{what:11} none {none:6.1f} s; {told}\n")
                continue
            sys.stdout.write(
                f"{what:11} {name}: one worker {alone:6.1f} s ({100 * (alone / none - 1):+.0f} % beside none), "
                f"two {two:6.1f} s: {alone / two:.2f} times as fast\n"
            )
            sys.stdout.flush()


def main() -> None:
    """Write the inputs and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=["same", "speed", "model"], default="same")
    parser.add_argument("--only", default="answers,embeddings,survey,fit")
    parser.add_argument("--papers", type=int, default=10_000_000)
    parser.add_argument("--items", type=int, default=400, help="of each of the sixteen domains")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one")
    parser.add_argument("--engine", default="local")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    if args.one:
        one(args.one, args.folder, args.engine, args.workers, record=args.record)
        return
    asked = args.only.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writers = {
            "answers": write_answers,
            "embeddings": write_embeddings,
            "survey": lambda place: write_papers(place, args.papers),
            "fit": lambda place: write_items(place, args.items),
        }
        for what in asked:
            writers[what](folder)
        if args.what == "model":
            from _cost import predicted

            rows = {what: row(what, folder, "dask", 2, record=True) for what in asked}
            sys.stdout.write(predicted(rows, args.papers, MODELS))
            return
        {"same": same, "speed": speed}[args.what](folder, asked)


if __name__ == "__main__":
    main()
