"""Texts that are nearly the same, found by hashing, in time that grows as the number of texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import ParameterError

BANDS, ROWS = 8, 2
"""Two texts with a Jaccard index of 0.8 share a band with probability 1 - (1 - 0.8²)⁸ = 0.9997."""
WORDS = r"[\p{L}\p{M}\p{N}]+"
SLICE = 2**18
"""Texts that are hashed at once."""
EPSILON = 1e-9
ODD = np.uint64(0x9E3779B97F4A7C15)


class Shingles(NamedTuple):
    """Sets of runs of words as whole numbers, those of one text after those of another, ascending."""

    values: Ints
    start: Ints

    @property
    def sizes(self) -> Ints:
        """Number of shingles of each text."""
        return np.diff(self.start)


def near_duplicates(
    texts: pl.Series, *, threshold: float = 0.8, words: int = 2, shortest: int = 4, seed: int = 0
) -> tuple[Ints, Mask]:
    r"""Group of each text: texts of one group are the same, or nearly.

    .. math:: J = |S_i \cap S_j| / |S_i \cup S_j| \ge threshold

    with S the set of runs of words, in small letters and without punctuation. Texts that are the same are joined first.
    Of the others candidates share one of 8 bands of 2 minimal hashes; in each band every text is compared with the
    first and with the one before it, exactly. So there are never more than 16 comparisons a text, however many are
    alike, and of pairs at J = 0.8 about 0.03 % are missed. Groups are closed under likeness. Texts with fewer than
    `shortest` words, such as *Editorial*, are too common to be copies: each stays alone.

    Parameters
    ----------
    texts : Series of str
        Nothing counts as empty.
    threshold : float in (0, 1], default 0.8
    words : int, default 2
        Words of a run.
    shortest : int, default 4
    seed : int, default 0

    Returns
    -------
    Int array of the position of the first text of each one's group; bool array, which texts were long enough.

    Raises
    ------
    ParameterError
        If the threshold is outside its range, or a number of words is below 1.

    References
    ----------
    Broder 1997, On the resemblance and containment of documents; Leskovec, Rajaraman and Ullman 2014, Mining of Massive
    Datasets, chapter 3.

    Examples
    --------
    >>> titles = ["Deep learning of syntax for parsing", "Deep Learning of Syntax for Parsing.", "A survey of surveys"]
    >>> near_duplicates(pl.Series(titles))[0].tolist()
    [0, 0, 2]
    """
    if not 0 < threshold <= 1:
        raise ParameterError(f"the threshold of likeness is {threshold}; it lies above 0 and is at most 1")
    if words < 1 or shortest < 1:
        raise ParameterError(f"words is {words} and shortest {shortest}; pass whole numbers of at least 1")
    tokens = texts.fill_null("").str.normalize("NFKC").str.to_lowercase().str.extract_all(WORDS)
    long = (tokens.list.len() >= shortest).to_numpy()
    keys = tokens.list.join(" ").hash().to_numpy()
    same = _first_of(np.where(long, keys, np.arange(len(texts), dtype=np.uint64) * ODD), long)
    rows = np.flatnonzero(long & (same == np.arange(len(same))))
    shingles = _shingles(tokens.gather(rows), words)
    joined = _joined(shingles, threshold, seed)
    first = np.arange(len(same))
    first[rows] = rows[joined]
    return first[same], long


def _first_of(keys: Array, among: Mask) -> Ints:
    """Position of the first text with the same key; each text not among them is its own."""
    order = np.argsort(keys, kind="stable")
    opens = np.append(True, keys[order][1:] != keys[order][:-1]) | ~among[order]
    first = np.empty(len(keys), dtype=np.intp)
    first[order] = order[np.maximum.accumulate(np.where(opens, np.arange(len(keys)), 0))]
    return first


def _shingles(tokens: pl.Series, words: int) -> Shingles:
    """Sets of runs of words; a text with fewer words than a run has its words as one."""
    count = tokens.list.len().to_numpy().astype(np.intp)
    if not count.sum():
        return Shingles(np.empty(0, dtype=np.uint32), np.zeros(len(count) + 1, dtype=np.intp))
    word = tokens.explode(empty_as_null=False).hash().to_numpy()
    owner = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    runs = word.copy()
    for step in range(1, words):
        inside = place[: len(place) - step] + step < count[owner[: len(owner) - step]]
        runs[: len(runs) - step] = np.where(
            inside, mixed(runs[: len(runs) - step]) + word[step:], runs[: len(runs) - step]
        )
    keep = (place <= count[owner] - words) | (place == 0)
    # 32 bits a run, the text above them: one sort makes the sets.
    packed = _distinct((owner[keep].astype(np.uint64) << np.uint64(32)) | (mixed(runs[keep]) >> np.uint64(32)))
    sizes = np.bincount((packed >> np.uint64(32)).astype(np.intp), minlength=len(count))
    return Shingles(packed.astype(np.uint32), np.append(0, np.cumsum(sizes)))


def _distinct(values: Array) -> Array:
    """Values without repetitions, ascending: for numbers almost in order sorting is quicker than `numpy.unique`."""
    ranked = np.sort(values)
    return ranked[np.append(True, ranked[1:] != ranked[:-1])] if len(ranked) else ranked


def mixed(values: Array) -> Array:
    """Whole numbers of 64 bits, scrambled one to one (Steele, Lea and Flood 2014)."""
    z = values + ODD
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _joined(shingles: Shingles, threshold: float, seed: int) -> Ints:
    """Position of the first text of each one's group."""
    n = len(shingles.sizes)
    found = [np.empty((2, 0), dtype=np.intp)]
    tried = np.empty(0, dtype=np.int64)
    for pairs in _candidates(shingles, seed):
        new = np.setdiff1d(pairs, tried, assume_unique=True)
        tried = np.concatenate([tried, new])
        left, right = new // n, new % n
        alike = _alike(shingles, left, right, threshold)
        found.append(np.stack([left[alike], right[alike]]))
    left, right = np.concatenate(found, axis=1)
    joined = sp.coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=(n, n))
    count, member = connected_components(joined, directed=False)
    first = np.full(count, n)
    np.minimum.at(first, member, np.arange(n))
    return np.asarray(first[member])


