"""Each item once in a split, and none in both training and test data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.data.dataset import DomainData
from polyculture.errors import LeakageError, ParameterError
from polyculture.preprocess.alike import near_texts, same_texts

Leakage = Literal["error", "drop", "allow"]


@dataclass(frozen=True)
class DuplicateReport:
    """What was found and done.

    Parameters
    ----------
    exact, near : int
        Items that repeat an earlier one, but for case and punctuation; or nearly.
    across_domains : int
        Groups of duplicates with items of several domains.
    across_splits : int
        Training or validation items that stand in the test data as well.
    conflicting : int
        Groups of duplicates whose labels disagree.
    dropped : int
        Items that were left out.
    """

    exact: int
    near: int
    across_domains: int
    across_splits: int
    conflicting: int
    dropped: int


def deduplicate(
    data: DomainData, *, near: float | None = 0.9, leakage: Leakage = "error"
) -> tuple[DomainData, DuplicateReport]:
    """Leave out repeated items, and see to it that no training item is a test item.

    Within one split and domain, the first of the items with the same text and the same label stays. Copies with
    another label stay, since nobody knows which is right, and copies in another domain stay, since they belong to both;
    both are counted. Items of one text each are compared by it; others are the same if all that there is of them is,
    images to the last pixel.

    Parameters
    ----------
    data : DomainData
    near : float in (0, 1], or None
        Jaccard index from which on two texts are duplicates, see `duplicates`; None: only if they are the same.
    leakage : "error", "drop" or "allow"
        What to do about training and validation items that stand in the test data, of any domain: refuse, leave them
        out of training (test data are never touched), or keep them.

    Raises
    ------
    LeakageError
        If there are such items and `leakage` is "error".
    ParameterError
        If a parameter is outside its range.

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(["Good film!", "good film", "dull"], label=["+", "+", "-"])
    >>> once, report = deduplicate(data)
    >>> once.ids.tolist(), report.exact, report.dropped
    (['0', '2'], 1, 1)
    """
    keep, report, _ = find_repeated(data, near=near, leakage=leakage)
    return (data if keep.all() else data.take(keep)), report


def find_repeated(data: DomainData, *, near: float | None, leakage: Leakage) -> tuple[Mask, DuplicateReport, Ints]:
    """Which items stay, the report, and the group of each item."""
    if leakage not in get_args(Leakage):
        raise ParameterError(f"leakage is {leakage!r}; use one of {', '.join(get_args(Leakage))}")
    same = same_items(data)
    alone = list(data.items) == ["text"]
    groups = near_texts(data.texts, same, near) if alone and near is not None else same
    leaking = _leaking(data, groups)
    if leaking.any() and leakage == "error":
        raise LeakageError(_sentence(data, groups, leaking))
    keep = ~leaking if leakage == "drop" else np.ones(len(data), dtype=bool)
    keep &= _first_of(data, groups, keep)
    exact = len(data) - len(np.unique(same))
    report = DuplicateReport(
        exact=exact,
        near=len(data) - len(np.unique(groups)) - exact,
        across_domains=_mixed(groups, data.domain),
        across_splits=int(leaking.sum()),
        conflicting=_mixed(groups[data.labelled], data.label[data.labelled]),
        dropped=int((~keep).sum()),
    )
    return keep, report, groups


def same_items(data: DomainData) -> Ints:
    """The first item that each one repeats in every modality, by its position, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.data import DomainData
    >>> images = np.zeros((3, 2, 2, 3), np.uint8)
    >>> same_items(DomainData.of({"text": ["a", "A", "b"], "image": images})).tolist()
    [0, 0, 2]
    """
    groups = [_same_values(values) for values in data.items.values()]
    first: dict[tuple[int, ...], int] = {}
    return np.array([first.setdefault(key, row) for row, key in enumerate(zip(*groups, strict=True))])


def _same_values(values: Matrix) -> list[int]:
    if values.ndim == 1:
        return [int(i) for i in same_texts(values)]
    rows = (
        sp.csr_array(values[i : i + 1]).toarray() if sp.issparse(values) else values[i] for i in range(values.shape[0])
    )
    first: dict[bytes, int] = {}
    return [first.setdefault(blake2b(np.ascontiguousarray(row).tobytes()).digest(), i) for i, row in enumerate(rows)]


def _leaking(data: DomainData, groups: Ints) -> Mask:
    """Training and validation items whose group has a test item."""
    if data.split is None:
        return np.zeros(len(data), dtype=bool)
    learnt = np.isin(data.split, ("train", "validation"))
    return learnt & np.isin(groups, groups[data.split == "test"])


def _sentence(data: DomainData, groups: Ints, leaking: Mask) -> str:
    learnt = int(np.flatnonzero(leaking)[0])
    tested = int(np.flatnonzero((groups == groups[learnt]) & (np.asarray(data.split) == "test"))[0])
    return (
        f"{data.source}: {int(leaking.sum())} training items also stand in the test data, for example "
        f"{data.ids[learnt]!r} as {data.ids[tested]!r}; leave them out of training with leakage='drop', "
        "or keep them with leakage='allow'"
    )


def _first_of(data: DomainData, groups: Ints, among: Mask) -> Mask:
    """The first item of each group, split, domain and label, among those that stay."""
    split = np.full(len(data), "") if data.split is None else data.split
    seen: set[Hashable] = set()
    first = np.zeros(len(data), dtype=bool)
    for i in np.flatnonzero(among):
        key = (int(groups[i]), split[i], data.domain[i], data.label[i])
        first[i] = key not in seen
        seen.add(key)
    return first


def _mixed(groups: Ints, values: Array) -> int:
    """How many groups hold more than one value."""
    counts = Counter(group for group, _ in set(zip(groups.tolist(), values.tolist(), strict=True)))
    return sum(count > 1 for count in counts.values())
