"""Gowalla in the split of LightGCN: what a linear filter of the graph and vectors learnt over it reach together.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/gowalla.py``. Protocol: all items that a user has not in train are
ranked; Recall@20 (by the number of test items) and NDCG@20 (the best list ends at 20), means over users with test
items. Methods, settings and weights are chosen by NDCG@20 on a tenth of each user's training items, on at most
``--users`` users; the chosen models are fitted again on the whole training part. The test is looked at once.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from polyculture.data.interactions import Interactions, read_interactions
from polyculture.progress import LOG
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.judged import by_user
from polyculture.recommend.serving import Serving
from polyculture.training import threads

PUBLISHED = {
    "LightGCN (He et al. 2020, arXiv:2002.02126)": (0.1830, 0.1554),
    "LinkProp-Multi (Fu et al. 2022, arXiv:2203.15789)": (0.1908, 0.1573),
    "BSPM (Choi et al. 2023, arXiv:2211.09324)": (0.1920, 0.1597),
    "GR-MC (Scientific Reports 2025, s41598-025-17925-y)": (0.2081, 0.1640),
}

Row = dict[str, float]


def rows_of(model: CrossDomainRecommender, data: Interactions) -> dict[str, Row]:
    """Test measures of popularity, of each member alone, and of the blend."""
    test = data.take(data.within("test")).matrix()
    users = np.flatnonzero(np.diff(test.indptr))
    serving, seen = model.serving_["all"], model.edges_["all"]
    variants: dict[str, Serving] = {"popularity": replace(serving, warm=[], order=None)}
    if len(serving.warm) > 1:
        for each in serving.warm:
            name = f"{each.member.method} {json.dumps(each.member.settings)}"
            variants[name] = replace(serving, warm=[each], order=None)
    variants["chosen"] = serving
    return {name: _means(by_user(each, users, seen, test, (20,))) for name, each in variants.items()}


def _means(values: dict[str, np.ndarray]) -> Row:
    return {name: float(each.mean()) for name, each in values.items()}


def table(rows: dict[str, Row]) -> Iterator[str]:
    """Lines in Markdown."""
    yield "| | Recall@20 | NDCG@20 |"
    yield "|---|---|---|"
    for name, (recall, ndcg) in PUBLISHED.items():
        yield f"| {name}, published | {recall:.4f} | {ndcg:.4f} |"
    for name, row in rows.items():
        yield f"| {name} | {row['recall@20']:.4f} | {row['ndcg@20']:.4f} |"


def main() -> None:
    """Choose, fit, judge, and one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vectors", type=int, default=512)
    parser.add_argument("--users", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    start, wall = time.process_time(), time.perf_counter()
    with threads(chosen.threads):
        data = read_interactions(chosen.data_dir / "gowalla")
        model = CrossDomainRecommender(
            vectors=chosen.vectors, most_users=chosen.users, k=20, random_state=chosen.seed
        ).fit(data)
        LOG.info("fitted in %.0f s of processor time", time.process_time() - start)
        rows = rows_of(model, data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    facts = {
        "seed": chosen.seed,
        "processor_seconds": time.process_time() - start,
        "seconds": time.perf_counter() - wall,
        "peak_GiB": peak,
        "notes": model.notes(),
    }
    if chosen.json:
        chosen.json.write_text(json.dumps({"rows": rows, **facts}, ensure_ascii=False, indent=1), encoding="utf-8")
    sys.stdout.write("\n".join([*table(rows), "", *model.notes()]) + "\n")
    sys.stdout.write(
        f"Seed {chosen.seed}; choice, fit and full ranking of all rows: {facts['seconds']:.0f} s on {chosen.threads} "
        f"threads, {facts['processor_seconds']:.0f} s of processor time, peak memory {peak:.1f} GiB.\n"
    )


if __name__ == "__main__":
    main()
