"""Which texts are the same, or nearly."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from polyculture.arrays import Array, Ints
from polyculture.errors import ParameterError
from polyculture.preprocess.tokens import tokens

_SHINGLE = 3
_CHUNK = 256
# From so many candidates a row on, one whole product is cheaper than comparing them pair by pair.
_CROWD = 32
_EPSILON = 1e-9
_APOSTROPHES = "'’ʼ＇"


def duplicates(texts: Sequence[str] | Array, *, threshold: float | None = 0.9) -> Ints:
    r"""The group of each text: texts of one group are the same, or nearly.

    Two texts are the same when they agree without case and punctuation (texts of punctuation alone: as they stand), and
    nearly the same when the sets S of their runs of three tokens overlap:

    .. math:: J = |S_i \cap S_j| / |S_i \cup S_j| \ge threshold

    Every such pair is found, none is sampled; groups are closed under likeness, so that the ends of a chain may differ
    more. Texts of fewer than three tokens are only ever the same, empty texts are never alike.

    Parameters
    ----------
    texts : sequence of n str
    threshold : float in (0, 1], or None
        None looks for the same texts only.

    Returns
    -------
    array of int, shape (n,): the position of the first text of each one's group.

    Raises
    ------
    ParameterError
        If the threshold is outside its range.

    Examples
    --------
    >>> duplicates(["Good film!", "bad film", "good film", ""]).tolist()
    [0, 1, 0, 3]
    """
    same = same_texts(texts)
    return same if threshold is None else near_texts(texts, same, threshold)


def same_texts(texts: Sequence[str] | Array) -> Ints:
    """Position of the first text that is the same as each one."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(k, i) if k else i for i, k in enumerate(keys(texts))], dtype=np.intp)


def near_texts(texts: Sequence[str] | Array, same: Ints, threshold: float) -> Ints:
    """Join the groups of `same_texts` whose texts are nearly the same."""
    if not 0 < threshold <= 1:
        raise ParameterError(f"the threshold of likeness is {threshold}; it lies above 0 and is at most 1")
    rows = np.unique(same)
    shingles = _shingles([key.split("\0") for key in keys([texts[i] for i in rows], separator="\0")])
    pairs = [np.empty((2, 0), dtype=np.intp), *_pairs(shingles, threshold)]
    left, right = np.concatenate(pairs, axis=1)
    n = len(rows)
    joined = sp.coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=(n, n))
    count, member = connected_components(joined, directed=False)
    # rows ascend, so the first row that is seen of a component is its first text
    first = np.full(count, len(same))
    np.minimum.at(first, member, rows)
    return np.asarray(first[member][np.searchsorted(rows, same)], dtype=np.intp)


def keys(texts: Sequence[str] | Array, separator: str = " ") -> list[str]:
    """What stays of texts without case and punctuation; of punctuation alone (":)"), the text itself."""
    folded = [unicodedata.normalize("NFC", str(text)).casefold() for text in texts]
    alphabet = set().union(*folded) if folded else set()
    table = {ord(c): None if c in _APOSTROPHES else " " for c in alphabet if unicodedata.category(c)[0] == "P"}
    return [separator.join(tokens(text.translate(table))) or text.strip() for text in folded]


def _shingles(texts: list[list[str]]) -> sp.csr_array:
    """Texts × runs of three tokens, 1 where a text has the run; columns from rare to common."""
    vocabulary: dict[str, int] = {}
    ids = np.array([vocabulary.setdefault(token, len(vocabulary)) for text in texts for token in text], dtype=np.int64)
    owner = np.repeat(np.arange(len(texts)), np.array([len(text) for text in texts], dtype=np.intp))
    runs = ids
    for step in range(1, _SHINGLE):
        # Numbered anew at each step, so that a product of two numbers never leaves 64 bits.
        runs = np.unique(runs, return_inverse=True)[1]
        runs = runs[:-1] * (len(vocabulary) + 1) + ids[step:]
    whole = owner[: len(runs)] == owner[_SHINGLE - 1 :]
    runs = np.unique(runs[whole], return_inverse=True)[1]
    seen = sp.csr_array(
        (np.ones(len(runs), dtype=np.int32), (owner[: len(whole)][whole], runs)), shape=_shape(texts, runs)
    )
    seen.sum_duplicates()
    seen.data[:] = 1
    rank = np.argsort(np.argsort(np.bincount(seen.indices, minlength=seen.shape[1]), kind="stable"))
    return _sorted(sp.csr_array((seen.data, rank[seen.indices], seen.indptr), shape=seen.shape))


def _shape(texts: list[list[str]], runs: Ints) -> tuple[int, int]:
    return len(texts), int(runs.max(initial=-1)) + 1


def _sorted(matrix: sp.csr_array) -> sp.csr_array:
    matrix.sort_indices()
    return matrix


def _pairs(shingles: sp.csr_array, threshold: float) -> Iterator[Array]:
    r"""Pairs of rows whose Jaccard index reaches the threshold, each once.

    With J ≥ t two sets share at least ⌈t |S|⌉ elements, so they share one among the |S| - ⌈t |S|⌉ + 1 rarest of each:
    a product of these prefixes finds every candidate, and only candidates are compared whole.
    """
    sizes = np.diff(shingles.indptr)
    rarest = _prefixes(shingles, sizes - np.ceil(threshold * sizes - _EPSILON).astype(np.intp) + 1)
    few, all_ = rarest.T.tocsr(), shingles.T.tocsr()
    for start in range(0, len(sizes), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        left, right, common = _upper(rarest[chunk] @ few, start)
        if len(left) > _CROWD * _CHUNK:
            left, right, common = _upper(shingles[chunk] @ all_, start)
        else:
            common = np.asarray(shingles[left].multiply(shingles[right]).sum(axis=1)).ravel()
        alike = common >= (threshold - _EPSILON) * (sizes[left] + sizes[right] - common)
        yield np.stack([left[alike], right[alike]])


def _upper(product: sp.csr_array, start: int) -> tuple[Ints, Ints, Ints]:
    """Entries above the diagonal, as rows, columns and values; the first row is number `start`."""
    entries = product.tocoo()
    left, right = entries.row.astype(np.intp) + start, entries.col.astype(np.intp)
    above = left < right
    return left[above], right[above], entries.data[above]


def _prefixes(matrix: sp.csr_array, lengths: Ints) -> sp.csr_array:
    """The first elements of each row."""
    place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], np.diff(matrix.indptr))
    keep = place < np.repeat(lengths, np.diff(matrix.indptr))
    counts = np.minimum(lengths, np.diff(matrix.indptr))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return sp.csr_array((matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape)
