"""The graph of users and items of all domains, and the parts of it that are held out to choose by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Ints, Mask
from polyculture.data.interactions import Interactions
from polyculture.recommend.times import read_at, times_of

Edges = dict[str, sp.csr_array]
"""By domain, users by items of all domains: above 0 where the user took the item there."""


LEAST = 0.1
"""No interaction weighs less: that of the lowest rating is one too."""


def edges_of(data: Interactions, rating_weight: float = 0.0) -> Edges:
    """One matrix a domain, all of one shape; 1 for an interaction, more or less by its rating where that is asked for.

    A rating of z standard deviations above the mean of its domain makes the interaction weigh 1 + z · `rating_weight`,
    and at least 0.1; the mean where the same user took an item several times. Without a rating it weighs 1.
    """
    edges = {name: data.matrix(domain=name) for name in data.domains.tolist()}
    if rating_weight and data.rating is not None:
        for code, name in enumerate(edges):
            edges[name] = _rated(edges[name], data.take(data.domain == code), rating_weight)
    return edges


def _rated(matrix: sp.csr_array, data: Interactions, rating_weight: float) -> sp.csr_array:
    rating = np.asarray(data.rating, dtype=np.float64)
    there = np.isfinite(rating)
    spread = rating[there].std() if there.any() else 0.0
    if not spread:
        return matrix
    z = np.where(there, (rating - rating[there].mean()) / spread, 0.0)
    places = (data.user, data.item)
    total = sp.csr_array((np.maximum(1 + rating_weight * z, LEAST), places), shape=matrix.shape)
    often = sp.csr_array((np.ones(len(z)), places), shape=matrix.shape)
    found = sp.csr_array(total.multiply(often.power(-1)), dtype=np.float32)
    found.sort_indices()
    return found


def joined(edges: Mapping[str, sp.csr_array], domain: str, others: float) -> sp.csr_array:
    """One graph: a domain's own edges weigh 1, those of other domains `others`; 0 leaves them out.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> edges = {"book": sp.csr_array([[1.0, 0.0]]), "film": sp.csr_array([[0.0, 1.0]])}
    >>> joined(edges, "book", 0.5).toarray().tolist()
    [[1.0, 0.5]]
    """
    found = edges[domain]
    if others:
        for name, matrix in edges.items():
            if name != domain:
                # an item of both domains, taken in both, counts once
                found = found.maximum(others * matrix)
    return sp.csr_array(found, dtype=np.float32)


@dataclass(frozen=True)
class Held:
    """What is left to learn from, and what was taken away for choosing."""

    edges: Edges
    warm: Edges
    """Part of the histories of users who keep another part."""
    cold: Edges
    """Whole histories in one domain of users who keep another domain."""
    times: sp.csr_array | None = None
    """When users took items, of all that is known; see :func:`~polyculture.recommend.times.times_of`."""


def held_out(
    edges: Mapping[str, sp.csr_array],
    share: float,
    cold_share: float,
    seed: int,
    times: sp.csr_array | None = None,
) -> Held:
    """Take away a share of each user's interactions in each domain, and all of some users' in one domain.

    A user with one interaction keeps it; of two or more, at least one is taken and one kept. A share of 0 takes none.
    Where times are given, the share is that of the latest ones.
    """
    rng = np.random.default_rng(seed)
    left, warm, cold = {}, {}, {}
    names = list(edges)
    cold_in = _cold_users(edges, cold_share, rng)
    for name in names:
        matrix = edges[name]
        users = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        whole = (cold_in == names.index(name))[users]
        part = ~whole & _share_of_rows(matrix, share, rng, times)
        left[name], warm[name], cold[name] = (kept(matrix, mask) for mask in (~whole & ~part, part, whole))
        # what is held out counts the same, however it was rated
        warm[name].data[:], cold[name].data[:] = 1, 1
    return Held(left, warm, cold)


def held_of(
    data: Interactions, share: float, cold_share: float, *, rating_weight: float, seed: int, last: bool = False
) -> Held:
    """What a choice is made on: the validation split that is given, or parts of the training part.

    Those are drawn, or the last of each user where that is asked for.
    """
    times = times_of(data)
    return replace(_held_of(data, share, cold_share, rating_weight, seed, times if last else None), times=times)


def _held_of(
    data: Interactions, share: float, cold_share: float, rating_weight: float, seed: int, times: sp.csr_array | None
) -> Held:
    given = data.within("validation")
    if not given.any():
        return held_out(edges_of(data, rating_weight), share, cold_share, seed, times)
    train, warm = edges_of(data.take(~given), rating_weight), edges_of(data.take(given))
    if len(train) < 2:
        return Held(train, warm, {name: 0 * matrix for name, matrix in train.items()})
    held = held_out(train, 0.0, cold_share, seed)
    return Held(held.edges, warm, held.cold)


def _cold_users(edges: Mapping[str, sp.csr_array], share: float, rng: np.random.Generator) -> Ints:
    """For each user the domain whose history is taken away, or -1; only users of two domains lose one."""
    counts = np.stack([np.diff(matrix.indptr) > 0 for matrix in edges.values()])
    out = np.full(counts.shape[1], -1)
    several = np.flatnonzero(counts.sum(axis=0) > 1)
    chosen = rng.permutation(several)[: round(share * len(several))]
    for user in chosen.tolist():
        out[user] = rng.choice(np.flatnonzero(counts[:, user]))
    return out


def _share_of_rows(matrix: sp.csr_array, share: float, rng: np.random.Generator, times: sp.csr_array | None) -> Mask:
    if not share:
        return np.zeros(matrix.nnz, bool)
    counts = np.diff(matrix.indptr)
    users = np.repeat(np.arange(matrix.shape[0]), counts)
    place = np.empty(matrix.nnz, dtype=np.int64)
    drawn = rng.random(matrix.nnz)
    keys = (drawn, users) if times is None else (drawn, -read_at(matrix, times), users)
    place[np.lexsort(keys)] = np.arange(matrix.nnz) - matrix.indptr[users]
    taken = np.where(counts > 1, np.maximum(1, np.round(share * counts)), 0)
    found: Mask = place < taken[users]
    return found


def kept(matrix: sp.csr_array, mask: Mask) -> sp.csr_array:
    """The stored values under a mask, in the order in which they are stored."""
    users = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    places = (users[mask], matrix.indices[mask])
    return sp.csr_array((matrix.data[mask], places), shape=matrix.shape, dtype=np.float32)


def sample(matrix: sp.csr_array, most: int, seed: int) -> Ints:
    """Rows that hold something, at most so many, drawn at random and sorted."""
    rows = np.flatnonzero(np.diff(matrix.indptr))
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])
