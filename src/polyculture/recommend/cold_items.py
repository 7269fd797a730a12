"""Items that nobody took yet: their texts tell which others they are like."""

from __future__ import annotations

import re

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from polyculture.arrays import Ints
from polyculture.data.interactions import Interactions

NEIGHBOURS = 10
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
    nearest = [_nearest(words, at, old[_fitting(data, at, old)]) for at in new.tolist()]
    rows = np.repeat(new, [len(columns) for columns, _ in nearest])
    columns = np.concatenate([columns for columns, _ in nearest])
    values = np.concatenate([values for _, values in nearest])
    return sp.csr_array((values, (rows, columns)), shape=(len(texts), len(texts)), dtype=np.float32)


def _fitting(data: Interactions, item: int, others: Ints) -> Ints:
    """Which of other items are of the item's domain."""
    home = data.item_domain[item]
    return np.flatnonzero((data.item_domain[others] == home) | (home < 0))


def _nearest(words: sp.csr_array, item: int, others: Ints) -> tuple[Ints, np.ndarray]:
    likeness = (words[others] @ words[[item]].T).toarray().ravel()
    found = np.argsort(-likeness, kind="stable")[:NEIGHBOURS]
    found = found[likeness[found] > 0]
    return others[found], likeness[found] / max(likeness[found].sum(), 1e-12)


def within(matrix: sp.csr_array, items: Ints) -> sp.csr_array:
    """Rows and columns of some items, rows summing to 1 again."""
    part = sp.csr_array(matrix[items][:, items])
    sums = np.asarray(part.sum(axis=1)).ravel()
    return sp.csr_array(part.multiply(1 / np.where(sums > 0, sums, 1)[:, None]))
