"""Graphs of a million nodes and ten million edges: seconds and peak memory of each step, and how they grow.

A node has a class of eight and a domain of four, and a number of edges drawn by a power law, ten in the mean. Four in
five edges lead to a node of its class, four in five to one of its domain, and the others anywhere: a stochastic block
model with given degrees, drawn in a time that grows with the edges. 64 columns tell classes a little, and domains too.

- ``classifier``: ``CrossDomainClassifier(graph="given").fit`` on one graph, ``predict`` on another of a tenth the size.
- ``adapt``: ``adapt_over_graph`` from two domains with labels to one without, the way chosen by circular validation.
- ``one way``: the same with two hops on either side, where nothing is chosen.

Each is a process of its own. Accuracy without a graph is that of the same columns: of a classifier fitted on at most
100,000 of the nodes, and of the way ``"none"``. Neither is in the seconds.

    OMP_NUM_THREADS=2 python benchmarks/graph_scale.py --nodes 10000 100000 300000 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from million_texts import LATER, MEBIBYTE, Watch, high_water, line

CLASSES, DOMAINS, COLUMNS = 8, 4, 64
EDGES = 10
"""That go out from a node, in the mean; as many come in."""
ALIKE, AT_HOME = 0.8, 0.8
"""Shares of the edges that lead to a node of the same class, and of the same domain; others lead to any."""
TOLD, SHIFT = 0.16, 0.05
"""Lengths of what the class and the domain add to a column, where noise has 1."""
TAIL, MOST = 2.5, 1000
"""Exponent of the power law of degrees, and how many times the smallest degree the largest is."""
SAMPLE = 100_000
KINDS = ("classifier", "adapt", "one way")
CLASSIFIER = (
    ("read", "polyculture.classify.reading", "Reading._read"),
    ("split", "polyculture.classify.reading", "split"),
    ("scale", "polyculture.features.encoders.vectors", "VectorEncoder.fit"),
    ("columns", "polyculture.features.encoders.vectors", "VectorEncoder.transform"),
    ("blocks", "polyculture.features.blocks", "Block.transform"),
    ("graph", "polyculture.features.spread", "Spread.fit_transform"),
    ("network", "polyculture.features.backbone", "Backbone.fit"),
    ("base model", "polyculture.features.base_model", "BaseModel.fit"),
    ("experts", "polyculture.classify.learning", "fine_tune"),
    ("merging", "polyculture.classify.learning", "merge"),
    ("fine-tune merged", "polyculture.classify.learning", "fine_tune_merged"),
    ("fusion", "polyculture.fuse.combine", "Combination.fit"),
    ("base model refitted", "polyculture.features.base_model", "BaseModel.refitted"),
)
ADAPT = (
    ("edges", "polyculture.adapt.graph_trials", "given"),
    ("spread", "polyculture.adapt.graph_trials", "at_depths"),
    ("spread answers", "polyculture.adapt.graph_rounds", "at_depths"),
    ("networks", "polyculture.adapt.graph_rounds", "depth_network"),
)


@dataclass(frozen=True)
class Drawn:
    """A graph: entry (i, j) is an edge from i to j."""

    vectors: np.ndarray
    graph: sp.csr_array
    label: np.ndarray
    domain: np.ndarray


def degrees(count: int, rng: np.random.Generator) -> np.ndarray:
    """Edges that go out from each node, at least one: a power law up to a largest one, scaled to the mean."""
    lower, upper = 1.0, MOST ** (1 - TAIL)
    drawn = (lower - rng.random(count) * (lower - upper)) ** (1 / (1 - TAIL))
    drawn *= EDGES / drawn.mean()
    return np.maximum(1, np.floor(drawn + rng.random(count))).astype(np.int64)


def drawn(count: int, domains: int, seed: int = 0) -> Drawn:
    """So many nodes; classes and domains look alike whatever the seed."""
    rng, means = np.random.default_rng(seed), np.random.default_rng(1)
    by_class, by_domain = (means.normal(size=(k, COLUMNS)).astype(np.float32) for k in (CLASSES, DOMAINS))
    label, domain = rng.integers(0, CLASSES, count), rng.integers(0, domains, count)
    vectors = rng.standard_normal((count, COLUMNS), dtype=np.float32)
    vectors += TOLD * by_class[label] + SHIFT * by_domain[domain]
    return Drawn(vectors, edges(label, domain, domains, rng), label, domain)


def edges(label: np.ndarray, domain: np.ndarray, domains: int, rng: np.random.Generator) -> sp.csr_array:
    """Each end of an edge is drawn in proportion to the degrees, the other end within a class and a domain."""
    degree = degrees(len(label), rng)
    cell = label * domains + domain
    # every node as often as it has edges, cell by cell: a place among those of a cell is a node by its degree
    stubs = np.repeat(order := np.argsort(cell, kind="stable"), degree[order]).astype(np.int32)
    ends = np.append(0, np.cumsum(np.bincount(cell, weights=degree, minlength=CLASSES * domains))).astype(np.int64)
    aim = np.where(rng.random(len(stubs)) < ALIKE, label[stubs], rng.integers(0, CLASSES, len(stubs))) * domains
    aim += np.where(rng.random(len(stubs)) < AT_HOME, domain[stubs], rng.integers(0, domains, len(stubs)))
    chosen = stubs[ends[aim] + (rng.random(len(stubs)) * (ends[aim + 1] - ends[aim])).astype(np.int64)]
    found = sp.coo_array((np.ones(len(stubs), np.float32), (stubs, chosen)), shape=(len(label), len(label))).tocsr()
    found.data[:] = 1
    return found


def classifier(count: int, watch: Watch) -> dict[str, Any]:
    """Fit on one graph, predict on a later one."""
    from polyculture import CrossDomainClassifier

    here, later = drawn(count, DOMAINS), drawn(count // LATER, DOMAINS, seed=1)
    own, model = high_water(), CrossDomainClassifier(graph="given")
    told = watched(watch, lambda: fit(model, here, here.graph))
    start = time.perf_counter()
    found = watch.run("predict", model.predict, later.vectors, graph=later.graph)
    told |= {"later": time.perf_counter() - start, "before": own, "entries": here.graph.nnz, "peak": peak(watch)}
    # what runs from now on is in no figure of the table
    told |= {"steps": dict(watch.taken), "with": float(np.mean(found == later.label))}
    spread = model.features_.spread_
    return told | {"chosen": f"{spread.kind_}, {spread.hops_} hops", "without": alone(here, later)}


def fit(model: Any, here: Drawn, graph: Any) -> None:
    """Labels and domains as users have them."""
    model.fit(here.vectors, here.label, domain=[f"domain {d}" for d in here.domain], graph=graph)


def alone(here: Drawn, later: Drawn) -> float:
    """Accuracy of the same model without the graph, fitted on a sample."""
    from polyculture import CrossDomainClassifier

    few = slice(0, SAMPLE)
    model = CrossDomainClassifier(graph="none")
    model.fit(here.vectors[few], here.label[few], domain=[f"domain {d}" for d in here.domain[few]])
    return float(np.mean(model.predict(later.vectors) == later.label))


def adapt(count: int, watch: Watch, *, one: bool) -> dict[str, Any]:
    """Two domains have labels, the third has none."""
    from polyculture.adapt.over_graph import GraphWay, adapt_over_graph

    here = drawn(count, 3)
    own, source = high_water(), here.domain < 2
    y, joined = np.where(source, here.label, -1), here.graph.maximum(here.graph.T)
    found: dict[str, Any] = {}

    def run() -> None:
        ways = {"two hops": GraphWay((2,), (2,))} if one else None
        found["adapted"] = adapt_over_graph(here.vectors, joined, y, source, ways=ways)

    told = watched(watch, run) | {"before": own, "entries": joined.nnz, "peak": peak(watch)}
    # what runs from now on is in no figure of the table
    adapted, truth = found["adapted"], here.label[~source]
    plain = adapt_over_graph(here.vectors, joined, y, source, ways={"none": GraphWay()})
    chosen = adapted.name + "".join(f", {name} {score:.3f}" for name, score in adapted.scores.items())
    right = {
        name: float(np.mean(each.target_answers.argmax(axis=1) == truth))
        for name, each in (("with", adapted), ("without", plain))
    }
    return told | right | {"chosen": chosen}


def watched(watch: Watch, function: Callable[[], None]) -> dict[str, Any]:
    """Seconds, and those of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    function()
    return {"seconds": time.perf_counter() - start, "processor": time.process_time() - busy, "steps": dict(watch.taken)}


