"""Ecosystems with a known ancestry: how often bounds and intervals hold what was planted."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

import numpy as np

from polyculture.ancestry import lineage

ECOSYSTEMS, MODELS, HIDDEN, DRAWN = 100, 400, 0.3, 300


def ecosystem(rng: np.random.Generator, models: int) -> list[list[int]]:
    """Parents of each model: a few roots early on, then children of popular models, a fifth of them merges."""
    parents: list[list[int]] = []
    children = np.ones(models)
    for i in range(models):
        k = 0 if i < 4 or rng.random() < 0.04 else 1 + int(rng.random() < 0.2)
        above = rng.choice(i, k, replace=False, p=children[:i] / children[:i].sum()).tolist() if k else []
        children[above] += 1
        parents.append(above)
    return parents


def table(
    parents: list[list[int]], hidden: np.ndarray[Any, Any], *, says: float = 1.0, seed: int = 0
) -> dict[str, Any]:
    """What models declare: some hide that they have a parent, roots say that they have none with some probability."""
    rng = np.random.default_rng(seed)
    cells = []
    for i, above in enumerate(parents):
        told = "; ".join(f"M{a}" for a in above) or ("none" if rng.random() < says else None)
        cells.append(None if hidden[i] else told)
    return {"name": [f"m{i}" for i in range(len(parents))], "parents": cells}


def held(found: Any, truth: Any) -> dict[str, bool]:
    """Which bounds hold the true numbers."""
    named = {
        "HHI": (found.diversity["hhi"], truth.diversity["hhi"]),
        "effective founders": (found.effective_founders, truth.effective_founders),
        "roots": (found.diversity["roots"], truth.diversity["roots"]),
        "entropy founders": (found.diversity["entropy_founders"], truth.diversity["entropy_founders"]),
        "largest share": (found.diversity["largest_share"], truth.diversity["largest_share"]),
        "mean kinship": (found.kinship["mean"], truth.kinship["mean"]),
        "mean depth (from below)": (found.depth["mean"], truth.depth["mean"]),
    }
    inside = {n: f["low"] - 1e-9 <= t["estimate"] <= f["high"] + 1e-9 for n, (f, t) in named.items()}
    shares = {root["name"]: root["estimate"] for root in truth.roots}
    inside["shares of all roots"] = all(
        root["low"] - 1e-9 <= shares.get(root["name"], 0.0) <= root["high"] + 1e-9 for root in found.roots
    )
    falls = {each["root"]: each["touched"]["estimate"] for each in truth.withdrawn}
    inside["models that fall with a root"] = all(
        each["touched"]["low"] <= falls[each["root"]] <= each["touched"]["high"]
        for each in found.withdrawn
        if each["root"] in falls
    )
    return inside


def main() -> None:
    """Print the coverage of bounds with hidden parents, and of intervals with models drawn at random."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ecosystems", type=int, default=ECOSYSTEMS)
    args = parser.parse_args()
    bounds: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    widths = []
    for seed in range(args.ecosystems):
        rng = np.random.default_rng(seed)
        parents = ecosystem(rng, MODELS)
        open_ = np.zeros(MODELS, dtype=bool)
        truth = lineage(table(parents, open_), top=MODELS)
        single = np.array([len(above) == 1 for above in parents])
        found = lineage(table(parents, single & (rng.random(MODELS) < HIDDEN)), top=MODELS)
        bounds.update({name: int(inside) for name, inside in held(found, truth).items()})
        widths.append(found.effective_founders["high"] - found.effective_founders["low"])
        covered.update({name: int(inside) for name, inside in drawn(rng, parents, truth).items()})
    sys.stdout.write(f"{args.ecosystems} ecosystems of {MODELS} models, {HIDDEN:.0%} of single parents hidden\n")
    for name, count in bounds.items():
        sys.stdout.write(f"  bounds hold {name}: {count} of {args.ecosystems}\n")
    sys.stdout.write(f"  width of the bounds of effective founders, median: {np.median(widths):.1f}\n")
    sys.stdout.write(f"{DRAWN} models drawn from each with replacement, all parents declared: intervals of 95 %\n")
    for name, count in covered.items():
        sys.stdout.write(f"  intervals hold {name}: {count} of {args.ecosystems}\n")


def drawn(rng: np.random.Generator, parents: list[list[int]], truth: Any) -> dict[str, bool]:
    """Whether intervals from models drawn at random hold what is true of the whole ecosystem.

    The drawn models are of a kind that counts; the others are there as ancestors.
    """
    whole = table(parents, np.zeros(len(parents), dtype=bool))
    picked = rng.integers(0, len(parents), DRAWN)
    # every draw is a model of its own that has all from the drawn one, and what the drawn one is made of
    cells = [whole["parents"][i] if parents[i] else f"m{i}" for i in picked]
    given = {
        "name": whole["name"] + [f"draw {i}" for i in range(DRAWN)],
        "parents": whole["parents"] + cells,
        "kind": ["whole"] * len(parents) + ["drawn"] * DRAWN,
    }
    found = lineage(given, kinds="drawn", top=3)
    hhi, share = found.diversity["hhi"]["interval"], found.diversity["largest_share"]["interval"]
    return {
        "HHI": hhi["low"] <= truth.diversity["hhi"]["estimate"] <= hhi["high"],
        "largest share": share["low"] <= truth.diversity["largest_share"]["estimate"] <= share["high"],
    }


if __name__ == "__main__":
    main()
