"""The table of docs/reasons.md: are reasons true? Texts, numbers, networks, and houses planted in graphs.

Run ``python benchmarks/reasons.py``, or a part of it: ``--only planted``. The parts ``fdu_mtl``, ``amazon``,
``citation`` and ``twitch`` need ``POLYCULTURE_DATA=FOLDER`` or ``--data-dir``; integrated gradients need captum and are
left out without it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import scipy.sparse as sp
from _reason_rows import Row, edges_judged, found_by, judged, markdown, spread_of
from amazon_pairs import read, weighted
from sklearn.base import clone

from polyculture import CrossDomainClassifier, load_dataset
from polyculture.data import DomainData, from_frame
from polyculture.data.graphs import read_acdne, read_musae
from polyculture.explain import Asked, planted_houses
from polyculture.preprocess import Preprocessor
from polyculture.progress import LOG


def vader(chosen: argparse.Namespace) -> Iterator[Row]:
    """Short texts of four domains: words, neighbours in another view, domains and encoders."""
    data = Preprocessor(leakage="drop", random_state=chosen.seed).fit_transform(load_dataset("vader-domains"))
    encoders = ("lexical:words", "lexical:characters", "pretrained:wordllama")
    model = CrossDomainClassifier(
        encoders[: 3 if find_spec("wordllama") else 2], graph="other", hops=(2,), random_state=chosen.seed, clean=False
    )
    yield from of_texts("vader-domains", model, data, chosen, kinds=("words", "neighbours", "domains", "modalities"))


def fdu_mtl(chosen: argparse.Namespace) -> Iterator[Row]:
    """Reviews of sixteen domains, 300 of each to learn from: words, domains (sampled) and encoders."""
    frame = pl.read_parquet(chosen.data_dir / "fdu_mtl" / "fdu_mtl.parquet").with_columns(pl.col("label").cast(str))
    frame = frame.filter((pl.col("split") == "train") & (pl.col("text").str.split(" ").list.len() < 150))
    frame = frame.filter(pl.int_range(pl.len()).shuffle(chosen.seed).over("domain") < 400).drop("split")
    data = from_frame(frame, text="text", label="label", domain="domain")
    data = Preprocessor(leakage="drop", random_state=chosen.seed).fit_transform(data)
    model = CrossDomainClassifier(
        ("lexical:words", "lexical:characters"), graph="none", random_state=chosen.seed, clean=False
    )
    yield from of_texts("FDU-MTL", model, data, chosen, kinds=("words", "domains", "modalities"), each=4)


def of_texts(
    name: str,
    model: CrossDomainClassifier,
    data: DomainData,
    chosen: argparse.Namespace,
    *,
    kinds: Sequence[str],
    each: int = 15,
) -> Iterator[Row]:
    """Fit on training items with two seeds, and judge reasons of test items with at least five words."""
    learnt, test = data.take(~data.within("test")), data.take(data.within("test"))
    settings = {"domain": learnt.domain, "split": learnt.split}
    model.fit(learnt.texts, learnt.label, **settings)
    again = clone(model).set_params(random_state=chosen.seed + 1).fit(learnt.texts, learnt.label, **settings)
    rng, long = np.random.default_rng(chosen.seed), np.array([len(t.split()) >= 5 for t in test.texts])
    rows = [rng.permutation(np.flatnonzero((test.domain == d) & long))[:each] for d in test.domains]
    items = test.take(np.concatenate(rows))
    asked = Asked.of(model, items.texts, domain=items.domain)
    yield from (judged(name, asked, kind, again, chosen.seed) for kind in kinds)


def citation(chosen: argparse.Namespace) -> Iterator[Row]:
    """Two citation networks as one, seven tenths of the labels known: neighbours, words of papers and domains."""
    folder = chosen.data_dir / "citation"
    data = read_acdne({name: folder / f"{name}.mat" for name in ("acmv9", "dblpv7")}, labels="single")
    rng = np.random.default_rng(chosen.seed)
    hidden = rng.random(len(data.label)) < 0.3
    label = np.where(hidden, None, data.label)
    model = CrossDomainClassifier(graph="given", hops=(2,), random_state=chosen.seed)
    given = {"domain": data.domain, "graph": data.graph}
    model.fit(data.items["vector"], label.tolist(), **given)
    again = clone(model).set_params(random_state=chosen.seed + 1).fit(data.items["vector"], label.tolist(), **given)
    degree = np.diff(sp.csr_array(data.graph).indptr)
    rows = rng.permutation(np.flatnonzero(hidden & (degree > 1)))[:100]
    asked = Asked.of(model, data.items["vector"][rows], domain=data.domain[rows], edges=data.graph[rows])
    for kind in ("neighbours", "features", "domains"):
        yield judged("citation networks", asked, kind, again, chosen.seed)


def amazon(chosen: argparse.Namespace) -> Iterator[Row]:
    """Two pairs of categories, 5,000 counted words, no labels of the target: words of its test reviews, as features."""
    for source, target in (("books", "kitchen"), ("kitchen", "dvd")):
        (counts, y), (unlabelled, _), (later, _) = (
            read(chosen.data_dir, name) for name in (f"{source}_train", f"{target}_train", f"{target}_test")
        )
        x, z, a = weighted(counts, unlabelled, later)
        label, domain = np.array([*y.tolist(), *[None] * z.shape[0]]), np.repeat([source, target], [len(y), z.shape[0]])
        model, again = (
            CrossDomainClassifier(random_state=chosen.seed + k).fit(sp.vstack([x, z]), label.tolist(), domain=domain)
            for k in (0, 1)
        )
        rows = np.random.default_rng(chosen.seed).permutation(np.flatnonzero(np.diff(a.indptr) >= 5))[:40]
        asked = Asked.of(model, a[rows], domain=[target] * len(rows))
        yield judged(f"Amazon, {source}→{target}", asked, "features", again, chosen.seed)


def twitch(chosen: argparse.Namespace) -> Iterator[Row]:
    """Two pairs of countries over their edges, no labels of the target: features and neighbours of its streamers."""
    for source, target in (("PTBR", "RU"), ("RU", "PTBR")):
        data = read_musae(chosen.data_dir / "twitch" / "twitch.zip", domains=(source, target))
        label, x = np.where(data.domain == source, data.label, None), data.items["vector"]
        model, again = (
            CrossDomainClassifier(graph="given", hops=(2,), random_state=chosen.seed + k).fit(
                x, label.tolist(), domain=data.domain, graph=data.graph
            )
            for k in (0, 1)
        )
        degree = np.diff(sp.csr_array(data.graph).indptr)
        rows = np.random.default_rng(chosen.seed).permutation(np.flatnonzero((data.domain == target) & (degree > 1)))
        asked = Asked.of(model, x[rows[:40]], domain=data.domain[rows[:40]], edges=data.graph[rows[:40]])
        for kind in ("features", "neighbours"):
            yield judged(f"Twitch, {source}→{target}", asked, kind, again, chosen.seed)


def planted(chosen: argparse.Namespace) -> Iterator[Row]:
    """Houses whose roofs decide, half of them without labels: linear propagation, and layers that are learnt."""
    houses = planted_houses(160, seed=chosen.seed)
    known = np.where(houses.house % 2 == 0, houses.label, None)
    rows = np.random.default_rng(chosen.seed).permutation(houses.asked[houses.house[houses.asked] % 2 == 1])
    for propagation, methods in (("sgc", ()), ("sign", ()), ("gcn", METHODS), ("gat", METHODS)):
        model = CrossDomainClassifier(graph="given", propagation=propagation, hops=(2,), random_state=chosen.seed)
        model.fit(houses.features, known.tolist(), graph=houses.graph)
        some = rows[:20] if methods else rows[:100]
        asked = Asked.of(model, houses.features[some], edges=houses.graph[some])
        right = model.target_.names[asked.predicted] == houses.label[some]
        start = time.perf_counter()
        for method in methods or ("neighbours",):
            found = found_by(method, asked, houses.roof[some])
            yield {
                "data": f"planted houses, {propagation}",
                "kind": method,
                "items": len(some),
                "right": float(right.mean()),
                "auroc": {name: spread_of(values[right]) for name, values in found.items()},
                "seconds": time.perf_counter() - start,
            }
        if propagation == "sgc":
            continue
        again = clone(model).set_params(random_state=chosen.seed + 1)
        again.fit(houses.features, known.tolist(), graph=houses.graph)
        name = f"planted houses, {propagation}"
        for method in methods:
            yield edges_judged(name, asked, method, again, chosen.seed)
        if not methods:
            yield judged(name, asked, "neighbours", again, chosen.seed)


METHODS = ("gnn_explainer", *(["integrated_gradients"] if find_spec("captum") else []))


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "vader": vader,
    "fdu_mtl": fdu_mtl,
    "amazon": amazon,
    "citation": citation,
    "twitch": twitch,
    "planted": planted,
}


def main() -> None:
    """Fit, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    chosen.data_dir = Path(chosen.data_dir) if chosen.data_dir else None
    rows: list[Row] = []
    start = time.perf_counter()
    for part in chosen.only:
        if part not in ("vader", "planted") and chosen.data_dir is None:
            LOG.info("%s is left out: name the folder of the data by --data-dir", part)
            continue
        rows += PARTS[part](chosen)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write("\n".join(markdown(rows)))
    sys.stdout.write(f"\n\n{time.perf_counter() - start:.0f} s; at most {peak:.1f} GiB\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
