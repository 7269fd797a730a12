"""What the tensors of PyTorch Geometric hold, as checked arrays; torch itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints, Matrix
from polyculture.data.answers import Policy
from polyculture.data.graphs import labels as labels_of
from polyculture.errors import DataError

_SPLITS = {"train": "train_mask", "validation": "val_mask", "test": "test_mask"}


class Store:
    """Named tensors of a graph, of a type of nodes or of a type of edges.

    Parameters
    ----------
    held : Data, or a storage of a HeteroData
    source : str
        What it is called in messages.
    """

    def __init__(self, held: Any, source: str) -> None:
        self.held = held
        self.source = source

    def get(self, name: str) -> Any:
        """What is held under a name, or None."""
        if isinstance(self.held, Mapping):
            return self.held[name] if name in self.held else None  # noqa: SIM401 - a storage has no get
        return getattr(self.held, name, None)

    def numbers(self, name: str) -> Array | None:
        """A dense tensor as an array."""
        found = self.get(name)
        if found is None:
            return None
        if hasattr(found, "detach"):
            found = found.detach().cpu().numpy()
        values = np.asarray(found)
        if values.dtype.kind not in "biuf":
            raise DataError(f"{self.source}: {name} holds {values.dtype}, expected a tensor of numbers")
        return values


def columns_of(store: Store) -> Matrix | None:
    """``x`` as a matrix with a row a node, or None."""
    found = store.get("x")
    if str(getattr(found, "layout", "")) in ("torch.sparse_coo", "torch.sparse_csr", "torch.sparse_csc"):
        listed = found.detach().cpu().to_sparse_coo().coalesce()
        return sp.csr_array((listed.values().numpy(), listed.indices().numpy()), shape=tuple(listed.shape))
    values = store.numbers("x")
    if values is not None and values.ndim != 2:
        raise DataError(f"{store.source}: x has the shape {values.shape}; give a row for each node")
    return values


def nodes_of(store: Store) -> int:
    """How many nodes there are, by ``x``, ``y`` or ``num_nodes``."""
    x, y = store.get("x"), store.get("y")
    shape = next((shape for shape in (getattr(tensor, "shape", None) for tensor in (x, y)) if shape), None)
    if shape:
        count = int(shape[0])
    else:
        # counted from the edges where it was never said
        found = store.held.num_nodes if _says_count(store) else None
        if found is None:
            raise DataError(f"{store.source}: has neither x, y nor num_nodes; say how many nodes there are")
        count = int(found)
    if count < 1:
        raise DataError(f"{store.source}: has no nodes; give at least one")
    return count


def _says_count(store: Store) -> bool:
    return "num_nodes" in store.held if hasattr(store.held, "__contains__") else hasattr(store.held, "num_nodes")


def ends_of(store: Store) -> tuple[Ints, Ints]:
    """The rows of ``edge_index``: where messages come from, and where they go."""
    ends = store.numbers("edge_index")
    if ends is None or ends.ndim != 2 or ends.shape[0] != 2 or (ends.size and ends.dtype.kind not in "iu"):
        shape = None if ends is None else ends.shape
        raise DataError(f"{store.source}: edge_index has the shape {shape}; give two rows of whole numbers")
    weight = store.numbers("edge_weight")
    if weight is not None and weight.shape != (ends.shape[1],):
        raise DataError(
            f"{store.source}: edge_weight has the shape {weight.shape}; give a number for each of {ends.shape[1]} edges"
        )
    return ends[0].astype(np.int64), ends[1].astype(np.int64)


def labels_of_store(store: Store, nodes: int) -> tuple[Array | None, tuple[Any, ...] | None, tuple[Policy, ...]]:
    """``y`` as classes, or as tuples of 0 and 1; ``label_names`` says what they are called, where it is there."""
    y, names = store.numbers("y"), store.get("label_names")
    if y is None:
        return None, None, ()
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape[:1] != (nodes,) or y.ndim > 2:
        raise DataError(f"{store.source}: y has the shape {y.shape}; give a label, or a row of them, for each node")
    if y.ndim == 2:
        label, numbers, policies = labels_of.of_matrix(y, "several", store.source, zeros=True)
        return label, numbers if names is None or len(names) != y.shape[1] else tuple(names), policies
    out = np.empty(nodes, dtype=object)
    out[:] = [_class(value, names, store.source) for value in y.tolist()]
    return out, None, ()


def _class(value: float, names: Any, source: str) -> Any:
    if value == -1 or value != value:  # noqa: PLR0124 - NaN
        return None
    if int(value) != value:
        raise DataError(f"{source}: y holds {value}, which is no class; give whole numbers, -1 for none")
    if names is not None and not 0 <= value < len(names):
        raise DataError(f"{source}: y holds {value}, and there are {len(names)} label_names; mend one of them")
    return int(value) if names is None else names[int(value)]


def split_of(store: Store, nodes: int) -> tuple[Array | None, tuple[Policy, ...]]:
    """The split that masks say; nodes in none are unlabelled. Masks of several splits are not used."""
    masks = {name: store.numbers(key) for name, key in _SPLITS.items()}
    found = {name: mask for name, mask in masks.items() if mask is not None}
    if not found:
        return None, ()
    if any(mask.ndim == 2 for mask in found.values()):
        return None, (Policy("masks of several splits", len(found), "not used"),)
    split, taken = np.full(nodes, "unlabelled", dtype=object), np.zeros(nodes, dtype=bool)
    for name, mask in found.items():
        if mask.shape != (nodes,) or mask.dtype != bool:
            raise DataError(
                f"{store.source}: {_SPLITS[name]} has the shape {mask.shape}; give True or False for each node"
            )
        if (taken & mask).any():
            raise DataError(f"{store.source}: node {int(np.argmax(taken & mask))} is in two masks; put it in one")
        split[mask], taken = name, taken | mask
    return split, ()
