"""A million short texts through the lexical path: seconds and peak memory of each step, and how seconds grow.

Titles of about ten words are drawn from a vocabulary by Zipf's law, some words by class and some by domain, so that
anybody can run it; with ``--papers`` they are the real ones of a Parquet file (title, community as class, years as
domain). Each size is a process of its own: it fits ``CrossDomainClassifier(encoders=("lexical",))`` with its other
options at their defaults, then predicts a tenth as many texts again.

    OMP_NUM_THREADS=2 python benchmarks/million_texts.py --texts 100000 300000 1000000
    OMP_NUM_THREADS=2 python benchmarks/million_texts.py --texts 60000 245000 --papers papers.parquet
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

MEBIBYTE = 2**10  # of kilobytes, in which Linux counts
VOCABULARY = 400_000
LATER = 10
"""One text is predicted for so many that are learnt from."""
BY_CLASS, BY_DOMAIN, STRAY = 0.12, 0.12, 0.3
"""Shares of a text's words that its class and its domain choose, and of the former that another class does."""
STEPS = (
    ("clean", "polyculture.classify.fitting", "clean_text"),
    ("split", "polyculture.classify.reading", "split"),
    ("lexical fit", "polyculture.features.encoders.lexical", "LexicalEncoder.fit"),
    ("lexical transform", "polyculture.features.encoders.lexical", "LexicalEncoder.transform"),
    ("singular vectors", "polyculture.features.blocks", "Block.fit"),
    ("project", "polyculture.features.blocks", "Block.transform"),
    ("graph", "polyculture.features.spread", "Spread.fit_transform"),
    ("network", "polyculture.features.backbone", "Backbone.fit"),
    ("base model", "polyculture.features.base_model", "BaseModel.fit"),
    ("experts", "polyculture.classify.learning", "fine_tune"),
    ("merging", "polyculture.classify.learning", "merge"),
    ("fine-tune merged", "polyculture.classify.learning", "fine_tune_merged"),
    ("fusion", "polyculture.fuse.combine", "Combination.fit"),
    ("base model refitted", "polyculture.features.base_model", "BaseModel.refitted"),
)
Drawn = tuple[list[str], list[str], list[str]]
"""Texts, classes and domains."""


