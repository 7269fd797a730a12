"""How alike is too alike: ``python run.py --data vader-domains|fdu_mtl --out FOLDER --json FILE``.

Trains models that share or differ in data, objective, architecture and starting point, and prints what each of these
does to their likeness, and what likeness goes with. What a trained model said stays in the folder, and a run that was
stopped goes on from there; ``--sample`` takes a small part of everything, for a quick look. ``fdu_mtl`` needs the
variable POLYCULTURE_DATA.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kept
import train
from costs import costs
from design import FACTORS, Recipe, recipes
from effects import CKA, KAPPA, audits, by_level, by_shared, effects, matrices, populations, wrong
from material import Material, load, material
from reasons import explained_items, item_of
from summary import averaged, tables

from polyculture.data import DomainData
from polyculture.errors import PolycultureError
from polyculture.features.encoders.tokens import Tokens
from polyculture.progress import LOG
from polyculture.store import write_json
from polyculture.tables import to_text

FEWER = {**FACTORS, "start": ("random 1", "wordllama")}
SETTINGS: Mapping[str, dict[str, Any]] = {
    "vader-domains": {"levels": FACTORS, "again": ("random 1",), "sample": 3000, "splits": (0, 1)},
    "fdu_mtl": {"levels": FEWER, "again": (), "sample": 430, "splits": (0,)},
}
"""Texts of each domain at most, and the design: a whole one for short texts, half of one for long ones."""

QUICK = {"levels": FEWER, "again": (), "sample": 120, "splits": (0,)}
EXPLAINED = 64
"""Items whose reasons are looked at."""


def main() -> None:
    """Train what is missing, measure, print, and keep the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=SETTINGS, default="vader-domains")
    parser.add_argument("--out", type=Path, required=True, help="folder for what trained models said")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--splits", type=int, nargs="*", help="seeds of the split; another domain is unseen in each")
    parser.add_argument("--sample", action="store_true", help="few texts, few models, one split")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    start = time.perf_counter()
    settings: Mapping[str, Any] = QUICK if chosen.sample else SETTINGS[chosen.data]
    splits: Sequence[int] = settings["splits"] if chosen.splits is None else chosen.splits
    try:
        found = [one_split(chosen.data, settings, split, chosen.out) for split in splits]
    except PolycultureError as error:
        parser.error(str(error))
    whole = {"data": chosen.data, "splits": found, "mean": averaged([each["measured"] for each in found])}
    if chosen.json:
        write_json(chosen.json, whole)
    for table in tables(whole):
        sys.stdout.write(f"{to_text(table)}\n\n")
    sys.stdout.write(f"{time.perf_counter() - start:.0f} seconds\n")


def one_split(data: str, settings: Mapping[str, Any], split: int, out: Path) -> dict[str, Any]:
    """Everything of one split of the data."""
    start = time.process_time()
    loaded, unseen = load(data, sample=settings["sample"], seed=split)
    items = material(loaded, unseen, seed=split, halves=FACTORS["data"])
    design = recipes(settings["levels"], again=settings["again"], split=split)
    explained = explained_items(items.costs, EXPLAINED, split)
    folder = out / f"{data}_{split}_{_fingerprint(data, settings, split)}"
    tokens = Tokens.train(items.texts, train.VOCABULARY)
    given = kept.answers(folder, design, items, tokens, explained)
    LOG.info("split %d: measuring", split)
    counts = {part: len(getattr(items, part)) for part in ("likeness", "costs", "unseen")}
    return {
        "split": split,
        "unseen": unseen,
        "items": {"half": len(items.halves[FACTORS["data"][0]][0]), **counts, "explained": len(explained)},
        "models": len(design),
        "measured": measured(design, given, items, explained, split),
        "processor seconds": time.process_time() - start,
    }


def measured(
    design: Sequence[Recipe], given: Sequence[kept.Said], items: Material, explained: DomainData, seed: int
) -> dict[str, Any]:
    """Every number of one split."""
    found = audits(design, given, items)
    likeness = matrices(found, given, item_of(explained))
    accuracy = 1 - wrong(given, "likeness", items.codes(items.likeness)).mean(axis=0)
    far = 1 - wrong(given, "unseen", items.codes(items.unseen)).mean(axis=0)
    some = {name: mask.nonzero()[0] for name, mask in populations(design).items()}
    return {
        "accuracy": {recipe.name: value for recipe, value in zip(design, accuracy.tolist(), strict=True)},
        "accuracy, unseen": {recipe.name: value for recipe, value in zip(design, far.tolist(), strict=True)},
        "deletion": {recipe.name: float(said.deletion) for recipe, said in zip(design, given, strict=True)},
        "pairs beyond chance": {
            name: of.summary[measure]["beyond_chance"] / of.summary[measure]["pairs"]
            for name, measure, of in ((KAPPA, "error_consistency", found[KAPPA]), (CKA, "cka", found[CKA]))
        },
        "effective models": found[KAPPA].effective_models["kish"]["estimate"],
        "effects": {
            population: {
                name: effects(square[rows][:, rows], [design[row] for row in rows.tolist()], accuracy[rows])
                for name, square in likeness.items()
            }
            for population, rows in some.items()
        },
        "shared": {name: by_shared(square, design) for name, square in likeness.items()},
        "levels": {name: by_level(square, design) for name, square in likeness.items()},
        "costs": costs(design, given, items, likeness, seed=seed),
    }


def _fingerprint(data: str, settings: Mapping[str, Any], split: int) -> str:
    """Short hash of what the models' answers depend on, so that answers of other settings are never taken for them."""
    constants = {name: value for name, value in vars(train).items() if name.isupper()}
    told = json.dumps(
        [data, settings["sample"], split, constants, kept.MOST_VECTORS, EXPLAINED], sort_keys=True, default=str
    )
    return hashlib.sha256(told.encode()).hexdigest()[:8]


if __name__ == "__main__":
    main()
