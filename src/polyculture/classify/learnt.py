"""Which items a model has learnt from: hashes of their content, so that it can tell them from new ones."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Mask, Matrix
from polyculture.data import DomainData
from polyculture.features.items import Items
from polyculture.preprocess import augmented
from polyculture.preprocess.alike import keys

BYTES = 8
"""Of each item: among a million, one pair in ten million artefacts has the same by chance."""


def prints(items: Items) -> Array:
    """A hash of what each item is: texts without case and punctuation, numbers as single precision, images by pixel.

    Parameters
    ----------
    items : Items
        Texts cleaned as those of the fit.

    Returns
    -------
    uint64 array of shape (n,); 0 for an item of which there is nothing

    Examples
    --------
    >>> found = prints(Items.of_texts(np.array(["Good film!", "good film", "dull", ""], dtype=object)))
    >>> bool(found[0] == found[1]), bool(found[1] == found[2]), int(found[3])
    (True, False, 0)
    """
    columns = [_contents(items, name) for name in sorted(items.values)]
    return np.array([_print(parts) for parts in zip(*columns, strict=True)], dtype=np.uint64)


def learnt_of(data: DomainData, known: Mask) -> tuple[Array, Array]:
    """The hashes of all items in their order, and of those with a label, sorted, each once.

    Copies that augmentation made are no items that were learnt from.
    """
    found = prints(Items.checked(data.items, data.present))
    return found, np.unique(found[known & ~augmented(data)])


def among(found: Array, learnt: Array) -> Mask:
    """Which of the hashes are among those that were learnt; what is nothing is not."""
    return np.asarray(np.isin(found, learnt) & (found != 0))


def _print(parts: tuple[bytes, ...]) -> int:
    if not any(parts):
        return 0
    # lengths keep what stands in one modality from running into the next
    whole = blake2b(digest_size=BYTES)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return int.from_bytes(whole.digest(), "little")


def _contents(items: Items, name: str) -> list[bytes]:
    values, present = items.values[name], items.present.get(name)
    if items.kinds[name] == "text":
        found = [key.encode("utf-8", "surrogatepass") for key in keys(values)]
    else:
        found = list(_rows(values))
    return found if present is None else [part if there else b"" for part, there in zip(found, present, strict=True)]


def _rows(values: Matrix) -> Iterator[bytes]:
    if not sp.issparse(values):
        yield from (_bytes(row) for row in values)
        return
    rows = sp.csr_array(values, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        yield rows.indices[start:end].astype(np.int64).tobytes() + _bytes(rows.data[start:end])


def _bytes(row: Array) -> bytes:
    array = np.ascontiguousarray(row)
    if array.dtype.kind != "f":
        return array.tobytes()
    with np.errstate(over="ignore"):
        # adding 0 makes one of the two zeros
        return (array.astype(np.float32) + np.float32(0)).tobytes()
