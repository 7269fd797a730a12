"""Groups of copies, and where their papers would be if communities were shuffled within years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from polyculture.arrays import Floats, Ints
from polyculture.surveying.minhash import mixed


@dataclass(frozen=True, eq=False)
class Copies:
    """Papers that are copies of each other, one entry for each group and year.

    Parameters
    ----------
    group, year : int arrays of shape (entries,)
        Positions, groups ascending.
    size : float64 array of shape (entries,)
        Papers of the group in the year.
    cells : float64 array of shape (C, Y)
        All papers by community and year.
    """

    group: Ints
    year: Ints
    size: Floats
    cells: Floats


def copies_of(group: Ints, year: Ints, cells: Floats) -> Copies:
    """Count the papers of each group and year."""
    years = cells.shape[1]
    entries, size = np.unique(group * years + year, return_counts=True)
    return Copies(entries // years, entries % years, size.astype(np.float64), cells)


def kinds_of(copies: Copies) -> tuple[Copies, Ints, Ints]:
    """One group of each kind, where groups with as many papers of each year are of one kind and by chance the same.

    Parameters
    ----------
    copies : Copies

    Returns
    -------
    Copies, int array of each entry's place among theirs, and int array of how many groups are of each kind.
    """
    starts = _starts(copies.group)
    lengths = np.diff(np.append(starts, len(copies.group)))
    word = mixed(mixed(copies.year.astype(np.uint64)) ^ copies.size.astype(np.uint64))
    words = np.add.reduceat(word, starts) if len(starts) else word
    _, first, kind, count = np.unique(words, return_index=True, return_inverse=True, return_counts=True)
    begins = np.cumsum(lengths[first]) - lengths[first]
    taken = np.repeat(starts[first] - begins, lengths[first]) + np.arange(lengths[first].sum())
    place = np.repeat(begins[kind] - starts, lengths) + np.arange(len(copies.group))
    some = Copies(copies.group[taken], copies.year[taken], copies.size[taken], copies.cells)
    return some, place, count


def observed_copies(copies: Copies, group: Ints, community: Ints, year: Ints) -> dict[str, Floats]:
    """Papers of each entry that have a copy in their own community, and in another."""
    count = len(copies.cells)
    own = group * count + community
    size = np.bincount(group)
    _, which, same = np.unique(own, return_inverse=True, return_counts=True)
    entry = np.searchsorted(copies.group * copies.cells.shape[1] + copies.year, group * copies.cells.shape[1] + year)
    mates = {"within": same[which] > 1, "between": same[which] < size[group]}
    return {kind: np.bincount(entry, has, len(copies.size)).astype(np.float64) for kind, has in mates.items()}


def _falling(top: Floats, count: Floats) -> Floats:
    """Logarithm of top (top - 1) ... (top - count + 1); -inf where that is 0."""
    room = top - count
    return np.where(room >= 0, gammaln(top + 1) - gammaln(np.maximum(room, 0) + 1), -np.inf)


def all_within(copies: Copies, among: Floats) -> Floats:
    """Probability that all papers of each entry's group fall on so many of each year's papers, (..., entries)."""
    total = copies.cells.sum(axis=0)[copies.year]
    logs = _falling(among[..., copies.year], copies.size) - _falling(total, copies.size)
    return np.asarray(np.exp(_by_group(logs, copies.group)))


def _starts(group: Ints) -> Ints:
    """First entry of each group; entries of a group stand side by side."""
    return np.flatnonzero(np.append(True, group[1:] != group[:-1])[: len(group)])


def _by_group(logs: Floats, group: Ints) -> Floats:
    """Sums over the entries of each group, at each entry of it."""
    starts = _starts(group)
    sums = np.add.reduceat(logs, starts, axis=-1) if len(starts) else logs
    return np.asarray(np.repeat(sums, np.diff(np.append(starts, len(group))), axis=-1))


def expected_copies(copies: Copies) -> dict[str, Floats]:
    """The same as `observed_copies`, on average over shuffled communities."""
    some, place, _ = kinds_of(copies)
    together = all_within(some, some.cells).sum(axis=0)
    total, own = some.cells.sum(axis=0)[some.year], some.cells[:, some.year]
    # One paper is in the community; the others of its group must all be elsewhere for it to have no copy there.
    elsewhere = _falling(total - own, some.size) - _falling(total, some.size)
    mates = _falling(total - own, some.size - 1) - _falling(total - 1, some.size - 1)
    alone = np.exp(_without_own(elsewhere, some.group) + mates)
    within = (own / total * (1 - alone)).sum(axis=0)
    return {"within": (some.size * within)[place], "between": (some.size * np.maximum(1 - together, 0))[place]}


def expected_pairs(copies: Copies) -> Floats:
    """Groups that would have papers of both communities of each pair, on average over shuffled ones, (C, C)."""
    some, _, count = kinds_of(copies)
    once, total = _starts(some.group), some.cells.sum(axis=0)
    # Groups of one kind stand where the kind does, and kinds are in the order of their words, as their counts.
    without = all_within(some, total - some.cells)[:, once]
    found = np.zeros((len(some.cells), len(some.cells)))
    for a, cells in enumerate(some.cells):
        neither = all_within(some, np.maximum(total - cells - some.cells, 0))[:, once]
        found[a] = (1 - without[a] - without + neither) @ count
    return found


def _without_own(logs: Floats, group: Ints) -> Floats:
    """Sums over the other entries of each group, where some are -inf."""
    none = np.isneginf(logs)
    known = np.where(none, 0.0, logs)
    rest = _by_group(known, group) - known
    return np.where(_by_group(none.astype(np.float64), group) - none > 0, -np.inf, rest)
