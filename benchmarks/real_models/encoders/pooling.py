"""One vector from the states of many tokens: their mean over the real ones, padding left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

Tokens = Mapping[str, np.ndarray]


def layer_means(
    texts: Sequence[str],
    tokenize: Callable[[list[str]], Tokens],
    states: Callable[[Tokens], Sequence[np.ndarray]],
    *,
    batch_size: int = 32,
) -> list[np.ndarray]:
    """Mean state of each text in each layer, shape (n, d) each.

    Parameters
    ----------
    texts : sequence of n str
    tokenize : function
        Texts to arrays of shape (batch, length), among them ``attention_mask``: 1 for tokens, 0 for padding.
    states : function
        What `tokenize` gives to one array of shape (batch, length, d) a layer.
    batch_size : int
        Texts of like length are encoded together, so that little is padded.
    """
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    batches: list[list[np.ndarray]] = []
    for start in range(0, len(order), batch_size):
        tokens = tokenize([texts[row] for row in order[start : start + batch_size]])
        mask = tokens["attention_mask"].astype(np.float32)
        weights = mask / mask.sum(axis=1, keepdims=True)
        batches.append([np.einsum("bl,bld->bd", weights, layer) for layer in states(tokens)])
    back = np.argsort(order)
    return [np.concatenate(layer)[back] for layer in zip(*batches, strict=True)]


def row_means(rows: Sequence[Sequence[int]], table: np.ndarray) -> np.ndarray:
    """Mean of each text's rows of a table, shape (n, d); zeros for a text that has none."""
    nothing = np.zeros(table.shape[1], dtype=np.float32)
    return np.stack([table[list(chosen)].mean(axis=0) if chosen else nothing for chosen in rows])
