"""What the highest likeness over pairs of layers would be by chance, for all pairs of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np

from polyculture import engine
from polyculture.arrays import Array, Floats, Ints
from polyculture.measure.inference.calibrate import calibrate
from polyculture.measure.representation.layers import Layers
from polyculture.measure.representation.moments import (
    Shape,
    cka_skewness,
    cka_variance,
    gram_shape,
    pearson_tail,
    pearson_threshold,
)
from polyculture.measure.representation.nulls import entries, gram_draws, neighbour_draws, random_orders

# With fewer items no two blocks leave the 4 that CKA needs.
FEWEST = 8
# Items that show how chance is distributed; more would only sharpen its skewness, at a cubic price.
ENOUGH = 2048
# Draws are made in single precision: a difference below this is rounding.
ROUNDING = 1e-6

Stack = Callable[[Sequence[Array]], Floats]


class Request(NamedTuple):
    """What is asked of `representation_pairs`; `room` is for how many items matrices are permuted."""

    given: Layers
    k: int
    permutations: int
    blocks: int
    level: float
    alpha: float
    seed: int
    room: int

    def some(self) -> Ints:
        """The items whose matrices are permuted."""
        return np.random.default_rng(self.seed).permutation(self.given.items)[: self.room]

    def orders(self, n: int) -> Iterator[Ints]:
        """Permutations of n items, one for each model, for each draw."""
        return random_orders(n, len(self.given.counts), self.permutations, self.seed)


class Chance(NamedTuple):
    """For all pairs of models: the value that chance passes with probability alpha, and p."""

    threshold: Floats
    p: Floats


def room(given: Layers, memory: int) -> int:
    """Items whose matrices fit into so many bytes."""
    # Besides all matrices in single precision, those of one model are held twice more while they are made.
    matrices = len(given.flat) + 2 * max(given.counts)
    return min(given.items, ENOUGH, max(FEWEST, isqrt(memory // (4 * matrices))))


def kernel_chance(request: Request, likeness: Floats, stack: Stack) -> Chance:
    """For debiased CKA: by a fit to three moments for single layers, by draws for a maximum over several.

    The fit is an approximation (see `pearson_tail`), the worse the further out in the tail. So p is never reported
    below 1 / (permutations + 1), as if draws had been made.
    """
    given, rows = request.given, request.some()
    deviation = cka_variance(given.items) ** 0.5
    if max(given.counts) > 1:
        stacks = (stack([layer[rows] for layer in layers]) for layers in given.models)
        scale = deviation / cka_variance(request.room) ** 0.5
        return _drawn(request, likeness, [entries(made) for made in stacks], scale)
    shapes = engine.run(_shape, (([layer[rows] for layer in layers],) for layers in given.models), shared=(stack,))
    skewness = cka_skewness(Shape.joined(shapes))
    fitted = pearson_tail(likeness / deviation, skewness)
    return Chance(
        deviation * pearson_threshold(request.alpha, skewness), np.maximum(fitted, 1 / (request.permutations + 1))
    )


def _shape(stack: Stack, layers: list[Array]) -> Shape:
    return gram_shape(stack(layers))


def matrix_chance(request: Request, likeness: Floats, stack: Stack) -> Chance:
    """For any correlation of matrices of pairs of items: by draws."""
    rows = request.some()
    models = [entries(stack([layer[rows] for layer in layers])) for layers in request.given.models]
    # The deviation falls with 1 / n if rows have equal means and with 1 / √n if not: the slower is the safer.
    return _drawn(request, likeness, models, (request.room / request.given.items) ** 0.5)


def neighbour_chance(request: Request, likeness: Floats, lists: Ints) -> Chance:
    """For mutual nearest neighbours: by draws."""
    draws = neighbour_draws(request.given.by_model(lists), request.orders(request.given.items))
    return _calibrated(request, likeness, draws)


def _drawn(request: Request, likeness: Floats, models: Sequence[Floats], scale: float) -> Chance:
    draws = gram_draws(models, request.orders(request.room))
    return _calibrated(request, likeness, (scale * draw for draw in draws), slack=ROUNDING)


def _calibrated(request: Request, likeness: Floats, draws: Iterator[Floats], slack: float = 0.0) -> Chance:
    highest = request.given.highest
    found = calibrate(highest(likeness), np.stack([highest(draw) for draw in draws]), alpha=request.alpha, slack=slack)
    return Chance(found.threshold, found.p)
