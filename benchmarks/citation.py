"""Topics of papers from one citation network to another, without labels of the other: six transfers.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/citation.py --seeds 0 1 2 3 4``. Protocol *several* (ACDNE): all labels
of one network, none of the other; a node gets as many labels as it has, the likeliest first; micro- and macro-F1 over
the whole target network. Protocol *single*: the first label of each node, argmax. The two cannot be compared.

The ways, and the rule that chooses among them (circular validation), are the same for all transfers and seeds, and the
rule reads no label of the target. The settings of the ways are not free of them: depths, rounds and shares were settled
with the target scores of three transfers in sight, proportions, length and averaging with those of all six.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np

from polyculture import engine
from polyculture.adapt.depth_network import at_depths, depth_network
from polyculture.adapt.graph_rounds import GraphWay, spread_answers
from polyculture.adapt.graph_trials import WAYS, tried_over_graph
from polyculture.adapt.selection import Trial, mutual_information, negative_entropy, soft_neighbourhood_density
from polyculture.adapt.shared_vectors import shared_vectors
from polyculture.data.graphs import GraphData, read_acdne

FILES = {"A": "acmv9", "C": "citationv1", "D": "dblpv7"}
NAMES = {
    "none": "source-only network, no graph",
    "same depth": "source-only, two hops on either side",
    "one depth": "+ deeper in the target (2 and 15 hops)",
    "several depths": "+ several depths on either side",
    "depth": "+ answers spread over the target's graph",
    "as found": "+ three rounds of self-training, classes as they are found",
    "halfway": "  the same, classes halfway to the source's",
    "of the source": "  the same, classes as in the source",
    "self-training": "  the three averaged (the default)",
}
ROUNDS = WAYS["self-training"]
DEPTH = replace(ROUNDS, rounds=0)
DEEP = DEPTH.target_hops
ABLATIONS = {
    "same depth": GraphWay((2,), (2,), networks=2),
    "one depth": GraphWay((2,), (15,), networks=2),
    "several depths": replace(DEPTH, smooth=0),
    "depth": DEPTH,
    "as found": replace(ROUNDS, balances=(0.0,)),
    "halfway": replace(ROUNDS, balances=(0.5,)),
    "of the source": replace(ROUNDS, balances=(1.0,)),
}
CRITERIA = {"snd": soft_neighbourhood_density, "mutual information": mutual_information, "entropy": negative_entropy}
TRANSFERS = tuple(permutations("ACD", 2))
# micro-F1, A→C A→D C→A C→D D→A D→C; Shen et al. 2023, Neural Networks 164, table 3, means of 5 runs
PUBLISHED_SEVERAL = {
    "GCN, source only": (73.56, 68.22, 71.32, 71.24, 66.83, 71.63),
    "UDA-GCN": (81.44, 76.40, 76.75, 78.25, 73.10, 77.47),
    "ACDNE": (83.27, 76.57, 79.56, 77.35, 76.34, 82.09),
    "DM-GNN": (83.92, 78.15, 80.46, 79.50, 76.64, 82.91),
}

Scores = dict[str, float]


def read(folder: Path, source: str, target: str, protocol: str) -> tuple[GraphData, np.ndarray, np.ndarray]:
    """Both networks as one graph, labels as rows of 0 and 1 or as classes, and which nodes are the source's."""
    paths = {name: folder / "citation" / f"{FILES[name]}.mat" for name in (source, target)}
    data = read_acdne(paths, labels=protocol)
    return data, np.array(data.label.tolist()), data.domain == source


