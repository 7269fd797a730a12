"""What calibrating the likeness of two models costs, beside calibrated-similarity 0.1.1.

Both make the same permutations, compare the same pairs of layers, take the same maximum and calibrate it the same way.
calibrated-similarity computes the measure anew for each pair of layers and each draw, with the function it is given:
here the faster, on this machine, of debiased CKA from Gram matrices and from features, with layers centred and scaled
beforehand. It is run for a few draws, each of which takes the same time, and the rest is extrapolated.

    python benchmarks/audit_calibration.py --items 1024 --width 768 --layers 12 --permutations 200
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np
import torch
from calibrated_similarity import calibrate_layers

from polyculture.measure.inference.calibrate import Calibrated, calibrate
from polyculture.measure.representation.nulls import cka_null, gram_stack, second_permuted

Tensors = list[torch.Tensor]
Similarity = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Result = TypeVar("Result")


def drawn(items: int, width: int, layers: int) -> tuple[Tensors, Tensors]:
    """Layers of two models that share a little; centred, and scaled so that the measure needs no norms."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(items, width))

    def layer() -> torch.Tensor:
        x = 0.2 * common + rng.normal(size=(items, width))
        x = torch.from_numpy(x - x.mean(axis=0))
        return (x / from_features(x, x) ** 0.25).float()

    return [layer() for _ in range(layers)], [layer() for _ in range(layers)]


def from_features(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Debiased CKA of x and y, centred and scaled."""
    return ((y.T @ x) ** 2).sum() - _by_chance(x, y)


def from_items(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The same, from Gram matrices."""
    return ((x @ x.T) * (y @ y.T)).sum() - _by_chance(x, y)


def _by_chance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    n, a, b = len(x), (x * x).sum(1), (y * y).sum(1)
    return n / (n - 2) * (a @ b) - a.sum() * b.sum() / ((n - 1) * (n - 2))


def ours(first: Tensors, second: Tensors, permutations: int) -> Calibrated:
    """Calibrate the highest CKA over pairs of layers, from the representations on."""
    stacks = [gram_stack([layer.numpy() for layer in model]) for model in (first, second)]
    observed = np.max(stacks[0].reshape(len(first), -1) @ stacks[1].reshape(len(second), -1).T)
    return calibrate(observed, cka_null(*stacks, permutations=permutations).max(axis=(1, 2)))


def theirs(first: Tensors, second: Tensors, permutations: int, similarity: Similarity) -> tuple[torch.Tensor, ...]:
    """The same by calibrated-similarity, with the same permutations."""
    orders = (torch.from_numpy(order[1]) for order in second_permuted(len(second[0]), permutations, 0))
    return calibrate_layers(first, second, similarity, K=permutations, perm_fn=lambda *_: next(orders))


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """What a function returns, and its seconds."""
    start = perf_counter()
    return function(), perf_counter() - start


def main() -> None:
    """Print both times, their ratio, and how far the results are apart."""
    parser = argparse.ArgumentParser(description="Calibrate the likeness of two models.")
    for name, value in (("items", 1024), ("width", 768), ("layers", 12), ("permutations", 200), ("few", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    first, second = drawn(asked.items, asked.width, asked.layers)

    forms = {from_features: "features", from_items: "items"}
    costs = {form: min(timed(lambda form=form: form(first[0], second[0]))[1] for _ in range(5)) for form in forms}
    quicker = min(costs, key=costs.__getitem__)
    expected, few = timed(lambda: theirs(first, second, asked.few, quicker))
    # The observed value costs as much as a draw.
    whole = few * (asked.permutations + 1) / (asked.few + 1)
    _, spent = timed(lambda: ours(first, second, asked.permutations))
    same = ours(first, second, asked.few)
    # The reference clamps calibrated values at 0.
    pairs = zip((max(float(same.calibrated), 0.0), same.p, same.threshold), expected, strict=True)
    gap = max(abs(float(one) - float(other)) for one, other in pairs)

    sys.stdout.write(
        f"{asked.layers} x {asked.layers} layers of {asked.items} items in {asked.width} dimensions\n"
        f"one pair of layers once: {', '.join(f'{1e3 * costs[f]:.1f} ms from {name}' for f, name in forms.items())}\n"
        f"calibrated-similarity: {few:.1f} s for {asked.few} draws, so {whole:.0f} s for {asked.permutations}\n"
        f"polyculture: {spent:.2f} s for {asked.permutations} draws: {whole / spent:.0f} times as fast\n"
        f"largest difference between results of the same {asked.few} draws: {gap:.0e}\n"
    )


if __name__ == "__main__":
    main()
