"""What a graph is chosen from, and the small pieces of that choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.features.graph import Graph


@dataclass(frozen=True)
class Layer:
    """One block's graph, the view it was built from, and its fitted propagation."""

    view: str
    graph: Graph
    propagation: Any


@dataclass(frozen=True)
class Inputs:
    """What a choice is made from: blocks of the items in the graph, views to find neighbours in, labels and edges."""

    blocks: Mapping[str, Floats]
    views: Mapping[str, Matrix]
    y: Ints
    validation: Mask
    given: sp.csr_array | None
    built: dict[tuple[str, str], Graph] = field(default_factory=dict)


def beside(blocks: Mapping[str, Floats]) -> Floats:
    """Blocks side by side."""
    return joined(list(blocks.values()))


def joined(parts: Sequence[Floats]) -> Floats:
    """Columns side by side; one part alone is not copied."""
    return parts[0] if len(parts) == 1 else np.hstack(parts)


def within_graph(data: Inputs, inside: Mask) -> Inputs:
    """The items that are part of the graph: all but the augmented copies."""
    if inside.all():
        return data
    rows = np.flatnonzero(inside)
    blocks, views = ({n: m[rows] for n, m in part.items()} for part in (data.blocks, data.views))
    given = None if data.given is None else data.given[rows][:, rows]
    return Inputs(blocks, views, data.y[rows], data.validation[rows], given)


def source_of(kind: str, name: str, views: Mapping[str, Matrix]) -> str:
    """The view that a block's neighbours are found in; empty where there is none."""
    if kind == "same":
        return name
    if kind == "words":
        return next((n for n, v in views.items() if sp.issparse(v)), "")
    sparse = sp.issparse(views[name])
    # lexical neighbours for semantic vectors and the reverse
    return next((n for n, v in views.items() if sp.issparse(v) != sparse), "")


def gain_of(found: Array, plain: Array, domains: Array) -> tuple[float, float]:
    """Mean over domains of the difference in hits, and its standard error."""
    each = [(found - plain)[domains == d] for d in np.unique(domains)]
    error = np.sqrt(sum(float(e.var()) / len(e) for e in each)) / len(each)
    return float(np.mean([e.mean() for e in each])), float(error)
