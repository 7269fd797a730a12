"""Several graphs as one: their nodes one after the other, no edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Matrix
from polyculture.data.answers import Policy
from polyculture.data.dataset import DomainData
from polyculture.data.graphs.graph_data import GraphData, as_vectors
from polyculture.errors import DataError, ParameterError


def from_graphs(parts: Sequence[DomainData], *, columns: int | None = None, source: str = "the graphs") -> GraphData:
    """One block-diagonal graph of several graphs, whose columns are brought together.

    Where all parts have names of features, columns are joined by them, in the order in which they first appear, and a
    node has 0 in those that its graph lacks. Where none has, column j means the same in all, and they must be equally
    many; `columns` widens narrower ones with zeros.

    Labels of several at once are joined by the labels' names. A domain may be without labels. Ids that stand in more
    than one part are written with their domain: ``"a/0"``.

    Parameters
    ----------
    parts : sequence of DomainData
        With a modality ``"vector"``; a part without a graph has no edges.
    columns : int >= 1, or None
        Length of all vectors, where features have no names.
    source : str

    Raises
    ------
    DataError
        If there are no parts, columns do not fit together, labels are of both kinds, or ids are not unique.
    ParameterError
        If `columns` is no positive number.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.data import DomainData
    >>> from polyculture.data.graphs import from_graphs
    >>> edge = np.array([[0, 1], [1, 0]])
    >>> a = DomainData.of(np.eye(2), domain=["a", "a"], label=["x", "y"], graph=edge)
    >>> b = DomainData.of(np.ones((2, 1)), domain=["b", "b"], graph=edge)
    >>> both = from_graphs([a, b], columns=2)
    >>> both.vectors.tolist(), both.ids.tolist(), both.labelled.tolist()
    ([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], ['a/0', 'a/1', 'b/0', 'b/1'], [True, True, False, False])
    >>> both.graph.toarray().tolist()
    [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
    """
    graphs = [_as_graph(part) for part in parts]
    if not graphs:
        raise DataError(f"{source}: there are none; give at least one graph")
    if columns is not None and columns < 1:
        raise ParameterError(f"columns is {columns}; give the length of all vectors, at least 1")
    vectors, names = _joined_columns(graphs, columns, source)
    labels, label_names = _joined_labels(graphs, source)
    blocks = [sp.csr_array((len(part), len(part))) if part.graph is None else part.graph for part in graphs]
    return GraphData(
        items={"vector": vectors},
        domain=np.concatenate([part.domain for part in graphs]),
        label=labels,
        split=_joined_splits(graphs),
        ids=_joined_ids(graphs, source),
        graph=sp.csr_array(sp.block_diag(blocks, format="csr"), dtype=np.float32),
        source=source,
        feature_names=names,
        label_names=label_names,
        policies=_joined_policies(graphs),
    )


def _as_graph(part: DomainData) -> GraphData:
    if "vector" not in part.items:
        raise DataError(f"{part.source}: has no vectors, only {', '.join(part.items)}; give numbers for each node")
    if isinstance(part, GraphData):
        return part
    return GraphData(part.items, part.domain, part.label, part.split, part.ids, part.graph, part.source)


def _joined_columns(
    parts: Sequence[GraphData], columns: int | None, source: str
) -> tuple[Matrix, tuple[str, ...] | None]:
    named = [part.feature_names is not None for part in parts]
    if all(named) and columns is None:
        names = tuple(dict.fromkeys(chain.from_iterable(part.feature_names or () for part in parts)))
        return _stacked([_placed(part, names) for part in parts]), names
    if any(named) and not all(named):
        lacking = parts[named.index(False)].source
        raise DataError(f"{source}: features of {lacking} have no names and others have; name them all, or none")
    widths = [part.vectors.shape[1] for part in parts]
    width = max(widths) if columns is None else columns
    for part, wide in zip(parts, widths, strict=True):
        if wide > width or (columns is None and wide < width):
            raise DataError(
                f"{source}: {part.source} has {wide} columns of features, expected {width}; name the features, or give "
                "the number of columns that all share"
            )
    return _stacked([_widened(part.vectors, width) for part in parts]), None


def _placed(part: GraphData, names: tuple[str, ...]) -> Matrix:
    """A part's columns at the places of their names."""
    own = part.feature_names or ()
    if own == names:
        return part.vectors
    if len(set(own)) < len(own):
        twice = Counter(own).most_common(1)[0][0]
        raise DataError(f"{part.source}: two columns of features are called {twice!r}; rename one")
    place = {name: column for column, name in enumerate(names)}
    found = sp.coo_array(part.vectors)
    to = np.array([place[name] for name in own], dtype=np.int64)[found.col]
    spread = sp.csr_array((found.data, (found.row, to)), shape=(len(part), len(names)))
    return spread if sp.issparse(part.vectors) else spread.toarray()


def _widened(vectors: Matrix, width: int) -> Matrix:
    lacking = width - vectors.shape[1]
    if not lacking:
        return vectors
    if sp.issparse(vectors):
        return sp.csr_array((vectors.data, vectors.indices, vectors.indptr), shape=(vectors.shape[0], width))
    return np.pad(vectors, ((0, 0), (0, lacking)))


def _stacked(parts: Sequence[Matrix]) -> Matrix:
    if any(sp.issparse(part) for part in parts):
        return as_vectors(sp.vstack([sp.csr_array(part) for part in parts], format="csr"))
    return as_vectors(np.concatenate(parts))


def _joined_labels(parts: Sequence[GraphData], source: str) -> tuple[Array, tuple[Any, ...] | None]:
    labelled = [part for part in parts if part.labelled.any()]
    several = [part.label_names is not None for part in labelled]
    if not any(several):
        return np.concatenate([part.label for part in parts]), None
    if not all(several):
        one = labelled[several.index(False)].source
        raise DataError(f"{source}: nodes of {one} have one class and others several labels; give all of one kind")
    names = tuple(dict.fromkeys(chain.from_iterable(part.label_names or () for part in labelled)))
    out = np.empty(sum(map(len, parts)), dtype=object)
    rows = ((part.label_names or (), row) for part in parts for row in part.label.tolist())
    for i, (own, row) in enumerate(rows):
        has = None if row is None else {name for name, value in zip(own, row, strict=True) if value}
        out[i] = None if has is None else tuple(int(name in has) for name in names)
    return out, names


def _joined_splits(parts: Sequence[GraphData]) -> Array | None:
    if all(part.split is None for part in parts):
        return None
    return np.concatenate([np.full(len(p), "train", object) if p.split is None else p.split for p in parts])


def _joined_ids(parts: Sequence[GraphData], source: str) -> Array:
    ids = np.concatenate([part.ids for part in parts])
    if len(set(ids)) == len(ids):
        return ids
    domain = np.concatenate([part.domain for part in parts])
    ids = np.array([f"{where}/{name}" for where, name in zip(domain, ids, strict=True)], dtype=object)
    name, times = Counter(ids.tolist()).most_common(1)[0]
    if times > 1:
        raise DataError(f"{source}: the node {name!r} stands in two graphs; give each graph a domain of its own")
    return ids


def _joined_policies(parts: Sequence[GraphData]) -> tuple[Policy, ...]:
    """The same decisions added up."""
    total: Counter[tuple[str, str]] = Counter()
    for policy in chain.from_iterable(part.policies for part in parts):
        total[policy.what, policy.done] += policy.count
    return tuple(Policy(what, count, done) for (what, done), count in total.items())
