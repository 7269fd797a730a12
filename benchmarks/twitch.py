"""Whether a streamer on Twitch uses mature language, from one country to each other, without labels there.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/twitch.py``. Protocol: all labels of one country, none of the other;
macro-F1 (of the likelier class) and AUC over all nodes of the other. A row is a way, a column a source: the mean over
its six targets. The ways and the rule that chooses among them are those of the citation networks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
from citation import ABLATIONS, target_trained
from sklearn.metrics import f1_score, roc_auc_score

from polyculture.adapt.graph_rounds import GraphWay
from polyculture.adapt.graph_trials import tried_over_graph
from polyculture.data.graphs import GraphData, read_musae
from polyculture.training import threads

COUNTRIES = ("DE", "ENGB", "ES", "FR", "PTBR", "RU", "ZHTW")
ROWS = {
    "none": "source-only network, no graph",
    "same depth": "source-only, two hops on either side",
    "depth": "source-only, deeper in the target",
    "self-training": "+ self-training",
    "automatic": "automatic (circular validation)",
    "target-trained": "target-trained, no graph, each half by the other",
}
COMPONENTS = 128

Pairs = dict[str, dict[str, dict[str, float]]]


def pair(data: GraphData, source: str, target: str, seed: int) -> dict[str, dict[str, float]]:
    """Both measures of every row for one source and one target."""
    rows = np.flatnonzero((data.domain == source) | (data.domain == target))
    part = data.take(rows)
    y, side = np.array([int(label == "True") for label in part.label]), part.domain == source
    found = tried_over_graph(part.vectors, part.graph, np.where(side, y, -1), side, components=COMPONENTS, seed=seed)
    other = {name: ABLATIONS[name] for name in ("same depth", "depth")}
    shallow = tried_over_graph(
        part.vectors,
        part.graph,
        np.where(side, y, -1),
        side,
        ways=other,
        judged=False,
        components=COMPONENTS,
        seed=seed,
    )
    answers = {name: each.answers for name, each in (found | shallow).items()}
    best = max(found, key=lambda name: found[name].score or 0.0)
    answers["automatic"] = answers[best]
    answers["target-trained"] = target_trained(part, y, ~side, seed, GraphWay())
    sys.stderr.write(f"{source} to {target}: {best}\n")
    return {name: _judged(answers[name], y[~side]) for name in ROWS} | {"chosen": {best: 1.0}}


def _judged(answers: np.ndarray, y: np.ndarray) -> dict[str, float]:
    return {
        "macro-F1": 100 * float(f1_score(y, answers.argmax(axis=1), average="macro")),
        "AUC": 100 * float(roc_auc_score(y, answers[:, 1] - answers[:, 0])),
    }


def table(pairs: Pairs, metric: str, countries: Sequence[str]) -> Iterator[str]:
    """Lines in Markdown, sources in columns, means over their targets."""
    yield f"| {metric}, % | " + " | ".join(countries) + " | mean | worst of the pairs |"
    yield "|---" * (len(countries) + 3) + "|"
    for name, called in ROWS.items():
        every = {key: row[name][metric] for key, row in pairs.items()}
        means = [np.mean([x for key, x in every.items() if key.startswith(f"{source}→")]) for source in countries]
        numbers = [*means, np.mean(list(every.values())), min(every.values())]
        yield f"| {called} | " + " | ".join(f"{x:.1f}" for x in numbers) + " |"


def main() -> None:
    """All pairs, and two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--countries", nargs="+", choices=COUNTRIES, default=list(COUNTRIES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for every pair's numbers")
    chosen = parser.parse_args()
    data, start = read_musae(chosen.data_dir / "twitch" / "twitch.zip", domains=chosen.countries), time.process_time()
    pairs: Pairs = {}
    for source, target in permutations(chosen.countries, 2):
        with threads(1):
            pairs[f"{source}→{target}"] = pair(data, source, target, chosen.seed)
        if chosen.json:
            chosen.json.write_text(json.dumps(pairs, ensure_ascii=False), encoding="utf-8")
    for metric in ("macro-F1", "AUC"):
        sys.stdout.write("\n".join(table(pairs, metric, chosen.countries)) + "\n\n")
    helped = sum(row["automatic"]["AUC"] >= row["none"]["AUC"] for row in pairs.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"Automatic is no worse than source-only by AUC in {helped} of {len(pairs)} pairs; "
        f"{time.process_time() - start:.0f} s of processor time for all rows, peak memory {peak:.1f} GiB.\n"
    )


if __name__ == "__main__":
    main()
