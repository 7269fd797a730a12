"""Debiased linear CKA of all pairs of layers of two models, beside pytorch-cka and torch_cka."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from work import Work

LAYERS, ITEMS, WIDTH = 12, 1024, 512


def prepare(path: Path, mean: float) -> None:
    """Layers that share a little; float32, as networks give them; and CKA of the same layers in float64."""
    from polyculture.measure import cka_matrix

    rng = np.random.default_rng(0)
    common = rng.normal(size=(ITEMS, WIDTH))
    layers = 0.1 * rng.normal(size=(2 * LAYERS, ITEMS, WIDTH)) + 0.05 * common
    layers -= layers.mean(axis=1, keepdims=True)
    truth = cka_matrix(list(layers))[:LAYERS, LAYERS:]
    np.savez(path, layers=(layers + mean).astype(np.float32), truth=truth)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Layers of both models, and the truth."""
    with np.load(path) as kept:
        return kept["layers"], kept["truth"]


def ours(path: Path) -> Callable[[], np.ndarray]:
    """All pairs at once, of which those of one model with itself are not asked for."""
    from polyculture.measure import cka_matrix

    layers, _ = read(path)
    return lambda: cka_matrix(list(layers), dtype=np.float32)[:LAYERS, LAYERS:]


def pytorch_cka(path: Path) -> Callable[[], np.ndarray]:
    """From features, all pairs at once."""
    import torch
    from cka import cka_from_features

    layers = torch.from_numpy(read(path)[0])
    return lambda: cka_from_features(layers[:LAYERS], layers[LAYERS:]).numpy()


def torch_cka(path: Path) -> Callable[[], np.ndarray]:
    """Through hooks of two modules whose layers answer with the features; all items in one batch."""
    import torch
    from torch_cka import CKA

    features = torch.from_numpy(read(path)[0])

    class Layers(torch.nn.Module):
        def __init__(self, rows: Any) -> None:
            super().__init__()
            self.rows, self.outs = rows, torch.nn.ModuleList(torch.nn.Identity() for _ in rows)

        def forward(self, items: Any) -> None:
            for out, layer in zip(self.outs, self.rows, strict=True):
                out(layer[items])

    items = torch.utils.data.TensorDataset(torch.arange(ITEMS))
    names = [f"outs.{layer}" for layer in range(LAYERS)]

    def compare() -> np.ndarray:
        loader = torch.utils.data.DataLoader(items, batch_size=ITEMS)
        both = (Layers(features[:LAYERS]), Layers(features[LAYERS:]))
        compared = CKA(*both, "first", "second", model1_layers=names, model2_layers=names, device="cpu")
        with torch.inference_mode():
            compared.compare(loader, loader)
        return np.asarray(compared.export()["CKA"])

    return compare


def error(side: Callable[[Path], Callable[[], np.ndarray]], path: Path) -> Callable[[], float]:
    """Mean distance of a side's values from the truth."""
    action, truth = side(path), read(path)[1]
    return lambda: float(np.abs(action() - truth).mean())


SIZES = f"{LAYERS} x {LAYERS} layers of {ITEMS:,} made items in {WIDTH} dimensions, float32"
CENTRED = f"Debiased linear CKA of {SIZES} with mean 0; one thread."
NARROW = "Both are given features; hooking them out of a network is not timed. "
SHIFTED = (
    f"{SIZES} with mean 10, as activations after a ReLU have one; the error is the mean distance from CKA of the same "
    "layers computed in float64 before the mean was added. One thread."
)

WORKS = [
    Work(
        name="CKA of layers",
        peer="pytorch-cka",
        quantity="mean CKA",
        kind="same",
        prepare=partial(prepare, mean=0.0),
        ours=ours,
        theirs=pytorch_cka,
        close=1e-5,
        protocol=CENTRED,
        limits=NARROW + "Ours centres first, and computes the pairs within each model besides.",
        below="Ours centres first, and computes all pairs of the 24 layers, of which 144 of 276 are asked for.",
        better="It reads layers of a network by hooks in batches, runs on a GPU, and draws heat maps.",
    ),
    Work(
        name="CKA of layers, by hooks",
        peer="torch-cka",
        quantity="mean CKA",
        kind="same",
        prepare=partial(prepare, mean=0.0),
        ours=ours,
        theirs=torch_cka,
        close=1e-5,
        protocol=CENTRED,
        limits="It takes features through hooks, which here cost nothing, as the layers answer with stored features.",
        better="It reads layers of a network by hooks, runs on a GPU, and draws heat maps.",
    ),
    Work(
        name="CKA of features with a mean",
        peer="pytorch-cka",
        quantity="mean error of CKA",
        kind="less",
        prepare=partial(prepare, mean=10.0),
        ours=partial(error, ours),
        theirs=partial(error, pytorch_cka),
        protocol=SHIFTED,
        limits="In float64 the peer is right as well; float32 is what networks give and what its hooks pass on.",
        below="As with mean 0.",
    ),
]
