"""From sums over blocks to measures of all pairs with intervals, a few rows of the matrix of pairs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import stdtr

from polyculture.arrays import Array, Floats
from polyculture.measure.inference.interval import jackknife_reach, margin
from polyculture.measure.outcome.sums import Sums
from polyculture.measure.outcome.tables import Recipe, Slab, Table
from polyculture.measure.outcome.tail import hypergeometric_tail, wilson
from polyculture.measure.pairs import PairMeasure

# Numbers of a stack that is held at once while measures are computed: 4 MB, which a processor's cache holds.
STACK = 2**19
# Sums of the row model (left) whose counterpart of the column model gets a name of its own.
TURNED = {"a": "b", "own_a": "own_b"}
# With fewer items than this in the rarer of both wrong and both right, the jackknife does not see what it could be.
FEW = 10
FIELDS = ("estimate", "low", "high", "null", "p", "highest")


def pair_measures(sums: Sums, recipes: Mapping[str, Recipe], m: int, level: float) -> dict[str, PairMeasure]:
    """All measures of all pairs of m models."""
    found = {name: {field: np.empty((m, m)) for field in FIELDS} for name in recipes}
    for rows, columns in slabs(m, len(next(iter(sums.values())))):
        stack = with_each_left_out(sums, rows, columns)
        exact = _exact(stack) if any(recipe.exact for recipe in recipes.values()) else None
        for name, recipe in recipes.items():
            for field, value in _judged(recipe, stack, exact, level).items():
                found[name][field][rows, columns] = value
                found[name][field][columns, rows] = value.T
    return {name: _pair_measure(recipe, found[name]) for name, recipe in recipes.items()}


def slabs(m: int, blocks: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the upper triangle, in pieces of which all left-out samples fit in memory."""
    start = 0
    while start < m:
        stop = min(m, start + max(1, STACK // ((blocks + 1) * (m - start))))
        yield slice(start, stop), slice(start, m)
        start = stop


def with_each_left_out(sums: Sums, rows: slice, columns: slice) -> Slab:
    """Sums of some pairs over all items, and then without each block: (1 + blocks, rows, columns)."""
    stack = {name: _left_out(_cut(array, rows, columns)) for name, array in sums.items()}
    for name, other in TURNED.items():
        if name in sums:
            stack[other] = _left_out(_cut(sums[name], columns, rows)).swapaxes(1, 2)
    return stack


def _cut(array: Array, rows: slice, columns: slice) -> Floats:
    of = [cut if size > 1 else slice(None) for cut, size in zip((rows, columns), array.shape[1:], strict=True)]
    return array[:, of[0], of[1]].astype(np.float64)


def _left_out(added: Floats) -> Floats:
    total = added.sum(axis=0, keepdims=True)
    return np.concatenate([total, total - added])


def _judged(recipe: Recipe, stack: Slab, exact: Floats | None, level: float) -> dict[str, Floats]:
    if recipe.share and recipe.exact:
        stack = {name: sums[:1] for name, sums in stack.items()}
    table = recipe.table(stack)
    values = table.value(table.observed)
    whole = Table(*(np.broadcast_to(part, values.shape)[0] for part in table))
    estimate, freedom = values[0], len(values) - 2
    if recipe.share:
        low, high = wilson(whole.observed, whole.scale, level)
    else:
        reach = jackknife_reach(values[1:], level)
        low, high = estimate - reach, estimate + reach
        if recipe.exact:
            low, high = _widened(recipe, {name: sums[0] for name, sums in stack.items()}, (low, high), level)
    p = exact if recipe.exact and exact is not None else _t_probability(table, freedom)
    ends = {"low": low, "high": high, "null": whole.value(whole.chance), "highest": whole.value(whole.most)}
    return {"estimate": estimate, "p": np.where(np.isnan(estimate), np.nan, p), **ends}


def _widened(recipe: Recipe, sums: Slab, ends: tuple[Floats, Floats], level: float) -> tuple[Floats, Floats]:
    """Let the rarer of both wrong and both right vary as its share may (Wilson), with error rates as seen."""
    n, a, b, both = (sums[name] for name in ("n", "a", "b", "both"))
    rarer = np.minimum(both, n - a - b + both)
    shares = wilson(rarer, n, level)
    # Both cells rise together when the error rates stay, and cannot leave what those allow.
    cells = (np.clip(both - rarer + n * share, np.maximum(0, a + b - n), np.minimum(a, b)) for share in shares)
    least, most = (table.value(table.observed) for table in (recipe.table({**sums, "both": cell}) for cell in cells))
    few = rarer < FEW
    # An undefined end is that of a jackknife that leaves out the only failures.
    low, high = ends
    return np.where(few, np.fmin(low, least), low), np.where(few, np.fmax(high, most), high)


def _exact(stack: Slab) -> Floats:
    return hypergeometric_tail(*(stack[name][0] for name in ("both", "n", "a", "b")))


def _t_probability(table: Table, freedom: int) -> Floats:
    # The error of the null is part of the error of the difference.
    excess = table.value(table.observed) - table.value(table.chance)
    error = jackknife_reach(excess[1:], 0.5) / margin(0.5, freedom)
    t = np.divide(excess[0], error, out=np.full(error.shape, np.nan), where=error > 0)
    return np.asarray(stdtr(freedom, -t))


def _pair_measure(recipe: Recipe, found: Mapping[str, Floats]) -> PairMeasure:
    # A model beside itself is no comparison.
    np.fill_diagonal(found["p"], np.nan)
    apart = ~np.eye(len(found["p"]), dtype=bool)
    reason = recipe.undefined if np.isnan(found["estimate"][apart]).any() else ""
    return PairMeasure(**found, reason=reason)
