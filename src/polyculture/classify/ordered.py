"""Items in an order that depends on what they are, not on where they were given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints
from polyculture.data import DomainData
from polyculture.errors import DataError

BYTES = 16
"""Of the hash of each item; items that share one are taken for the same."""
_HASH = re.compile(rf"[0-9a-f]{{{2 * BYTES}}}(x\d+)?")


def ordered(data: DomainData) -> DomainData:
    """The items in the order of hashes of what each is, which are their ids.

    Held-out items, mini-batches and samples are drawn by place or by id. Items that are given in another order are the
    same after this, and give the same model; what is held out of a domain does not depend on the others. Over a given
    graph items stay where they are: its rows and columns are theirs.

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
    >>> one.texts.tolist() == other.texts.tolist(), one.ids.tolist() == other.ids.tolist()
    (True, True)
    """
    return data if data.graph is not None else with_order(data)[0]


def with_order(data: DomainData) -> tuple[DomainData, Ints]:
    """Items without a graph as by :func:`ordered`, and the position at which each was given, shape (n,).

    Examples
    --------
    >>> from polyculture.classify.ordered import with_order
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(["a", "b", "c"])
    >>> found, order = with_order(data)
    >>> data.texts[order].tolist() == found.texts.tolist()
    True
    """
    names = contents(data)
    label = [repr(value) for value in data.label.tolist()]
    # labels decide between items that are the same otherwise, so that values in another unit change nothing
    order = np.array(sorted(range(len(data)), key=lambda row: (names[row], label[row])), dtype=np.intp)
    found = data if np.array_equal(order, np.arange(len(data))) else data.take(order)
    return replace(found, ids=_apart(names[order].tolist())), order


def with_ids_kept(data: DomainData, work: Callable[[DomainData], DomainData]) -> DomainData:
    """What work makes of the items in this order, under the ids that they came with.

    Ids that were given stay while it works, as items are drawn by them; numbers of rows say nothing of an item, and
    give way to its hash.

    Parameters
    ----------
    data : DomainData
    work : callable
        From items to some of them.

    Raises
    ------
    DataError
        As the work does, naming items by their own ids.

    Examples
    --------
    >>> from polyculture.classify.ordered import with_ids_kept
    >>> from polyculture.data import DomainData
    >>> found = with_ids_kept(DomainData.of(["a", "b", "c"], ids=["x", "y", "z"]), lambda items: items.take([0, 2]))
    >>> sorted(zip(found.texts.tolist(), found.ids.tolist())) != []
    True
    """
    if data.graph is not None:
        return work(data)
    found, order = with_order(data)
    if data.ids.tolist() != [str(row) for row in range(len(data))]:
        return work(replace(found, ids=data.ids[order]))
    own = dict(zip(found.ids.tolist(), data.ids[order].tolist(), strict=True))
    try:
        made = work(found)
    except DataError as error:
        raise type(error)(_HASH.sub(lambda hit: own.get(hit[0], hit[0]), str(error))) from error
    ids = [_HASH.sub(lambda hit: own.get(hit[0], hit[0]), name) for name in made.ids.tolist()]
    return replace(made, ids=np.array(ids, dtype=object))


def contents(data: DomainData) -> Array:
    """A hash of content, domain and split of each item, shape (n,).

    Vectors count as float32, and zeros are left out: an array and a sparse array of the same numbers have one hash.
    Images and series count by their bytes.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.classify.ordered import contents
    >>> from polyculture.data import DomainData
    >>> x = np.eye(5, dtype=np.float32)
    >>> contents(DomainData.of(x)).tolist() == contents(DomainData.of(sp.csr_array(x, dtype=float))).tolist()
    True
    """
    split = [""] * len(data) if data.split is None else data.split.tolist()
    told = zip(data.domain.tolist(), split, strict=True)
    columns = [_contents(data.items[name], data.present.get(name)) for name in sorted(data.items)]
    rows = zip(told, *columns, strict=True)
    return np.array([_hash([repr(facts).encode("utf-8", "surrogatepass"), *parts]) for facts, *parts in rows])


def _apart(names: list[str]) -> Array:
    """The same, with a number where one occurs again."""
    seen, found = Counter[str](), np.empty(len(names), dtype=object)
    for place, one in enumerate(names):
        seen[one] += 1
        found[place] = one if seen[one] == 1 else f"{one}x{seen[one]}"
    return found


def _hash(parts: list[bytes]) -> str:
    # lengths keep what stands in one modality from running into the next
    whole = blake2b(digest_size=BYTES)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()


def _contents(values: Any, present: Array | None) -> Iterator[bytes]:
    there = [True] * values.shape[0] if present is None else present.tolist()
    rows = _sparse(values) if sp.issparse(values) else map(_content, values)
    # what is lacking differs from an item of zeros
    return (b"+" + content if has else b"" for content, has in zip(rows, there, strict=True))


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
    with np.errstate(over="ignore"):
        return places.astype(np.int64).tobytes() + values.astype(np.float32).tobytes()
