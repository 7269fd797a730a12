"""Vectors of users and items, spread over their graph and learnt by gradient: LightGCN with a softmax loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.progress import LOG
from polyculture.recommend.adam import Adam
from polyculture.recommend.base import history, normalised
from polyculture.recommend.ranges import check_whole
from polyculture.recommend.softmax_step import softmax_gradient
from polyculture.recommend.spectral import basis_of
from polyculture.store import State

GROUPS = 6
"""Steps of an epoch: users are split into so many, as the vectors are spread over the whole graph for each."""

WARM_UP = 5
"""Steps before the learning rate is reached; from there it falls to nothing in a straight line."""


@dataclass(frozen=True)
class LightGCN:
    """Scores are cosines of a user's and an item's vector."""

    matrix: sp.csr_array
    """Normalised: what an item's vector weighs in that of a user."""
    users: Floats
    items: Floats
    messages: Floats
    """What each item brings to its users: the sum of its vectors before the last layer, or nothing with no layer."""
    lengths: Floats
    """Of users' vectors before they were brought to length 1."""

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        found: Floats = self.users[rows] @ (self.items if items is None else self.items[items]).T
        return found

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds through the graph; -1 for the user's own learnt vector."""
        columns, x = history(self.matrix, row), self.matrix
        own = x.data[x.indptr[row] : x.indptr[row + 1]]
        toward = self.items[item].astype(np.float64)
        values = own * (self.messages[columns] @ toward) / self.lengths[row]
        rest = float(self.users[row] @ toward) - values.sum()
        return np.r_[-1, columns], np.r_[rest, values]

    def state(self) -> State:
        """All vectors."""
        return {name: getattr(self, name) for name in ("users", "items", "messages", "lengths")}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        return cls(normalised(matrix, 0.5, 0.5)[0], **state)


def light_gcn(
    matrix: sp.csr_array,
    *,
    layers: int = 2,
    dimensions: int = 128,
    temperature: float = 0.1,
    learning_rate: float = 0.03,
    epochs: int = 12,
    candidates: int = 4096,
    random_state: int = 0,
) -> LightGCN:
    r"""Learn vectors of users and items by gradient, so that a user's items are nearer than others in the graph.

    .. math::
        U = \sum_{l=0}^{L} U^l, \; I = \sum_{l=0}^{L} I^l, \quad U^{l+1} = \hat X I^l, \; I^{l+1} = \hat X^\top U^l,
        \qquad \hat X = D_U^{-1/2} X D_I^{-1/2}

    The loss is a softmax of cosines over sampled items (see
    :func:`~polyculture.recommend.softmax_step.softmax_gradient`), by Adam, whose rate falls to nothing. Vectors begin
    as those of the singular value decomposition, so that few epochs do. With no layer this is matrix factorisation.

    Alone it is mostly worse than :func:`~polyculture.recommend.spectral.spectral`, but it errs differently: it ranks
    instead of rebuilding, and its cosines do not grow with how popular an item is.

    A user's vector is an own, learnt one and, with a layer or more, a sum over the user's items: what each of those
    adds to a score is exact, and the rest stands alone.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
        An interaction weighs in graph and loss as much as its value.
    layers : int >= 0
        L.
    dimensions : int >= 1
        Cut to what the matrix has.
    temperature : float > 0
        τ; the smaller, the more the nearest wrong items count.
    learning_rate : float > 0
    epochs : int >= 1
        In each all users are seen once, in six steps.
    candidates : int >= 1
        Items that each block of users is compared with, beside their own.
    random_state : int

    Raises
    ------
    ParameterError
        If a setting is out of range.

    References
    ----------
    He et al. 2020, LightGCN: simplifying and powering graph convolution network for recommendation, SIGIR,
    arXiv:2002.02126. Wu et al. 2022, On the effectiveness of sampled softmax loss for item recommendation,
    arXiv:2201.02327.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> scores = light_gcn(taken).scores(np.array([0]))
    >>> bool(scores[0, 2] > scores[0, 3])
    True
    """
    _check(layers, dimensions, epochs, candidates, temperature=temperature, learning_rate=learning_rate)
    taken, (x, _) = sp.csr_array(matrix, dtype=np.float32), normalised(matrix, 0.5, 0.5)
    turned, base = sp.csr_array(x.T), _first(matrix, dimensions, random_state)
    rng, adam = np.random.default_rng(random_state), Adam()
    edge = matrix.shape[0]
    steps = GROUPS * epochs
    for epoch in range(epochs):
        loss = 0.0
        for rows in np.array_split(rng.permutation(edge), GROUPS):
            whole = spread(base, x, turned, layers)
            units, lengths = _units(whole)
            found = softmax_gradient(
                units[:edge], units[edge:], taken, rows, temperature=temperature, candidates=candidates, rng=rng
            )
            loss += found.loss / GROUPS
            gradient = spread(_through_units(units, lengths, found.users, found.items), x, turned, layers)
            adam.move(base, gradient, learning_rate * _pace(adam.steps, steps))
        LOG.debug("light_gcn: epoch %d of %d, loss %.4f", epoch + 1, epochs, loss)
    units, lengths = _units(spread(base, x, turned, layers))
    before = spread(base, x, turned, layers - 1)[edge:] if layers else np.zeros_like(base[edge:])
    return LightGCN(x, units[:edge], units[edge:], before, lengths[:edge, 0])


def spread(base: Floats, x: sp.csr_array, turned: sp.csr_array, layers: int) -> Floats:
    """The sum of vectors over all layers, users above items; as the graph goes both ways, it is its own transpose."""
    users, items = base[: x.shape[0]], base[x.shape[0] :]
    total = base.copy()
    for _ in range(layers):
        users, items = x @ items, turned @ users
        total[: x.shape[0]] += users
        total[x.shape[0] :] += items
    return total


def _check(*whole: int, **above: float) -> None:
    for name, value, least in zip(("layers", "dimensions", "epochs", "candidates"), whole, (0, 1, 1, 1), strict=True):
        check_whole(name, value, least)
    for name, number in above.items():
        if not number > 0:
            raise ParameterError(f"{name} is {number}; use a number above 0")


def _first(matrix: sp.csr_array, dimensions: int, seed: int) -> Floats:
    """Singular vectors times the roots of their values, each row of length 1."""
    basis = basis_of(matrix, 0.4, 0.4, dimensions, random_state=seed)
    roots = np.sqrt(np.maximum(basis.values, 1e-6))
    rows = np.concatenate([basis.matrix @ (basis.vectors / roots), basis.vectors * roots])
    return _units(np.ascontiguousarray(rows, dtype=np.float32))[0]


def _units(rows: Floats) -> tuple[Floats, Floats]:
    """Rows of length 1, and the lengths they had; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    lengths = np.where(lengths > 0, lengths, np.float32(1))
    return rows / lengths, lengths


def _through_units(units: Floats, lengths: Floats, by_users: Floats, by_items: Floats) -> Floats:
    """The derivative by vectors from that by the same vectors of length 1."""
    found = np.concatenate([by_users, by_items])
    found -= np.einsum("ij,ij->i", found, units)[:, None] * units
    found /= lengths
    return found


def _pace(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (1 - step / steps)
