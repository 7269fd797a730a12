"""Calibrating the highest CKA over pairs of layers by permutations, beside calibrated-similarity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from work import Work

LAYERS, ITEMS, WIDTH, DRAWS = 4, 512, 256, 50


def prepare(path: Path) -> None:
    """Layers of two models that share a little; centred, and scaled so that CKA needs no norms."""
    from polyculture.measure.representation.nulls import second_permuted

    rng = np.random.default_rng(0)
    common = rng.normal(size=(ITEMS, WIDTH))

    def layer() -> np.ndarray:
        x = 0.5 * common + rng.normal(size=(ITEMS, WIDTH))
        x -= x.mean(axis=0)
        return x / debiased(x, x) ** 0.25

    layers = np.stack([layer() for _ in range(2 * LAYERS)])
    orders = np.stack([order[1] for order in second_permuted(ITEMS, DRAWS, 0)])
    np.savez(path, layers=layers, orders=orders)


def debiased(x: Any, y: Any) -> Any:
    """Debiased CKA of x and y, centred and scaled, from features; arrays and tensors alike."""
    n, a, b = len(x), (x * x).sum(1), (y * y).sum(1)
    return ((y.T @ x) ** 2).sum() - n / (n - 2) * (a @ b) + a.sum() * b.sum() / ((n - 1) * (n - 2))


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layers of both models, and permutations of the items of the second."""
    with np.load(path) as kept:
        return kept["layers"][:LAYERS], kept["layers"][LAYERS:], kept["orders"]


def ours(path: Path) -> Callable[[], np.ndarray]:
    """One Gram matrix a layer, permuted."""
    from polyculture.measure import calibrate, cka_null
    from polyculture.measure.representation.nulls import gram_stack

    first, second, _ = read(path)

    def ask() -> np.ndarray:
        stacks = [gram_stack(list(model)) for model in (first, second)]
        observed = np.max(stacks[0].reshape(LAYERS, -1) @ stacks[1].reshape(LAYERS, -1).T)
        drawn = cka_null(*stacks, permutations=DRAWS, seed=0).max(axis=(1, 2))
        found = calibrate(observed, drawn)
        return np.array([max(float(found.calibrated), 0.0), float(found.p), float(found.threshold)])

    return ask


def theirs(path: Path) -> Callable[[], np.ndarray]:
    """The measure anew for each pair of layers and each draw, as its users write it."""
    import torch
    from calibrated_similarity import calibrate_layers

    *models, orders = read(path)
    first, second = ([torch.from_numpy(layer) for layer in model] for model in models)

    def ask() -> np.ndarray:
        drawn = (torch.from_numpy(order) for order in orders)
        found = calibrate_layers(first, second, debiased, K=DRAWS, perm_fn=lambda *_: next(drawn))
        return np.array([float(part) for part in found])

    return ask


WORKS = [
    Work(
        name="Calibrated CKA",
        peer="calibrated-similarity",
        quantity="mean of value, p and threshold",
        kind="same",
        prepare=prepare,
        ours=ours,
        theirs=theirs,
        close=1e-5,
        protocol=(
            f"The highest of {LAYERS} x {LAYERS} CKAs of layers of {ITEMS} made items in {WIDTH} dimensions, "
            f"calibrated by the same {DRAWS} permutations; one thread."
        ),
        limits=(
            "The peer computes whatever function it is given anew for each draw; the one given here is as cheap as "
            "could be written, with layers centred and scaled beforehand. More draws and layers widen the gap."
        ),
        better="It calibrates any function of two tensors; ours those of a Gram matrix or of lists of neighbours.",
    )
]
