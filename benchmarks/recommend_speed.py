"""How many recommendations a second, beside implicit's, and what memory they take as users and items grow.

    OMP_NUM_THREADS=1 python benchmarks/recommend_speed.py

Needs ``pip install implicit`` for the peer; without it, its row is left out. Interactions are made: users take items of
which a few are popular, 27 each. Every row is a process of its own on one thread, and all run in turn ``--repeat``
times, of which the median and the extremes are told; seconds are those of the processor, so that other work on the
machine counts little.

*Kernel*: given 64 numbers for each user and item, the 20 best items of each user, without those that the user has.
*Recommender*: what `CrossDomainRecommender.recommend` does with a spectral model of 64 vectors, which scores by two
steps over the graph beside them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

FACTORS = 64
EACH = 27
SIZES = ((5_000, 10_000), (5_000, 41_000), (5_000, 160_000), (20_000, 41_000))


def taken(users: int, items: int, seed: int = 0) -> sp.csr_array:
    """Interactions, item i about as often as 1 / (i + 10)."""
    rng = np.random.default_rng(seed)
    share = 1.0 / (np.arange(items) + 10.0)
    what = rng.choice(items, size=users * EACH, p=share / share.sum())
    found = sp.csr_array((np.ones(len(what), np.float32), (np.repeat(np.arange(users), EACH), what)), (users, items))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def factors(users: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of users and of items."""
    rng = np.random.default_rng(1)
    return rng.standard_normal((users, FACTORS), "f4"), rng.standard_normal((items, FACTORS), "f4")


def ours(seen: sp.csr_array, k: int) -> Callable[[], np.ndarray]:
    """Blocks of users, as the recommender takes them."""
    from polyculture.recommend.ranked import best, blocks, hide

    left, right = factors(*seen.shape)

    def ask() -> np.ndarray:
        found = []
        for rows in blocks(np.arange(len(left)), len(right)):
            scores = left[rows] @ right.T
            hide(scores, seen[rows])
            found.append(best(scores, k))
        return np.concatenate(found)

    return ask


def implicit_topk(seen: sp.csr_array, k: int) -> Callable[[], np.ndarray]:
    """The heaps of implicit, in C++."""
    from implicit.cpu.topk import topk

    left, right = factors(*seen.shape)
    filtered = sp.csr_matrix(seen)
    return lambda: topk(right, left, k, filter_query_items=filtered, num_threads=1)[0]


def plain(seen: sp.csr_array, k: int) -> Callable[[], np.ndarray]:
    """What one would write in five lines of NumPy."""
    left, right = factors(*seen.shape)

    def ask() -> np.ndarray:
        found = []
        for start in range(0, len(left), 1000):
            scores = left[start : start + 1000] @ right.T
            scores[seen[start : start + 1000].nonzero()] = -np.inf
            first = np.argpartition(-scores, k, axis=1)[:, :k]
            order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1)
            found.append(np.take_along_axis(first, order, axis=1))
        return np.concatenate(found)

    return ask


def recommender(seen: sp.csr_array, k: int) -> Callable[[], np.ndarray]:
    """A fitted model of one domain, scores and all; what is chosen when it is fitted is chosen here."""
    from polyculture.recommend.answers import top_items
    from polyculture.recommend.choice import Choice
    from polyculture.recommend.search import Member
    from polyculture.recommend.serving import serve

    nothing = float("nan")
    members = [Member("spectral", {"vectors": FACTORS}, 0.0)]
    choice = Choice(warm=members, cold=[], alone=[], worth=nothing, cold_worth=nothing)
    serving = serve({"all": seen}, "all", np.arange(seen.shape[1]), choice, seed=0)
    return lambda: top_items([serving], np.arange(seen.shape[0]), seen, k)[0]


KERNELS = {"polyculture": ours, "implicit": implicit_topk, "plain NumPy": plain}
JOBS = {**KERNELS, "recommender": recommender}


def one(job: str, users: int, items: int, k: int) -> dict[str, float]:
    """Recommendations a second of one job in this process, and what its memory grew by."""
    ask = JOBS[job](taken(users, items), k)
    before = most()
    start, clock = time.process_time(), time.perf_counter()
    found = ask()
    seconds, clock = time.process_time() - start, time.perf_counter() - clock
    if found.shape != (users, k):
        raise SystemExit(f"{job} gave {found.shape}, not {(users, k)}")
    return {
        "users a second": users / seconds,
        "by the clock": users / clock,
        "megabytes": most() - before,
        "process": most(),
    }


def most() -> float:
    """Megabytes that this process held at most."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def apart(job: str, users: int, items: int, k: int) -> dict[str, float]:
    """The same in a process of its own."""
    asked = [sys.executable, __file__, "--one", job, "--users", str(users), "--items", str(items), "-k", str(k)]
    found = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603 - this file itself
    return dict(json.loads(found.stdout.splitlines()[-1]))


def agree(users: int, items: int, k: int) -> str:
    """Whether all kernels give the same lists; equal scores do not occur among random numbers."""
    seen = taken(users, items)
    lists = {job: KERNELS[job](seen, k)() for job in there()}
    first = next(iter(lists.values()))
    same = {job: float((found == first).mean()) for job, found in lists.items()}
    return ", ".join(f"{job} {share:.4f}" for job, share in same.items())


def there() -> list[str]:
    """Kernels that can run here."""
    return [job for job in KERNELS if job != "implicit" or find_spec("implicit") is not None]


def tables(chosen: argparse.Namespace, kept: dict[str, Any]) -> Iterator[str]:
    """Speed at one size beside the peer, then speed and memory of the recommender at several."""
    yield f"share of equal places, first kernel beside each: {agree(500, 2000, chosen.k)}"
    yield f"\n{chosen.users:,} users, {chosen.items:,} items, {FACTORS} factors, k = {chosen.k}"
    yield "\n| kernel | users a second (median, least, most) | memory |\n|---|---|---|"
    runs: dict[str, list[dict[str, float]]] = {job: [] for job in there()}
    for _ in range(chosen.repeat):
        for job, found in runs.items():
            found.append(apart(job, chosen.users, chosen.items, chosen.k))
    kept["kernels"] = runs
    yield from (row(job, found) for job, found in runs.items())
    yield "\n| recommender: users x items | users a second (median, least, most) | memory |\n|---|---|---|"
    for users, items in chosen.sizes:
        found = [apart("recommender", users, items, chosen.k) for _ in range(chosen.repeat)]
        kept[f"{users}x{items}"] = found
        yield row(f"{users:,} x {items:,}", found)


def row(name: str, runs: list[dict[str, float]]) -> str:
    """Of several runs."""
    speeds = [run["users a second"] for run in runs]
    memory = statistics.median(run["megabytes"] for run in runs)
    return f"| {name} | {statistics.median(speeds):,.0f} ({min(speeds):,.0f}, {max(speeds):,.0f}) | {memory:,.0f} MB |"


def main() -> None:
    """Print the tables; or do one job and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--items", type=int, default=41_000)
    parser.add_argument("-k", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a tenth of all users and items")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=JOBS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        sys.stdout.write(json.dumps(one(chosen.one, chosen.users, chosen.items, chosen.k)))
        return
    chosen.sizes = SIZES
    if chosen.small:
        chosen.users, chosen.items = chosen.users // 10, chosen.items // 10
        chosen.sizes = tuple((users // 10, items // 10) for users, items in SIZES)
    kept: dict[str, Any] = {}
    for line in tables(chosen, kept):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