def spelt(count: int, rng: np.random.Generator) -> np.ndarray:
    """As many different words of two to five syllables, the common ones short."""
    syllables = np.array([c + v for c in "bcdfghklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "er", "is")])
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = syllables[rng.integers(0, len(syllables), (count, 5))]
        length = np.clip(2 + (np.log10(np.arange(count) + 10) / 2).astype(int) + rng.integers(-1, 2, count), 2, 5)
        found |= dict.fromkeys("".join(row[:k]) for row, k in zip(drawn, length.tolist(), strict=True))
    return np.array(list(found)[:count], dtype=object)


def drawn(count: int, classes: int, domains: int = 4, seed: int = 0) -> Drawn:
    """Texts by Zipf's law; each class has 200 words that it prefers, half of them in one domain alone."""
    rng = np.random.default_rng(seed)
    # the words of a language do not change with the sample
    words = spelt(VOCABULARY, np.random.default_rng(1))
    label, where = rng.integers(0, classes, count), rng.integers(0, domains, count)
    lengths = np.clip(rng.poisson(10, count), 3, 30)
    owner = np.repeat(np.arange(count), lengths)
    heights = np.cumsum(1 / (np.arange(VOCABULARY) + 2.7))
    rank = np.searchsorted(heights, rng.random(len(owner)) * heights[-1])
    kind, own = rng.random(len(owner)), rng.integers(0, 100, len(owner))
    other = rng.random(len(owner)) < STRAY
    said = np.where(other, rng.integers(0, classes, len(owner)), label[owner])
    place = np.where(rng.random(len(owner)) < 0.5, 0, 1 + where[owner])
    rank = np.where(kind < BY_CLASS, 1000 + (said * (domains + 1) + place) * 100 + own, rank)
    by_domain = (kind >= BY_CLASS) & (kind < BY_CLASS + BY_DOMAIN)
    rank = np.where(by_domain, 20_000 + where[owner] * 1000 + own * 10, rank)
    ends = np.cumsum(lengths).tolist()
    flat = words[rank].tolist()
    texts = [" ".join(flat[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    return texts, [f"class {c}" for c in label.tolist()], [f"domain {d}" for d in where.tolist()]


def real(path: str, count: int, seed: int = 0) -> Drawn:
    """So many titles of real papers at random, with their community and quarter of the years."""
    import polars as pl

    table = pl.read_parquet(path, columns=["title", "community", "year"]).drop_nulls()
    table = table.sample(min(count, len(table)), seed=seed, shuffle=True)
    edges = np.quantile(table["year"].to_numpy(), [0.25, 0.5, 0.75])
    years = np.searchsorted(edges, table["year"].to_numpy())
    return table["title"].to_list(), table["community"].to_list(), [f"years {q}" for q in years.tolist()]


def high_water() -> float:
    """Largest resident memory since it was last forgotten, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return float(line.split()[1]) / MEBIBYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE


def forget_high_water() -> None:
    """Let the system count the largest memory anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def line(name: str, taken: list[float]) -> str:
    """One step of the table."""
    seconds, worked, peak = taken
    return f"  {name:<20} {seconds:8.1f} s {worked:8.1f} s of processor time {peak:8,.0f} MiB"


class Watch:
    """Seconds, those of the processor and peak memory of steps, by name, in the order in which they first ran."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}

    def over(self, name: str, module: str, path: str) -> None:
        """Watch a function or a method from now on."""
        owner: Any = importlib.import_module(module)
        *classes, last = path.split(".")
        for part in classes:
            owner = getattr(owner, part)
        function = getattr(owner, last)

        @functools.wraps(function)
        def watched(*given: Any, **settings: Any) -> Any:
            return self.run(name, function, *given, **settings)

        setattr(owner, last, watched)

    def run(self, name: str, function: Any, *given: Any, **settings: Any) -> Any:
        """What the function gives, and what it took."""
        before = high_water()
        forget_high_water()
        start, busy = time.perf_counter(), time.process_time()
        found = function(*given, **settings)
        seconds, worked, peak = time.perf_counter() - start, time.process_time() - busy, high_water()
        earlier = self.taken.get(name, [0.0, 0.0, 0.0])
        self.taken[name] = [earlier[0] + seconds, earlier[1] + worked, max(earlier[2], peak)]
        sys.stderr.write(line(name, [seconds, worked, peak]) + "\n")
        self.most = max(getattr(self, "most", 0.0), before, peak)
        return found


def measured(args: argparse.Namespace) -> None:
    """Fit and predict one size, and print what it took as JSON."""
    from polyculture import CrossDomainClassifier

    count, later = args.one, args.one // LATER
    texts, label, domain = real(args.papers, count + later) if args.papers else drawn(count + later, args.classes)
    count, later = len(texts) - len(texts) // (LATER + 1), len(texts) // (LATER + 1)
    watch, own = Watch(), high_water()
    for step in STEPS:
        watch.over(*step)
    model = CrossDomainClassifier(encoders=("lexical",), n_jobs=args.jobs)
    start, busy = time.perf_counter(), time.process_time()
    model.fit(texts[:count], label[:count], domain=domain[:count])
    fitted = time.perf_counter() - start
    found = watch.run("predict", model.predict, texts[count:], domain=domain[count:])
    told = {
        "texts": count,
        "fit": fitted,
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - busy,
        "peak": max(watch.most, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE),
        "before": own,
        "terms": model.features_.encoders_["lexical"].n_terms_,
        "graph": model.features_.spread_.kind_,
        "accuracy": float(np.mean(found == np.array(label[count:]))),
        "steps": watch.taken,
    }
    sys.stdout.write(json.dumps(told))


def run(count: int, args: argparse.Namespace) -> dict[str, Any]:
    """What one size took, in a process of its own."""
    command = [sys.executable, __file__, "--one", str(count), "--classes", str(args.classes), "--jobs", str(args.jobs)]
    command += ["--papers", args.papers] if args.papers else []
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    return dict(json.loads(found.stdout))


def table(found: dict[str, Any]) -> str:
    """Steps of one size, a line each."""
    first = (
        f"{found['texts']:,} texts: {found['seconds']:.1f} s ({found['fit']:.1f} s to fit, {found['processor']:.1f} s "
        f"of processor time), peak {found['peak']:,.0f} MiB ({found['before']:,.0f} MiB before it began); "
        f"{found['terms']:,} terms, graph {found['graph']}, accuracy {found['accuracy']:.3f}"
    )
    return "\n".join([first, *(line(name, taken) for name, taken in found["steps"].items())]) + "\n"


def main() -> None:
    """Print a table for each number of texts, and the exponents that fit them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--papers", default="", help="a Parquet file with the columns title, community and year")
    parser.add_argument("--jobs", type=int, default=2, help="processes that count texts at once")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measured(args)
        return
    taken = []
    for count in args.texts:
        taken.append(run(count, args))
        sys.stdout.write(table(taken[-1]))
        sys.stdout.flush()
    if len(taken) > 1:
        sizes = np.log([one["texts"] for one in taken])
        for name in ("seconds", "processor", "peak"):
            slope = np.polyfit(sizes, np.log([one[name] for one in taken]), 1)[0]
            sys.stdout.write(f"{name} grow with texts to the power of {slope:.2f}\n")


if __name__ == "__main__":
    main()
