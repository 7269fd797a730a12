"""One tester for all measures: it reads a measure's facts and checks each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import community_tester as communities
import numpy as np
import numpy.testing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from polyculture.measure import Facts

Inputs = tuple[np.ndarray, ...]
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def rotated(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x @ np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))[0]


CHANGES: dict[str, Change] = {
    "rotation": rotated,
    "scale": lambda x, rng: x * rng.choice([-7.0, 1e-3, 1e5, 1e160]),
    "translation": lambda x, rng: x + 100 * rng.normal(size=x.shape[1]),
    # Right and wrong swap places, for all models at once.
    "complement": lambda x, rng: 1 - x,
    # Four options get other names, or probabilities other columns.
    "relabelling": lambda x, rng: x[..., ::-1] if x.dtype.kind == "f" else 3 - x,
}
TOGETHER = {"complement", "relabelling"}


def changes(facts: Facts) -> set[str]:
    """Names of the changes that inputs of a kind can undergo."""
    return set(CHANGES if facts.kind == "items" else communities.CHANGES)


def answered(labels: np.ndarray, accuracy: float, rng: np.random.Generator) -> np.ndarray:
    """Answers among four options; wrong ones spread evenly."""
    return np.where(rng.random(len(labels)) < accuracy, labels, (labels + rng.integers(1, 4, len(labels))) % 4)


def drawn(facts: Facts, n: int, rng: np.random.Generator) -> Inputs:
    """Inputs that are alike by nothing but chance."""
    return (items_drawn if facts.kind == "items" else communities.drawn)(facts, n, rng)


def items_drawn(facts: Facts, n: int, rng: np.random.Generator) -> Inputs:
    if facts.takes == ("x", "y"):
        return rng.normal(size=(n, 5)), rng.normal(size=(n, 3))
    if facts.takes == ("a", "b"):
        return (rng.random(n) < 0.6) * 1, (rng.random(n) < 0.8) * 1
    if facts.takes == ("a", "b", "labels"):
        labels = rng.integers(4, size=n)
        return answered(labels, 0.6, rng), answered(labels, 0.8, rng), labels
    if facts.takes == ("predictions",):
        return ((rng.random((n, 3)) < [0.5, 0.6, 0.7]) + rng.integers(3, size=(n, 3)),)
    if facts.takes == ("probabilities",):
        return (rng.dirichlet([1.0, 1.0, 0.5, 0.2], size=(n, 3)),)
    assert facts.takes == ("failures",)
    return ((rng.random((n, 3)) < [0.5, 0.6, 0.7]) * 1,)


def drawn_freely(facts: Facts) -> st.SearchStrategy[Inputs]:
    """Small whole numbers: constant columns, repeated rows and low rank come by themselves."""
    return (items_drawn_freely if facts.kind == "items" else communities.drawn_freely)(facts)


def items_drawn_freely(facts: Facts) -> st.SearchStrategy[Inputs]:
    sizes = st.integers(4, 9)
    if facts.takes == ("failures",):
        return sizes.flatmap(lambda n: st.tuples(hnp.arrays(bool, st.tuples(st.just(n), st.integers(1, 4)))))
    if facts.takes == ("a", "b"):
        return sizes.flatmap(lambda n: st.tuples(hnp.arrays(bool, n), hnp.arrays(bool, n)))
    if facts.takes == ("a", "b", "labels"):
        vector = st.integers(0, 3)
        return sizes.flatmap(lambda n: st.tuples(*[hnp.arrays(np.int64, n, elements=vector)] * 3))
    if facts.takes == ("predictions",):
        shape = lambda n: st.tuples(st.just(n), st.integers(1, 4))  # noqa: E731
        return sizes.flatmap(lambda n: st.tuples(hnp.arrays(np.int64, shape(n), elements=st.integers(0, 3))))
    if facts.takes == ("probabilities",):
        weights = hnp.arrays(float, st.tuples(sizes, st.integers(1, 4), st.integers(2, 4)), elements=st.integers(0, 3))
        return weights.map(lambda w: ((w + np.eye(w.shape[2])[0]) / (w.sum(axis=2, keepdims=True) + 1),))
    matrix = lambda n: hnp.arrays(np.float16, st.tuples(st.just(n), st.integers(1, 11)), elements=st.integers(-3, 3))  # noqa: E731
    return sizes.flatmap(lambda n: st.tuples(matrix(n), matrix(n)))


def check_bounds(facts: Facts, inputs: Inputs) -> None:
    value = facts.function(*inputs)
    low, high = facts.bounds
    assert isinstance(value, float)
    assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


def check_symmetry(facts: Facts, inputs: Inputs, *, like: bool = False) -> None:
    """With inputs that may be `like` each other only a promise of symmetry can be broken."""
    if facts.kind != "items":
        other = communities.swapped(facts, inputs)
    else:
        other = (inputs[1], inputs[0], *inputs[2:]) if len(inputs) > 1 else (inputs[0][:, ::-1],)
    same = np.isclose(facts.function(*inputs), facts.function(*other), rtol=1e-9, atol=1e-9, equal_nan=True)
    assert same == facts.symmetric or (same and like)


def check_items_in_any_order(facts: Facts, inputs: Inputs, rng: np.random.Generator) -> None:
    order = rng.permutation(len(inputs[0]))
    other = tuple(a[order] for a in inputs) if facts.kind == "items" else communities.reordered(inputs, rng)
    npt.assert_allclose(facts.function(*other), facts.function(*inputs), rtol=1e-9, atol=1e-9)


def check_invariance(facts: Facts, inputs: Inputs, name: str, rng: np.random.Generator) -> None:
    if facts.kind != "items":
        changed = communities.CHANGES[name](inputs, rng)
        npt.assert_allclose(facts.function(*changed), facts.function(*inputs), rtol=1e-9, atol=1e-9)
        return
    change = CHANGES[name]
    changed = [change(a, rng) for a in inputs] if name in TOGETHER else [change(inputs[0], rng), *inputs[1:]]
    npt.assert_allclose(facts.function(*changed), facts.function(*inputs), rtol=1e-7, atol=1e-7)


def check_direction(facts: Facts, n: int, rng: np.random.Generator) -> None:
    """Copies must come out more alike than the same copies with their items shuffled apart."""
    alike, apart = copies(facts, n, rng) if facts.kind == "items" else communities.alike_and_apart(facts, n, rng)
    difference = facts.function(*alike) - facts.function(*apart)
    assert difference > 0 if facts.more_alike == "higher" else difference < 0


def copies(facts: Facts, n: int, rng: np.random.Generator) -> tuple[Inputs, Inputs]:
    inputs = drawn(facts, n, rng)
    first = inputs[0]
    if len(facts.takes) > 1:
        rest = inputs[2:]
        return (first, first, *rest), (first, first[rng.permutation(n)], *rest)
    shuffled = np.stack([first[rng.permutation(n), 0] for _ in range(3)], axis=1)
    return (np.repeat(first[:, :1], 3, axis=1),), (shuffled,)


def check_identity(facts: Facts, n: int, rng: np.random.Generator) -> None:
    """Copies of one community are as alike as the bounds allow."""
    alike, _ = communities.alike_and_apart(facts, n, rng)
    most = facts.bounds[1 if facts.more_alike == "higher" else 0]
    assert abs(facts.function(*alike) - most) < 1e-9


def check_leading_axes(facts: Facts, rng: np.random.Generator) -> None:
    """A stack of inputs gives what each of them gives by itself."""
    cases = [drawn(facts, 12, rng) for _ in range(6)]
    held = communities.ARRAYS[facts.kind]
    rest = cases[0][held:]
    stacked = [np.stack(arrays).reshape(2, 3, *arrays[0].shape) for arrays in zip(*cases, strict=True)][:held]
    alone = [facts.function(*case[:held], *rest) for case in cases]
    npt.assert_allclose(facts.function(*stacked, *rest), np.reshape(alone, (2, 3)), rtol=1e-12, atol=1e-12)


def check_null(facts: Facts, rng: np.random.Generator, *, n: int = 400, times: int = 200) -> None:
    """The mean over independent inputs must be the null, within five standard errors and one per cent."""
    inputs = [drawn(facts, n, rng) for _ in range(times)]
    null: Any = facts.null
    gaps = [facts.function(*i) - (null(*i) if callable(null) else null) for i in inputs]
    size = abs(null(*inputs[0]) if callable(null) else null)
    assert abs(np.mean(gaps)) < 5 * np.std(gaps) / times**0.5 + 0.01 * size
