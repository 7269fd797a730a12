"""Audits made by hand, with the shape and the size that real ones have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from polyculture.auditing.failing import failing_together
from polyculture.auditing.result import LISTED, AuditResult
from polyculture.data.answers import Answers

Make = Callable[[], AuditResult]
ITEMS = 2000
MAKERS = ("mobilenet", "resnet", "vit", "convnext", "efficientnet", "swin", "deit", "regnet")


def called(count: int) -> list[str]:
    return [f"{MAKERS[i % 8]}_{'v' * (i % 3)}{i // 8}{'_in21k' * (i % 4 == 0)}" for i in range(count)]


def around(value: float, half: float) -> dict[str, float]:
    return {"estimate": float(value), "low": float(value - half), "high": float(value + half)}


def failures(count: int, seed: int = 0) -> np.ndarray:
    """Failures of models that share the difficulty of items and, in families, more than that."""
    rng = np.random.default_rng(seed)
    family = np.minimum(np.arange(count) % 7, 4)
    latent = 0.8 * rng.normal(size=(ITEMS, 1)) + 0.9 * rng.normal(size=(ITEMS, 5))[:, family]
    return latent + rng.normal(size=(ITEMS, count)) > rng.uniform(0.6, 1.8, count)


def kappas(fails: np.ndarray) -> np.ndarray:
    rate = fails.mean(axis=0)
    both = fails.T.astype(float) @ fails / len(fails)
    same = 1 - rate[:, None] - rate[None, :] + 2 * both
    chance = rate[:, None] * rate[None, :] + (1 - rate[:, None]) * (1 - rate[None, :])
    return (same - chance) / (1 - chance)


def table_of(names: Sequence[str], measures: dict[str, np.ndarray], nulls: dict[str, float]) -> pl.DataFrame:
    first, second = np.triu_indices(len(names), 1)
    ends = {end: pl.Series([names[i] for i in at], dtype=pl.Enum(names)) for end, at in (("a", first), ("b", second))}
    columns: dict[str, Any] = dict(ends)
    for name, values in measures.items():
        v = values[first, second]
        null = np.full(len(v), nulls[name])
        columns |= {name: v, f"{name}_low": v - 0.03, f"{name}_high": v + 0.03, f"{name}_null": null}
        columns |= {f"{name}_calibrated": (v - null) / (1 - null), f"{name}_p": np.exp(-9 * np.abs(v - null))}
        columns[f"{name}_p_adjusted"] = np.minimum(1, 2 * columns[f"{name}_p"])
    return pl.DataFrame(columns)


def pairs_of(table: pl.DataFrame, measures: Sequence[str]) -> list[dict[str, Any]]:
    parts = ("estimate", "low", "high", "null", "calibrated", "p", "p_adjusted")
    return [
        {"a": row["a"], "b": row["b"]}
        | {m: {p: row[m if p == "estimate" else f"{m}_{p}"] for p in parts} for m in measures}
        for row in table.iter_rows(named=True)
    ]


def summary_of(table: pl.DataFrame, measures: Sequence[str]) -> dict[str, Any]:
    return {
        m: {
            "estimate": float(np.nanmean(table[m].to_numpy())),
            "null": float(np.mean(table[f"{m}_null"].to_numpy())),
            "calibrated": float(np.nanmean(table[f"{m}_calibrated"].to_numpy())),
            "beyond_chance": int((table[f"{m}_p_adjusted"] < 0.05).sum()),
            "pairs": len(table),
        }
        for m in measures
    }


def families_of(names: Sequence[str], likeness: np.ndarray) -> dict[str, Any]:
    distances = squareform(np.where(np.eye(len(names), dtype=bool), 0, 1 - likeness), checks=False)
    tree = linkage(distances, "average")
    tree = optimal_leaf_ordering(tree, distances) if len(names) < 100 else tree
    cut = float(np.quantile(tree[:, 2], 0.7))
    parents = list(range(2 * len(names) - 1))
    for i, (a, b, height, _) in enumerate(tree):
        if height <= cut:
            parents[int(a)] = parents[int(b)] = len(names) + i
    roots: dict[int, list[str]] = {}
    for i, name in enumerate(names):
        at = i
        while parents[at] != at:
            at = parents[at]
        roots.setdefault(at, []).append(name)
    groups = sorted((g for g in roots.values() if len(g) > 1), key=len, reverse=True)
    return {
        "families": [{"models": g, "stability": 0.93 - 0.05 * i, "stable": True} for i, g in enumerate(groups)],
        "alone": [g[0] for g in roots.values() if len(g) == 1],
        "order": [names[i] for i in leaves_list(tree)],
        "linkage": tree.tolist(),
        "cut": cut,
        "silhouette": 0.41,
        "null": 0.2,
        "p": 0.01,
        "reason": "",
    }


def distribution_of(fails: np.ndarray) -> dict[str, list[float]]:
    expected = np.ones(1)
    for rate in fails.mean(axis=0):
        expected = np.convolve(expected, [1 - rate, rate])
    observed = np.bincount(fails.sum(axis=1), minlength=fails.shape[1] + 1)
    return {"observed": (observed / len(fails)).tolist(), "expected": expected.tolist()}


def portfolio_of(names: Sequence[str], fails: np.ndarray) -> dict[str, Any]:
    best, rows = [names[i] for i in np.argsort(fails.mean(axis=0))], []
    for k in range(1, min(len(names), 8) + 1):
        chosen = max(0.12 * 0.35 ** (k - 1), 0.0001) if k < 7 else 0.0
        rows.append(
            {"k": k, "models": best[::2][:k], "joint_failure": around(chosen, chosen / 3)}
            | {"best_accuracy": around(0.12 * 0.6 ** (k - 1), 0.01), "random": around(0.2 * 0.7 ** (k - 1), 0.02)}
        )
        for name in ("joint_failure", "best_accuracy", "random"):
            rows[-1][name]["low"] = max(0.0, rows[-1][name]["low"])
    guarantee = "Sets marked exact are the best of all sets of their size on the selection half."
    return {"objective": "joint_failure", "suggested": min(3, len(names)), "sizes": rows, "guarantee": guarantee}


def together_of(fails: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    rate, m = fails.mean(axis=0), fails.shape[1]
    both = (fails.T.astype(float) @ fails / len(fails))[np.triu_indices(m, 1)].mean()
    alone = float(np.outer(rate, rate)[np.triu_indices(m, 1)].mean())
    every, chance = float(fails.all(axis=1).mean()), float(rate.prod())
    return tuple(
        {
            "observed": o,
            "expected": e,
            "ratio": o / e if e else float("nan"),
            "intervals": {
                name: {"low": 0.9 * value, "high": 1.1 * value}
                for name, value in (("observed", o), ("expected", e), ("ratio", o / e if e else float("nan")))
            },
        }
        for o, e in ((float(both), alone), (every, chance))
    )


def answers(count: int = 9, names: Sequence[str] | None = None, **changes: Any) -> AuditResult:
    """Everything that answers allow."""
    names = called(count) if names is None else list(names)
    fails = failures(len(names))
    kappa = kappas(fails)
    measures = {"error_consistency": kappa, "capa": 0.8 * kappa - 0.03}
    table = table_of(names, measures, {"error_consistency": 0.0, "capa": 0.0})
    joint, systemic = together_of(fails)
    accuracy = dict(zip(names, (1 - fails.mean(axis=0)).tolist(), strict=True))
    first = table.row(int(table["error_consistency"].arg_max()), named=True)
    given: dict[str, Any] = {
        "kind": "answers",
        "models": names,
        "items": ITEMS,
        "accuracy": accuracy,
        "accuracy_intervals": {name: {"low": a - 0.017, "high": a + 0.016} for name, a in accuracy.items()},
        "effective_models": {
            name: around(1 + len(names) * share, 0.1)
            for name, share in (("kish", 0.2), ("participation_ratio", 0.35), ("spectral_entropy", 0.5))
        },
        "joint_failure": joint,
        "systemic_failure": systemic | {"distribution": distribution_of(fails)},
        "failing_together": failing_of(names, fails, kappa),
        "multiplicity": {"ambiguity": around(0.41, 0.02), "discrepancy": around(0.2, 0.02)},
        "groups": [
            {"group": group, "items": 400, "accuracy": 0.8, "error_consistency": value, "kish": around(2.1, 0.3)}
            | {"all_fail": 0.01, "joint_failure_ratio": around(2.1, 0.3)}
            for group, value in (("day", 0.3), ("night", float("nan")))
        ],
        "pairs": pairs_of(table if len(names) <= LISTED else table.head(100), list(measures)),
        "pair_table": table,
        "summary": summary_of(table, list(measures)),
        "families": families_of(names, kappa),
        "near_twins": [
            {
                "a": first["a"],
                "b": first["b"],
                "estimate": 0.61,
                "low": 0.58,
                "expected": 0.2,
                "p": 0.001,
                "copy": False,
            }
        ],
        "portfolio": portfolio_of(names, fails),
        "regressions": {
            "error_consistency": {
                "terms": [
                    {"name": name, **around(value, 0.05), "p": 0.01}
                    for name, value in (("same company", 0.08), ("same architecture", 0.12), ("mean accuracy", 0.3))
                ]
            }
        },
        "advice": [
            {
                "action": "keep",
                "models": names[:3],
                "because": "All three fail on 0.8 % of the items. " * 8,
                "command": "",
            },
            {
                "action": "train",
                "models": [],
                "because": "All fail on 4 %.",
                "command": "polyculture fit DATA --out MODEL",
            },
        ],
        "policies": [{"what": "missing answers", "count": 12, "done": "left out of each pair that they concern"}],
        "not_measured": {
            "group night": "fewer than 100 items",
            "agreement_both_wrong": "answers are only right or wrong",
        },
        "settings": {"seed": 0, "level": 0.95, "blocks": 50, "adjust": "benjamini-hochberg"},
        "source": "answers.parquet",
    }
    return AuditResult(**(given | changes))


def failing_of(names: Sequence[str], fails: np.ndarray, kappa: np.ndarray) -> list[dict[str, Any]]:
    items = np.array([f"item {i}" for i in range(len(fails))])
    return failing_together(Answers(items, tuple(names), ~fails), families_of(names, kappa)["families"])


def embeddings(count: int = 5, layers: Sequence[int] = (6, 8, 12), **changes: Any) -> AuditResult:
    """Everything that embeddings allow."""
    names, rng = called(count), np.random.default_rng(1)
    half = np.tril(rng.uniform(0.3, 0.9, (count, count)), -1)
    cka = half + half.T + np.eye(count)
    measures = {"cka": cka, "mutual_knn": 0.5 * cka}
    table = table_of(names, measures, {"cka": 0.02, "mutual_knn": 0.01})
    maps = {}
    for i in range(count):
        for j in range(i + 1, count):
            p, q = layers[i % len(layers)], layers[j % len(layers)]
            x, y = np.meshgrid(np.linspace(0, 1, q), np.linspace(0, 1, p))
            values = cka[i, j] * np.exp(-6 * (x - y) ** 2) + 0.02 * rng.normal(size=(p, q))
            maps[f"{names[i]}|{names[j]}"] = {
                "rows": [f"block.{r}" for r in range(p)],
                "columns": [f"layer{c}.out" for c in range(q)],
                "measure": "cka",
                "values": values.tolist(),
            }
    given: dict[str, Any] = {
        "kind": "embeddings",
        "models": names,
        "items": 500,
        "pairs": pairs_of(table, list(measures)),
        "pair_table": table,
        "summary": summary_of(table, list(measures)),
        "families": families_of(names, cka),
        "maps": maps,
        "not_measured": {"accuracy": "embeddings have no answers"},
        "settings": {"seed": 0, "level": 0.95},
        "source": "embeddings",
    }
    return AuditResult(**(given | changes))


def models(count: int = 4) -> AuditResult:
    """Everything that files of models allow: no interval and no null."""
    names, nan = called(count), float("nan")
    unknown = ("low", "high", "null", "calibrated", "p", "p_adjusted")
    pairs = [
        {"a": a, "b": b, "identical": {"estimate": 0.1 * (i + j), **dict.fromkeys(unknown, nan)}}
        for i, a in enumerate(names)
        for j, b in enumerate(names[i + 1 :])
    ]  # fmt: skip
    mean = float(np.mean([pair["identical"]["estimate"] for pair in pairs]))
    summary = {"identical": {"estimate": mean, "null": nan, "calibrated": nan, "beyond_chance": 0, "pairs": len(pairs)}}
    return AuditResult(
        "models", names, 0, pairs=pairs, summary=summary, not_measured={"identical": "files are no sample"}
    )
