"""Items that nobody took yet: their texts tell which others they are like."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from polyculture.arrays import Ints
from polyculture.data.interactions import Interactions

NEIGHBOURS = 10
BLOCK = 256
"""New items that are compared with all others at once."""
_WORD = re.compile(r"\w+")


def lent(data: Interactions) -> sp.csr_array | None:
    """For each item that nobody took, the items that were taken and are nearest by the words of their texts.

    Its score is the mean of theirs, weighted by the cosine of TF-IDF vectors; as that is a sum of scores, the reasons
    stay exact. Only items of its own domain count, where that is known.

    Parameters
    ----------
    data : Interactions
        With `item_text`.

    Returns
    -------
    sparse array of shape (n_items, n_items), or None where there is no text or no such item
        Rows of items that nobody took, and that share a word with one that was, sum to 1; all others are empty.

    Examples
    --------
    >>> from dataclasses import replace
    >>> texts = {"tea": "green tea", "mug": "blue mug", "new": "white tea"}
    >>> data = Interactions.of(["ann", "bob", "ann"], ["tea", "mug", "new"], item_text=texts)
    >>> found = lent(data.take([0, 1]))
    >>> data.items.tolist(), found.toarray().tolist()
    (['mug', 'new', 'tea'], [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    """
    texts = [(data.item_text or {}).get(name, "") for name in data.items.tolist()]
    taken = np.bincount(data.item, minlength=len(data.items)) > 0
    told = np.array([bool(text.strip()) for text in texts], dtype=bool)
    new, old = np.flatnonzero(told & ~taken), np.flatnonzero(told & taken)
    if not len(new) or not len(old):
        return None
    words = sp.csr_array(
        TfidfVectorizer(sublinear_tf=True, analyzer=lambda text: _WORD.findall(text.lower())).fit_transform(texts)
    )
    homes = data.item_domain
    found = sp.csr_array((len(texts), len(texts)), dtype=np.float32)
    for home in np.unique(homes[new]).tolist():
        found = found + _nearest(words, new[homes[new] == home], old[_fitting(data, home, old)])
    return found


def _fitting(data: Interactions, home: int, others: Ints) -> Ints:
    """Which of other items are of a domain; all, where it is not known."""
    return np.flatnonzero((data.item_domain[others] == home) | (home < 0))


def _nearest(words: sp.csr_array, new: Ints, others: Ints) -> sp.csr_array:
    """For each new item its nearest others, in parts that sum to 1; over all items."""
    rows, columns, values = [], [], []
    turned = sp.csr_array(words[others].T)
    for start in range(0, len(new), BLOCK):
        likeness = sp.csr_array(words[new[start : start + BLOCK]] @ turned)
        likeness.sort_indices()
        for at, (low, high) in enumerate(pairwise(likeness.indptr.tolist()), start):
            parts = likeness.data[low:high]
            best = np.argsort(-parts, kind="stable")[:NEIGHBOURS]
            rows.append(np.full(len(best), new[at]))
            columns.append(others[likeness.indices[low:high][best]])
            values.append(parts[best] / max(parts[best].sum(), 1e-12))
    where = (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_array((np.concatenate(values), where), shape=(len(words.indptr) - 1,) * 2, dtype=np.float32)


def within(matrix: sp.csr_array, items: Ints) -> sp.csr_array:
    """Rows and columns of some items, rows summing to 1 again."""
    part = sp.csr_array(matrix[items][:, items])
    sums = np.asarray(part.sum(axis=1)).ravel()
    return sp.csr_array(part.multiply(1 / np.where(sums > 0, sums, 1)[:, None]))
