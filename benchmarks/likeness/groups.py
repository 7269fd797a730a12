"""What likeness goes with: random groups of models, their likeness, and what they are good for together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.measure import Interval
from polyculture.measure.inference.interval import margin

BLOCK = 250
"""Groups whose votes are held at once."""


@dataclass(frozen=True)
class Slope:
    """What one unit more likeness goes with.

    Parameters
    ----------
    interval : Interval
        From leaving out, in turn, all models that share everything but the seed.
    p : float
        Probability of a relation as strong if models swap their likeness to each other.
    """

    interval: Interval
    p: float


def drawn(levels: Mapping[str, Sequence[str]], size: int, count: int, seed: int) -> Ints:
    """Groups of models that share some factors, drawn anew for each group, and differ in the others as it comes.

    Groups drawn from all models without more ado would nearly all be equally mixed, and tell nothing of likeness.

    Parameters
    ----------
    levels : mapping of factor to level of each model
    size, count, seed : int

    Returns
    -------
    int array of shape (count, size), no model twice in a row
    """
    columns = np.stack([np.unique(values, return_inverse=True)[1] for values in levels.values()])
    rng, found = np.random.default_rng(seed), list[Array]()
    while len(found) < count:
        anchor = rng.integers(columns.shape[1])
        fixed = rng.random(len(columns)) < 0.5
        fit = np.flatnonzero((columns == columns[:, [anchor]])[fixed].all(axis=0))
        if len(fit) >= size:
            found.append(np.sort(rng.permutation(fit)[:size]))
    return np.stack(found)


def within(matrix: Floats, groups: Ints) -> Floats:
    """Mean over the pairs of each group, shape (groups,)."""
    first, second = np.triu_indices(groups.shape[1], 1)
    return np.asarray(matrix[groups[:, first], groups[:, second]].mean(axis=1))


def together(wrong: Mask, groups: Ints) -> dict[str, Floats]:
    """What the members of each group do on the same items.

    Parameters
    ----------
    wrong : bool array of shape (items, models)
    groups : int array of shape (groups, k), k odd

    Returns
    -------
    dict of arrays of shape (groups,)
        ``members``, mean accuracy; ``spread``, standard deviation of it; ``vote``, accuracy of the majority; ``gain``
        of the vote over the members; ``all fail``; ``beyond independence``, what of it independent models with the same
        accuracies would not have.
    """
    votes = [_votes(wrong, part) for part in np.split(groups, range(BLOCK, len(groups), BLOCK))]
    vote, fail = (np.concatenate(parts) for parts in zip(*votes, strict=True))
    error = wrong.mean(axis=0)[groups]
    members = 1 - error.mean(axis=1)
    return {
        "members": members,
        "spread": error.std(axis=1),
        "vote": vote,
        "gain": vote - members,
        "all fail": fail,
        "beyond independence": fail - error.prod(axis=1),
    }


def _votes(wrong: Mask, groups: Ints) -> tuple[Floats, Floats]:
    size = groups.shape[1]
    failed = wrong[:, groups].sum(axis=2, dtype=np.int8)
    return (failed < size / 2).mean(axis=0), (failed == size).mean(axis=0)


def slopes(
    outcomes: Mapping[str, Floats],
    likeness: Floats,
    groups: Ints,
    clusters: Ints,
    held: Sequence[Floats] = (),
    *,
    permutations: int = 500,
    seed: int = 0,
) -> dict[str, Slope]:
    r"""Slope of each outcome of groups on their likeness, with what else is `held` equal.

    .. math:: y_g = \beta_0 + \beta \, \bar s_g + \gamma^\top h_g + \varepsilon_g, \qquad
              V = \frac{c - 1}{c} \sum_{c} (\hat\beta_{-c} - \bar{\hat\beta})^2

    Thousands of groups share few models: the interval leaves out a cluster of models with all groups they are in, and
    the p swaps models in the matrix of likeness.

    Parameters
    ----------
    outcomes : mapping of name to array of shape (groups,)
    likeness : array of shape (models, models)
    groups : int array of shape (groups, k)
    clusters : array of int, shape (models,)
    held : sequence of arrays of shape (groups,)
    permutations, seed : int
    """
    y = np.stack(list(outcomes.values()), axis=1)
    design = np.stack([within(likeness, groups), np.ones(len(groups)), *held], axis=1)
    names = np.unique(clusters)
    left = np.stack(
        [_first(design[kept], y[kept]) for kept in ((clusters[groups] != name).all(axis=1) for name in names)]
    )
    reach = margin(0.95, len(names) - 1) * np.sqrt((len(names) - 1) * left.var(axis=0))
    p = _permuted(y, likeness, groups, design[:, 1:], permutations, seed)
    return {
        name: Slope(Interval(float(b), float(b - r), float(b + r)), float(chance))
        for name, b, r, chance in zip(outcomes, _first(design, y), reach, p, strict=True)
    }


def _first(design: Floats, y: Floats) -> Floats:
    """Slope of each column of y on the first column of the design."""
    return np.asarray(np.linalg.solve(design.T @ design, design.T @ y)[0])


def _permuted(y: Floats, likeness: Floats, groups: Ints, rest: Floats, permutations: int, seed: int) -> Floats:
    basis = np.linalg.qr(rest)[0]
    left = y - basis @ (basis.T @ y)
    rng = np.random.default_rng(seed)
    observed = _strength(within(likeness, groups), basis, left)
    reached = np.ones(y.shape[1])
    for _ in range(permutations):
        order = rng.permutation(len(likeness))
        # rounding must not break ties
        reached += _strength(within(likeness, order[groups]), basis, left) >= observed - 1e-12
    return reached / (permutations + 1)


def _strength(x: Floats, basis: Floats, left: Floats) -> Floats:
    own = x - basis @ (basis.T @ x)
    return np.asarray(np.abs(own @ left) / np.linalg.norm(own))