def _candidates(shingles: Shingles, seed: int) -> Iterator[Ints]:
    """Pairs, each as one number, that share a band: each text with the first of its bucket and with the one before."""
    n = len(shingles.sizes)
    rng = np.random.default_rng(seed)
    factors = rng.integers(2**32, size=(BANDS, ROWS, 2), dtype=np.uint64) | np.uint64(1)
    for band in factors:
        keys: Array = np.zeros(n, dtype=np.uint64)
        for factor, shift in band:
            keys = mixed(keys) ^ _minima(shingles, factor, shift)
        order = np.argsort(keys, kind="stable")
        alike: Mask = keys[order][1:] == keys[order][:-1]
        opens = np.maximum.accumulate(np.where(np.append(True, ~alike), np.arange(n), 0))[1:][alike] if n else order
        second = order[1:][alike]
        yield _distinct(np.concatenate([order[opens] * n + second, order[:-1][alike] * n + second]))


def _minima(shingles: Shingles, factor: np.uint64, shift: np.uint64) -> Array:
    """Smallest hash of each text."""
    found = np.empty(len(shingles.sizes), dtype=np.uint64)
    for start in range(0, len(found), SLICE):
        bounds = shingles.start[start : start + SLICE + 1]
        hashed = (shingles.values[bounds[0] : bounds[-1]].astype(np.uint64) * factor + shift) >> np.uint64(16)
        # The middle bits of a product are well mixed, the lowest are not.
        found[start : start + SLICE] = np.minimum.reduceat(hashed & np.uint64(0xFFFFFFFF), bounds[:-1] - bounds[0])
    return found


def _alike(shingles: Shingles, left: Ints, right: Ints, threshold: float) -> Mask:
    """Whether pairs of texts reach the threshold, by comparing all of their shingles."""
    sizes = shingles.sizes
    alike = np.minimum(sizes[left], sizes[right]) >= threshold * np.maximum(sizes[left], sizes[right]) - EPSILON
    for block in np.array_split(np.flatnonzero(alike), len(left) // SLICE + 1):
        common = _common(shingles, left[block], right[block])
        alike[block] = common >= (threshold - EPSILON) * (sizes[left[block]] + sizes[right[block]] - common)
    return np.asarray(alike)


def _common(shingles: Shingles, left: Ints, right: Ints) -> Ints:
    """Number of shingles that both texts of each pair have."""
    both = np.sort(np.concatenate([_of(shingles, left), _of(shingles, right)]))
    twice = both[1:][both[1:] == both[:-1]] >> np.uint64(32)
    return np.bincount(twice.astype(np.intp), minlength=len(left))


def _of(shingles: Shingles, texts: Ints) -> Array:
    """Shingles of texts, each with its position among them above."""
    sizes = shingles.sizes[texts]
    where = np.repeat(shingles.start[texts] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    return np.asarray(
        np.repeat(np.arange(len(texts), dtype=np.uint64) << np.uint64(32), sizes) | shingles.values[where]
    )
