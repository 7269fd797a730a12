"""Rows of the benchmark of reasons, and its tables."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from polyculture import CrossDomainClassifier
from polyculture.explain import (
    Asked,
    auroc,
    faithful,
    graph_reasons,
    judge,
    model_check,
    neighbours_of,
    randomised,
    true_edges,
)
from polyculture.explain.graph import kept_edges
from polyculture.measure import bootstrap
from polyculture.progress import LOG

Row = dict[str, Any]
SCORES = ("deletion", "insertion", "comprehensiveness", "sufficiency")


def judged(name: str, asked: Asked, kind: str, again: CrossDomainClassifier, seed: int) -> Row:
    """One row: a kind of reason on one set of items."""
    start = time.perf_counter()
    found = judge(asked, kind, again=again, seed=seed)
    seconds = time.perf_counter() - start
    LOG.info("%s, %s: %.0f s", name, kind, seconds)
    return {"data": name, "kind": kind, "seconds": seconds, **found}


def edges_judged(name: str, asked: Asked, method: str, again: CrossDomainClassifier, seed: int) -> Row:
    """One row: reasons of edges by one method."""
    start = time.perf_counter()
    # a mask takes two hundred passes, and what it says of one mixed-up model is plain
    models = [randomised(asked.model, seed=seed + k) for k in range(1 if method == "gnn_explainer" else 6)]
    own, *others = (graph_reasons(each, method=method) for each in (asked, *map(asked.with_model, [*models, again])))
    weights, *rest = ([found.edges for found in reasons] for reasons in (own, *others))
    found = faithful(kept_edges(asked, own), weights, seed=seed)
    checked = model_check(weights, rest[:-1], rest[-1], seed=seed)
    seconds = time.perf_counter() - start
    return {"data": name, "kind": f"edges, {method}", "seconds": seconds, **found, "model": checked}


def found_by(method: str, asked: Asked, roofs: np.ndarray) -> dict[str, np.ndarray]:
    """AUROC of the roof among nodes, and of the ways from it among edges, for each item."""
    if method == "neighbours":
        reasons = neighbours_of(asked)
        return {"nodes": np.array([auroc(r.effects, r.items == roof) for r, roof in zip(reasons, roofs, strict=True)])}
    found = graph_reasons(asked, method=method)
    pairs = list(zip(found, roofs, strict=True))
    return {
        "nodes": np.array([auroc(r.items, r.around.items == roof) for r, roof in pairs]),
        "edges": np.array([auroc(r.edges, true_edges(r.around, int(roof), hops=2)) for r, roof in pairs]),
    }


def spread_of(values: np.ndarray) -> dict[str, float]:
    """Mean and its interval over items."""
    return vars(bootstrap(np.nanmean, values, samples=1000))


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    """Lines of the two tables."""
    yield "| data | reasons | items | " + " | ".join(f"{score} (random) | better by" for score in SCORES) + " | s |"
    yield "|---" * (4 + 2 * len(SCORES)) + "|"
    for row in (r for r in rows if "deletion" in r):
        cells = [f"{row[s]['reasons']:.3f} ({row[s]['random']:.3f}) | {said(row[s]['margin'])}" for s in SCORES]
        yield f"| {row['data']} | {row['kind']} | {row['items']} | {' | '.join(cells)} | {row['seconds']:.0f} |"
    yield "\n| data | reasons | mixed-up model | refit, another seed | passes | stability (random) | steadier by |"
    yield "|---" * 7 + "|"
    for row in (r for r in rows if r.get("model") or r.get("stability")):
        yield f"| {row['data']} | {row['kind']} | {checked(row['model'])} | {steady(row.get('stability'))} |"
    yield "\n| data | method | items | answered right | AUROC of nodes | AUROC of edges | s |"
    yield "|---" * 7 + "|"
    for row in (r for r in rows if "auroc" in r):
        cells = [said(row["auroc"].get(name)) for name in ("nodes", "edges")]
        line = f"{row['items']} | {row['right']:.2f} | {' | '.join(cells)} | {row['seconds']:.0f}"
        yield f"| {row['data']} | {row['kind']} | {line} |"


def said(interval: dict[str, float] | None) -> str:
    """An estimate and its interval."""
    return "–" if interval is None else "{estimate:.3f} [{low:.3f}, {high:.3f}]".format(**interval)


def checked(model: Row | None) -> str:
    """Three cells of the check with a mixed-up model."""
    if model is None:
        return "– | – | –"
    return f"{said(model['randomised'])} | {said(model['refit'])} | {'yes' if model['passes'] else 'no'}"


def steady(found: Row | None) -> str:
    """Two cells of the stability."""
    return "– | –" if found is None else f"{found['reasons']:.2f} ({found['random']:.2f}) | {said(found['margin'])}"
