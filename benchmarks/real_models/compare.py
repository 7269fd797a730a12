"""How alike real base models see the same items: text encoders on texts, image encoders on pictures, and across.

``run.py`` writes the embeddings that this reads: ``text/``, ``emoji_text/`` and ``emoji_image/`` in one folder.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from polyculture import AuditResult, audit
from polyculture.auditing.tables import tables
from polyculture.tables import Table, to_text

ALPHA = 0.05
KINDS = {
    "texts of four domains": ("text",),
    "pictures of emoji": ("emoji_image",),
    "pictures of emoji and their names": ("emoji_text", "emoji_image"),
}


def likeness(found: AuditResult, measure: str) -> Table:
    """A matrix of models in the order of their families: the measure above the diagonal, calibrated below."""
    pairs = {frozenset((pair["a"], pair["b"])): pair[measure] for pair in found.pairs}
    order = list(found.families["order"])
    rows = [[a, *(_cell(pairs, order, a, b) for b in order)] for a in order]
    return Table(measure, f"{measure}, * beyond chance; below the diagonal calibrated", ["", *order], rows)


def _cell(pairs: dict[frozenset[str], Any], order: list[str], a: str, b: str) -> str:
    if a == b:
        return ""
    value = pairs[frozenset((a, b))]
    if order.index(a) > order.index(b):
        return f"{value['calibrated']:.2f}"
    return f"{value['estimate']:.2f}" + ("*" if value["p_adjusted"] < ALPHA else "")


def layers(found: AuditResult, most: int) -> Table:
    """Which layers of two models are most alike, for the pairs of models that are most alike."""
    rows = []
    for pair, layer_map in list(found.maps.items())[:most]:
        values = np.array(layer_map["values"])
        row, column = np.unravel_index(np.nanargmax(values), values.shape)
        last = f"{values[-1, -1]:.2f}"
        rows.append([*pair.split("|"), f"{row + 1} of {len(values)}", f"{column + 1} of {values.shape[1]}",
                     f"{values[row, column]:.2f}", last])  # fmt: skip
    return Table("layers", "most alike layers", ["a", "b", "layer of a", "layer of b", "cka", "cka of the last"], rows)


def main() -> None:
    """Print the tables, and write reports if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--permutations", type=int, default=200)
    parser.add_argument("--reports", type=Path)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for title, folders in KINDS.items():
        paths = [path for name in folders for path in sorted((args.folder / name).glob("*.safetensors"))]
        found = audit(paths, kind="embeddings", permutations=args.permutations, cache=False)
        sys.stdout.write(f"## {title}: {len(found.models)} models, {found.items} items\n\n")
        kin = [table for table in tables(found) if table.name in ("summary", "families", "near_twins")]
        for table in (likeness(found, "cka"), likeness(found, "mutual_knn"), layers(found, 20), *kin):
            sys.stdout.write(f"{to_text(table)}\n\n")
        highest = max(pair["cka"]["null"] for pair in found.pairs)
        sys.stdout.write(f"cka that chance passes once in twenty: {highest:.4f} at most\n\n")
        if args.reports:
            found.report(args.reports / f"{folders[0]}_{len(folders)}.html")


if __name__ == "__main__":
    main()
