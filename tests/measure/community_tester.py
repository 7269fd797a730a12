"""Inputs for measures of communities: counts of categories along the last axis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from polyculture.measure import Facts

Inputs = tuple[np.ndarray, ...]

COMMUNITIES = {"counts": (), "two communities": (), "communities": (4,)}
# How many of the arrays hold counts; what follows belongs to all of them.
ARRAYS = {"counts": 1, "two communities": 2, "communities": 1}


def beside(facts: Facts, n: int, rng: np.random.Generator) -> Inputs:
    """What a measure needs beside counts."""
    apart = np.abs(np.subtract.outer(*[rng.random(n)] * 2))
    known = {"size": np.array(5), "coverage": np.array(0.8), "similarity": np.exp(-apart), "distance": apart}
    return tuple(known[name] for name in facts.takes if name in known)


def drawn(facts: Facts, n: int, rng: np.random.Generator) -> Inputs:
    """Communities of n categories, each with its own chances."""
    shape = (*COMMUNITIES[facts.kind], n)
    counts = [rng.poisson(rng.exponential(6, size=shape)) + (np.arange(n) < 2) for _ in range(ARRAYS[facts.kind])]
    return (*counts, *beside(facts, n, rng))


def drawn_freely(facts: Facts) -> st.SearchStrategy[Inputs]:
    """Small counts in half precision: empty communities, a single category and equal shares come by themselves."""

    def arrays(n: int) -> st.SearchStrategy[Inputs]:
        shape = st.tuples(st.integers(1, 5), st.just(n)) if facts.kind == "communities" else st.just((n,))
        one = hnp.arrays(np.float16, shape, elements=st.integers(0, 4))
        rest = st.integers(0, 9).map(lambda seed: beside(facts, n, np.random.default_rng(seed)))
        return st.tuples(st.tuples(*[one] * ARRAYS[facts.kind]), rest).map(lambda both: both[0] + both[1])

    return st.integers(1, 7).flatmap(arrays)


def swapped(facts: Facts, inputs: Inputs) -> Inputs:
    """The same communities in another order; one alone has none."""
    if facts.kind == "two communities":
        return (inputs[1], inputs[0])
    return (inputs[0][::-1],) if facts.kind == "communities" else inputs


def reordered(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Categories in another order, everywhere."""
    n = inputs[0].shape[-1]
    order = rng.permutation(n)
    square = [a.shape == (n, n) and k > 0 for k, a in enumerate(inputs)]
    return tuple(
        a[np.ix_(order, order)] if is_square else a[..., order] if a.ndim else a
        for a, is_square in zip(inputs, square, strict=True)
    )


def with_nothing(a: np.ndarray, axis: int) -> np.ndarray:
    return np.insert(a, a.shape[axis] // 2, 0, axis=axis) if a.ndim else a


CHANGES: dict[str, Callable[[Inputs, np.random.Generator], Inputs]] = {
    # Each community on its own, but not what stands beside the counts.
    "scale": lambda inputs, rng: (
        *(a * rng.choice([3.0, 1e-3, 1e100], size=(*a.shape[:-1], 1)) for a in inputs[:1]),
        *inputs[1:],
    ),
    "empty category": lambda inputs, _: tuple(with_nothing(a, -1) for a in inputs),
    "empty community": lambda inputs, _: tuple(with_nothing(a, 0) for a in inputs),
}


def alike_and_apart(facts: Facts, n: int, rng: np.random.Generator) -> tuple[Inputs, Inputs]:
    """One community whose counts fall to few categories, or to all; copies of one, or ones that lack some of it."""
    rest = beside(facts, n, rng)
    if facts.kind == "counts":
        few = rng.permutation(np.r_[100, 10, 3, 2, 1, np.zeros(n - 5)])
        return (few, *rest), (np.full(n, 9), *rest)
    (first,) = rng.poisson(rng.exponential(6, size=(1, n))) + 1
    others = [np.where(rng.random(n) < part, rng.permutation(first), 0) for part in (0.8, 0.5)]
    if facts.kind == "two communities":
        return (first, first), (others[0], others[1])
    return (np.stack([first] * 3),), (np.stack([first, *others]),)
