"""More training texts: copies with small changes that leave the label as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints, Mask
from polyculture.data.dataset import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.preprocess.tokens import spaced_tokens

_DROPPED = 0.1
_NOISY = 0.05
_SPAN = 4


def token_dropout(text: str, rng: np.random.Generator) -> str:
    """Leave out about one token in ten, at least one of two or more, never all.

    Parameters
    ----------
    text : str
        Chinese and Japanese characters are tokens of their own.
    rng : numpy Generator

    Examples
    --------
    >>> import numpy as np
    >>> token_dropout("a film that is good", np.random.default_rng(0))
    'a film good'
    """
    parts = spaced_tokens(text)
    if len(parts) < 2:
        return text
    keep = rng.random(len(parts)) >= _DROPPED
    keep[rng.integers(len(parts))] = False
    if not keep.any():
        keep[0] = True
    return "".join(part for part, kept in zip(parts, keep, strict=True) if kept).strip()


def character_noise(text: str, rng: np.random.Generator) -> str:
    """Swap about one letter in twenty, at least one, with the letter that follows it.

    Parameters
    ----------
    text : str
    rng : numpy Generator

    Examples
    --------
    >>> import numpy as np
    >>> character_noise("a film that is good", np.random.default_rng(1))
    'a film taht is good'
    """
    letters = list(text)
    places = [i for i in range(len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha() and text[i] != text[i + 1]]
    if not places:
        return text
    for i in rng.choice(places, size=max(1, int(_NOISY * len(places))), replace=False).tolist():
        letters[i], letters[i + 1] = letters[i + 1], letters[i]
    return "".join(letters)


def span_shuffling(text: str, rng: np.random.Generator) -> str:
    """Shuffle the tokens of one span of up to four; the rest keeps its order.

    Parameters
    ----------
    text : str
        Chinese and Japanese characters are tokens of their own.
    rng : numpy Generator

    Examples
    --------
    >>> import numpy as np
    >>> span_shuffling("a film that is good", np.random.default_rng(0))
    'a is film that good'
    """
    parts = spaced_tokens(text)
    if len(parts) < 2:
        return text
    span = min(_SPAN, len(parts))
    start = int(rng.integers(len(parts) - span + 1))
    words = [part.rstrip() for part in parts]
    gaps = [part[len(word) :] for part, word in zip(parts, words, strict=True)]
    order = rng.permutation(span)
    words[start : start + span] = [words[start + i] for i in order]
    return "".join(word + gap for word, gap in zip(words, gaps, strict=True))


METHODS: Mapping[str, Callable[[str, np.random.Generator], str]] = {
    "token_dropout": token_dropout,
    "character_noise": character_noise,
    "span_shuffling": span_shuffling,
}
"""The ways to change a text, by name."""


def augment(data: DomainData, *, methods: Sequence[str] = tuple(METHODS), share: float = 0.25, seed: int) -> DomainData:
    """Append changed copies of training items; validation and test items are never copied.

    A copy has the label, the domain, the edges and the other modalities of its item, and the id ``"<id>~<method>"``.
    Copies that came out like their item are left out, so there may be fewer than asked for.

    Parameters
    ----------
    data : DomainData with text and a split
    methods : sequence of str
        Names of `METHODS`.
    share : float in [0, number of methods]
        Copies as a share of the training items; 0 leaves the data as they are.
    seed : int, >= 0

    Raises
    ------
    ParameterError
        If a method is unknown or the share outside its range.
    DataError
        If the data have no split or no text.

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(["a good film", "a dull film"], label=["+", "-"], split=["train", "test"])
    >>> augment(data, methods=["token_dropout"], share=1.0, seed=0).ids.tolist()
    ['0', '1', '0~token_dropout']
    """
    unknown = [name for name in methods if name not in METHODS]
    if unknown or not methods:
        raise ParameterError(f"augmentation by {unknown or 'nothing'} is not known; use some of {', '.join(METHODS)}")
    if not 0 <= share <= len(methods):
        raise ParameterError(f"share={share} must lie between 0 and the number of methods, {len(methods)}")
    if share == 0:
        return data
    if data.split is None:
        raise DataError(f"{data.source}: has no split, so training items are not known; split it before augmenting")
    return _append(data, *_copies(data, list(methods), share, seed))


def augmented(data: DomainData) -> Mask:
    """Which items are copies that `augment` made, shape (n,).

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> augmented(DomainData.of(["a", "b"], ids=["1", "1~token_dropout"])).tolist()
    [False, True]
    """
    return np.array([str(key).rpartition("~")[2] in METHODS and "~" in str(key) for key in data.ids], dtype=bool)


def _copies(data: DomainData, methods: list[str], share: float, seed: int) -> tuple[Ints, list[str], list[str]]:
    """Rows that are copied, the copies' texts and their ids, in the order of rows."""
    rng = np.random.default_rng(seed)
    train = np.flatnonzero((data.split == "train") & ~augmented(data))
    taken, texts = set(data.ids.tolist()), data.texts
    chosen = rng.permutation(len(train) * len(methods))[: round(share * len(train))]
    rows, copies, ids = [], [], []
    for pair in np.sort(chosen):
        row, method = int(train[pair // len(methods)]), methods[pair % len(methods)]
        copy, key = METHODS[method](texts[row], rng), f"{data.ids[row]}~{method}"
        if copy != texts[row] and key not in taken:
            rows.append(row)
            copies.append(copy)
            ids.append(key)
    return np.array(rows, dtype=np.intp), copies, ids


def _append(data: DomainData, rows: Ints, copies: list[str], ids: list[str]) -> DomainData:
    if not ids:
        return data
    every = np.concatenate([np.arange(len(data)), rows])
    items = {name: values[every] for name, values in data.items.items()}
    items["text"] = _with(data.texts, copies)
    graph = None if data.graph is None else sp.csr_array(data.graph[every][:, every])
    return DomainData(
        items=items,
        domain=data.domain[every],
        label=data.label[every],
        split=np.asarray(data.split, dtype=object)[every],
        ids=_with(data.ids, ids),
        graph=graph,
        source=data.source,
    )


def _with(column: Array, more: list[str]) -> Array:
    return np.concatenate([column, np.array(more, dtype=object)])