def peak(watch: Watch) -> float:
    """Largest resident memory so far, in MiB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE
    return max(getattr(watch, "most", 0.0), high_water(), own)


def measured(args: argparse.Namespace) -> None:
    """One task of one size, as JSON."""
    watch = Watch()
    for step in CLASSIFIER if args.task == "classifier" else ADAPT:
        watch.over(*step)
    told = (
        classifier(args.one, watch) if args.task == "classifier" else adapt(args.one, watch, one=args.task != "adapt")
    )
    sys.stdout.write(json.dumps({"nodes": args.one, "task": args.task} | told))


def run(count: int, task: str) -> dict[str, Any]:
    """What one task of one size took, in a process of its own."""
    command = [sys.executable, __file__, "--one", str(count), "--task", task]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    return dict(json.loads(found.stdout))


def table(found: dict[str, Any]) -> str:
    """Steps of one size, a line each."""
    later = f", {found['later']:.1f} s to predict" if "later" in found else ""
    first = (
        f"{found['task']}, {found['nodes']:,} nodes, {found['entries']:,} entries: {found['seconds']:.1f} s "
        f"({found['processor']:.1f} s of processor time{later}), peak {found['peak']:,.0f} MiB "
        f"({found['before']:,.0f} MiB before it began); accuracy {found['with']:.3f}, without the graph "
        f"{found['without']:.3f}; {found['chosen']}"
    )
    return "\n".join([first, *(line(name, taken) for name, taken in found["steps"].items())]) + "\n"


def exponents(taken: list[dict[str, Any]]) -> str:
    """How seconds and memory grow with nodes; edges are ten times as many throughout."""
    sizes, lines = np.log([one["nodes"] for one in taken]), []
    for name in ("seconds", "processor", "peak"):
        slope = np.polyfit(sizes, np.log([one[name] for one in taken]), 1)[0]
        lines.append(f"{taken[0]['task']}: {name} grow with nodes and edges to the power of {slope:.2f}\n")
    return "".join(lines)


def main() -> None:
    """Print a table for each task and number of nodes, and the exponents that fit them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--tasks", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--task", choices=KINDS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measured(args)
        return
    taken: dict[str, list[dict[str, Any]]] = {task: [] for task in args.tasks}
    for count in args.nodes:
        for task, sizes in taken.items():
            sizes.append(run(count, task))
            sys.stdout.write(table(sizes[-1]))
            sys.stdout.flush()
    for sizes in taken.values():
        sys.stdout.write(exponents(sizes) if len(sizes) > 1 else "")


if __name__ == "__main__":
    main()