def f1(answers: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Micro- and macro-F1 in per cent; each node gets as many labels as it has."""
    truth = y if y.ndim == 2 else np.eye(answers.shape[1], dtype=int)[y]
    place = np.argsort(np.argsort(-answers, axis=1, kind="stable"), axis=1, kind="stable")
    found = place < truth.sum(axis=1, keepdims=True)
    hits, count = (found & (truth > 0)).sum(axis=0), found.sum(axis=0) + truth.sum(axis=0)
    return 200 * float(hits.sum() / count.sum()), 200 * float((hits / np.maximum(count, 1)).mean())


def target_trained(data: GraphData, y: np.ndarray, target: np.ndarray, seed: int, way: GraphWay = DEPTH) -> np.ndarray:
    """Answers for either half of the target, taught by the labels of the other half, at a way's target depths."""
    own, edges = y[target], data.graph[target][:, target]
    vectors = shared_vectors(data.vectors, seed=seed).of(data.vectors)[target]
    views = list(at_depths(vectors, edges, way.target_hops, alpha=way.alpha).values())
    goals = own if own.ndim == 2 else np.eye(own.max() + 1)[own]
    half, found = np.random.default_rng(seed).permutation(len(own)) < len(own) // 2, np.zeros(goals.shape)
    for asked in (half, ~half):
        taught = [view[~asked] for view in views], goals[~asked]
        answer = depth_network([taught], several=own.ndim == 2, seed=seed)
        found[asked] = spread_answers(answer(views), edges, way)[asked]
    return found


def transfer(
    folder: Path, pair: tuple[str, str], protocol: str, seed: int, *, ablations: bool = True
) -> dict[str, Scores]:
    """Both F1 of every row for one transfer and seed, and what was chosen."""
    data, y, side = read(folder, *pair, protocol)
    hidden = np.where(side if y.ndim == 1 else side[:, None], y, -1)
    given = data.vectors, data.graph, hidden, side
    start = time.process_time()
    found = tried_over_graph(*given, seed=seed)
    cost = {"seconds": time.process_time() - start}
    other = tried_over_graph(*given, ways=ABLATIONS, judged=False, seed=seed) if ablations else {}
    rows = {NAMES[name]: _both((found | other)[name].answers, y[~side]) for name in NAMES if name in found | other}
    circular = {name: each.score or 0.0 for name, each in found.items()}
    chosen = {"circular": max(circular, key=circular.__getitem__)}
    for name, criterion in CRITERIA.items():
        scores = {way: criterion(_trial(found[way].answers)) for way in found}
        chosen[name] = max(scores, key=scores.__getitem__)
    rows["chosen by circular validation (automatic)"] = rows[NAMES[chosen["circular"]]]
    rows |= {f"chosen by {name}": rows[NAMES[way]] for name, way in chosen.items() if name != "circular"}
    if ablations:
        rows["target-trained, each half by the other (a bound)"] = _both(target_trained(data, y, ~side, seed), y[~side])
    sys.stderr.write(f"{'→'.join(pair)} seed {seed}: {rows[NAMES[chosen['circular']]]['micro']:.2f} {chosen}\n")
    peak = {"gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}
    return rows | {"cost": cost | peak, "circular scores": circular}


def _both(answers: np.ndarray, y: np.ndarray) -> Scores:
    return dict(zip(("micro", "macro"), f1(answers, y), strict=True))


def _trial(answers: np.ndarray) -> Trial:
    """What criteria that look at answers alone need, of some 2,000 nodes; the source's part is not looked at."""
    some = answers[:: max(1, len(answers) // 2000)]
    p = some / some.sum(axis=1, keepdims=True)
    return Trial(p[:1], np.array([0]), p, p[:1], p)


def table(
    runs: list[dict[str, dict[str, Scores]]], metric: str, published: dict[str, tuple[float, ...]]
) -> Iterator[str]:
    """Lines in Markdown, transfers in columns, means over seeds."""
    pairs = list(runs[0])
    yield f"| {metric}-F1, % | " + " | ".join(pairs) + " | mean | over seeds ± |"
    yield "|---" * (len(pairs) + 3) + "|"
    for name, row in runs[0][pairs[0]].items():
        if metric not in row:
            continue
        each = np.array([[run[pair][name][metric] for pair in pairs] for run in runs])
        yield _line(name, [*each.mean(axis=0), each.mean()], f"{each.mean(axis=1).std():.2f}")
    each = np.array([[elsewhere(run)[pair][metric] for pair in pairs] for run in runs])
    name = "way chosen between the two networks that are not the target"
    yield _line(name, [*each.mean(axis=0), each.mean()], f"{each.mean(axis=1).std():.2f}")
    for name, values in published.items():
        yield _line(f"published: {name}", [*values, np.mean(values)], "")


def elsewhere(run: dict[str, dict[str, Scores]]) -> dict[str, Scores]:
    """Scores of each transfer under the way that is best, by micro-F1, between the networks that are not its target.

    No label of the target takes part in this choice, which the settings of the ways themselves cannot say of all.
    """
    ways = [name for name, row in run["A→C"].items() if "micro" in row and not name.startswith(("chosen", "target"))]
    found = {}
    for pair in run:
        others = [each for each in run if pair[-1] not in (each[0], each[-1])]
        found[pair] = run[pair][max(ways, key=lambda way: sum(run[each][way]["micro"] for each in others))]
    return found


def _line(name: str, numbers: list[float], last: str) -> str:
    return f"| {name} | " + " | ".join(f"{x:.1f}" for x in numbers[:-1]) + f" | {numbers[-1]:.2f} | {last} |"


def report(runs: list[dict[str, dict[str, Scores]]], protocol: str) -> Iterator[str]:
    """Protocol, rule, tables and costs."""
    published = PUBLISHED_SEVERAL if protocol == "several" else {}
    yield f"\nProtocol {protocol}, {len(runs)} seeds; ways chosen by circular validation; mean over seeds.\n"
    for metric in ("micro", "macro"):
        yield from table(runs, metric, published if metric == "micro" else {})
        yield ""
    seconds = [sum(pair["cost"]["seconds"] for pair in run.values()) for run in runs]
    peak = max(pair["cost"]["gib"] for run in runs for pair in run.values())
    yield f"All ways and the choice, six transfers of one seed: {np.mean(seconds):.0f} s of processor time; "
    yield f"largest memory of a process {peak:.1f} GiB."


def main() -> None:
    """All transfers and seeds of each protocol, then its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--protocols", nargs="+", choices=("several", "single"), default=["several", "single"])
    parser.add_argument("--jobs", type=int, default=2, help="transfers at once, each on one thread")
    parser.add_argument("--automatic", action="store_true", help="the ways to choose among alone, without other rows")
    parser.add_argument("--json", type=Path, help="folder for every transfer's numbers")
    chosen = parser.parse_args()
    for protocol in chosen.protocols:
        runs: list[dict[str, dict[str, Scores]]] = []
        for seed in chosen.seeds:
            runs.append({})
            pieces = [(chosen.data_dir, pair, protocol, seed) for pair in TRANSFERS]
            start = time.perf_counter()
            found = engine.run(partial(transfer, ablations=not chosen.automatic), pieces, jobs=chosen.jobs)
            sys.stderr.write(f"{protocol}, seed {seed}: all six in {time.perf_counter() - start:.0f} s\n")
            runs[-1] = {"→".join(pair): rows for pair, rows in zip(TRANSFERS, found, strict=True)}
            if chosen.json:
                chosen.json.mkdir(parents=True, exist_ok=True)
                (chosen.json / f"{protocol}.json").write_text(json.dumps(runs, ensure_ascii=False), "utf-8")
        sys.stdout.write("\n".join(report(runs, protocol)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
