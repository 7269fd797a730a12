"""Items in an order that depends on what they are, not on where they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints
from polyculture.data import DomainData

BYTES = 16
"""Of the hash of each item; items that share one are taken for the same."""


def ordered(data: DomainData) -> DomainData:
    """The items in the order of the hashes of all that is known of each, their ids their places in it.

    Held-out items, mini-batches and samples are drawn by place. Items that are given in another order are the same
    after this, and give the same model. Over a given graph items stay where they are: its rows and columns are theirs.

    Parameters
    ----------
    data : DomainData
        As it was read.

    Returns
    -------
    DomainData

    Examples
    --------
    >>> from polyculture.classify.ordered import ordered
    >>> from polyculture.data import DomainData
    >>> one, other = (ordered(DomainData.of(texts)) for texts in (["a", "b", "c"], ["c", "a", "b"]))
    >>> one.texts.tolist() == other.texts.tolist()
    True
    """
    if data.graph is not None:
        return data
    return placed(data, order_of(data))


def with_ids_kept(data: DomainData, work: Callable[[DomainData], DomainData]) -> DomainData:
    """What work makes of the items in this order, under the ids that they came with.

    Parameters
    ----------
    data : DomainData
    work : callable
        From items to some of them.

    Examples
    --------
    >>> from polyculture.classify.ordered import with_ids_kept
    >>> from polyculture.data import DomainData
    >>> found = with_ids_kept(DomainData.of(["a", "b", "c"], ids=["x", "y", "z"]), lambda items: items.take([0, 2]))
    >>> sorted(zip(found.texts.tolist(), found.ids.tolist()))
    [('a', 'x'), ('c', 'z')]
    """
    if data.graph is not None:
        return work(data)
    order = order_of(data)
    found = work(placed(data, order))
    return replace(found, ids=data.ids[order[found.ids.astype(int)]])


def placed(data: DomainData, order: Sequence[int] | Ints) -> DomainData:
    """The items in this order, their ids their places in it.

    Examples
    --------
    >>> from polyculture.classify.ordered import placed
    >>> from polyculture.data import DomainData
    >>> found = placed(DomainData.of(["a", "b", "c"]), [2, 0, 1])
    >>> found.texts.tolist(), found.ids.tolist()
    (['c', 'a', 'b'], ['0', '1', '2'])
    """
    found = data if np.array_equal(order, np.arange(len(data))) else data.take(order)
    return replace(found, ids=np.array([str(place) for place in range(len(data))], dtype=object))


def order_of(data: DomainData) -> Ints:
    """Positions of the items, shape (n,), sorted by a hash of content, domain, label and split.

    Numbers count as float64, and zeros are left out: an array and a sparse array of the same numbers have one order.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.classify.ordered import order_of
    >>> from polyculture.data import DomainData
    >>> x = np.eye(5, dtype=np.float32)
    >>> order_of(DomainData.of(x)).tolist() == order_of(DomainData.of(sp.csr_array(x, dtype=float))).tolist()
    True
    """
    split = [""] * len(data) if data.split is None else data.split.tolist()
    told = zip(data.domain.tolist(), data.label.tolist(), split, strict=True)
    columns = [_contents(data.items[name], data.present.get(name)) for name in sorted(data.items)]
    rows = zip(told, *columns, strict=True)
    hashes = [_hash([repr(facts).encode("utf-8", "surrogatepass"), *parts]) for facts, *parts in rows]
    return np.argsort(np.array(hashes), kind="stable")


def _hash(parts: list[bytes]) -> str:
    # lengths keep what stands in one modality from running into the next
    whole = blake2b(digest_size=BYTES)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()


def _contents(values: Any, present: Array | None) -> Iterator[bytes]:
    there = [True] * values.shape[0] if present is None else present.tolist()
    rows = _sparse(values) if sp.issparse(values) else map(_content, values)
    return (content if has else b"" for content, has in zip(rows, there, strict=True))


def _content(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if value.ndim > 1:
        return np.ascontiguousarray(value).tobytes()
    places = np.flatnonzero(value)
    return _numbers(places, value[places])


def _sparse(values: sp.sparray) -> Iterator[bytes]:
    rows = sp.csr_array(values, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        yield _numbers(rows.indices[start:end], rows.data[start:end])


def _numbers(places: Array, values: Array) -> bytes:
    return places.astype(np.int64).tobytes() + values.astype(np.float64).tobytes()
