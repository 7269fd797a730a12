"""Run one model on its items; `run.py` starts this in the environment of the models."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from items import Items, pictures
from models import MODELS, Model
from safetensors.numpy import save_file
from sanity import PROBES, verdict


def main() -> None:
    """Write one file for each set of items: a tensor a layer, and in its metadata the items."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("out", type=Path, help="folder that holds items/")
    parser.add_argument("sets", nargs="+", help="sets of items, such as text")
    chosen = parser.parse_args()
    sets = {name: Items.read(chosen.out / "items" / f"{name}.json") for name in chosen.sets}
    started = time.perf_counter()
    layers, seen = run(MODELS[chosen.model], [content for items in sets.values() for content in items.contents])
    seconds = time.perf_counter() - started
    start = 0
    for name, items in sets.items():
        rows = slice(start, start + len(items.ids))
        write(chosen.out / name / f"{chosen.model}.safetensors", chosen.model, items, [layer[rows] for layer in layers])
        start = rows.stop
    widths = "–".join(str(width) for width in sorted({layer.shape[1] for layer in layers}))
    sys.stdout.write(f"{chosen.model}: {len(layers)} layers of {widths}, {start} items, {seconds:.1f} s; {seen}\n")


def run(model: Model, contents: Sequence[str]) -> tuple[list[np.ndarray], str]:
    """Every layer's vectors of the items, and whether the last layer's make sense."""
    encode = importlib.import_module(f"encoders.{model.encoder}").encode
    everything = [*contents, *(probe for triple in PROBES[model.probes] for probe in triple)]
    shown = pictures(everything) if model.modality == "image" else everything
    layers = [np.ascontiguousarray(layer, dtype=np.float32) for layer in encode(shown, **model.options)]
    for number, layer in enumerate(layers):
        if layer.shape[0] != len(everything) or not np.isfinite(layer).all():
            raise ValueError(f"layer {number} has shape {layer.shape}, or a number that is not finite")
    probes = layers[-1][len(contents) :].reshape(len(PROBES[model.probes]), 3, -1)
    return [layer[: len(contents)] for layer in layers], verdict(probes)


def write(path: Path, name: str, items: Items, layers: Sequence[np.ndarray]) -> None:
    """One tensor a layer; the metadata say which item each row is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    model = MODELS[name]
    metadata = {"items": json.dumps(list(items.ids)), "model": name, "family": model.family, "package": model.package}
    unfinished = path.with_suffix(".part")
    save_file({f"layer_{number:02d}": layer for number, layer in enumerate(layers)}, unfinished, metadata)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
