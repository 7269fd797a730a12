"""Lists of edges, with labels and features of the nodes in files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.answers import Policy
from polyculture.data.graphs import labels as labels_of
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.files import bounded, cells
from polyculture.data.graphs.graph_data import GraphData
from polyculture.errors import DataError, ParameterError

HEADERS = {
    *("source", "target", "src", "dst", "from", "to", "u", "v", "head", "tail", "weight", "node", "node1", "node2"),
    *("node_1", "node_2", "id", "id1", "id2", "id_1", "id_2", "node_id", "fromnodeid", "tonodeid", "label", "class"),
}
"""What the cells of a first line are when they are names of columns."""
MISSING = ("refuse", "zeros")

Row = tuple[int, list[str]]


@dataclass
class Nodes:
    """Names of nodes and their places; `closed` where a file lists all that there are."""

    closed: bool = False
    place: dict[str, int] = field(default_factory=dict)

    def at(self, name: str, where: str) -> int:
        """The place of a node, a new one if there may be more."""
        if name.startswith("-") and name[1:].isdigit():
            raise DataError(f"{where} names the node {name}; numbers of nodes are not negative")
        if not name:
            raise DataError(f"{where} has an empty cell where a node should be named; fill it in")
        if self.closed and name not in self.place:
            raise DataError(f"{where} names the node {name!r}, which has no features; add it, or set missing='zeros'")
        return self.place.setdefault(name, len(self.place))


def read_edge_list(
    edges: str | Path,
    *,
    labels: str | Path | None = None,
    features: str | Path | None = None,
    domain: str | None = None,
    several: bool = False,
    directed: bool = False,
    self_loops: str = "drop",
    missing: str = "refuse",
    separator: str | None = None,
    header: bool | None = None,
) -> GraphData:
    r"""One graph of text files: a line an edge (``node node`` or ``node node weight``), a label or a node's features.

    Files are UTF-8 and may be packed (``.gz``). Cells are apart by tabs, commas, semicolons or white space, lines that
    begin with ``#`` or ``%`` are remarks. Nodes are called by any words, and are in the order of the features, or else
    of their first appearance among edges and labels.

    Parameters
    ----------
    edges : path
    labels : path, or None
        Lines of ``node label``; nodes that it leaves out have no label, as have those with the label -1.
    features : path, or None
        Lines of ``node number number ...``, equally many. Without it, a node's features are its degree, a column a
        degree.
    domain : str, or None
        None: as the file of edges is called.
    several : bool
        Whether a node may have several labels at once: in one line, or in a line each.
    directed : bool
        Whether an edge counts in one direction alone.
    self_loops : {"drop", "keep"}
    missing : {"refuse", "zeros"}
        What is done with nodes that the file of features leaves out.
    separator : str, or None
        None: what the first line of a file has.
    header : bool, or None
        Whether first lines name the columns; None: if they look like it.

    Raises
    ------
    DataError
        If a file is missing or damaged, or contradicts itself or another; the sentence names file and line.
    ParameterError
        If `missing` or `self_loops` is not one of its words.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     edges, labels = pathlib.Path(folder, "airports.txt"), pathlib.Path(folder, "labels.txt")
    ...     _ = edges.write_text("rio natal\nrio bahia\n"), labels.write_text("node label\nrio 1\nnatal 0\n")
    ...     data = read_edge_list(edges, labels=labels)
    >>> data.ids.tolist(), data.label.tolist(), data.graph.nnz
    (['rio', 'natal', 'bahia'], ['1', '0', None], 4)
    """
    if missing not in MISSING:
        raise ParameterError(f"missing is {missing!r}; use one of {', '.join(MISSING)}")
    path = Path(edges)
    nodes, vectors = Nodes(), None
    if features is not None:
        vectors = _features(_rows(features, separator, header), nodes, str(features))
        nodes.closed = missing == "refuse"
    tail, head, weight, numbers = _edges(_rows(edges, separator, header), nodes, str(path))
    given = {} if labels is None else _labels(_rows(labels, separator, header), nodes, str(labels), several=several)
    label, label_names = _in_places(given, len(nodes.place), several=several)
    vectors, policies = _filled(vectors, len(nodes.place))
    if labels is not None and (none := len(nodes.place) - len(given)):
        policies += (Policy("nodes without labels", none, "kept, unlabelled"),)
    return GraphData.made(
        vectors,
        Edges(len(nodes.place), tail, head, weight, "line", numbers, self_loops, str(path)),
        domain=path.name.removesuffix(".gz").partition(".")[0] if domain is None else domain,
        label=label,
        ids=list(nodes.place),
        directed=directed,
        label_names=label_names,
        policies=policies,
        source=str(path),
    )


def _rows(path: str | Path, separator: str | None, header: bool | None) -> list[Row]:
    found = list(cells(bounded(path), str(path), separator))
    if found and (header or (header is None and {cell.lower() for cell in found[0][1]} <= HEADERS)):
        del found[0]
    if not found:
        raise DataError(f"{path}: holds no lines but remarks and names of columns; write one for each node or edge")
    return found


def _features(rows: Sequence[Row], nodes: Nodes, source: str) -> Array:
    width = len(rows[0][1])
    for number, (name, *values) in rows:
        if len(values) + 1 != width or width < 2:
            raise DataError(
                f"{source}: line {number} has {len(values)} numbers, the first has {width - 1}; give a node and "
                "equally many numbers in each"
            )
        known = len(nodes.place)
        if nodes.at(name, f"{source}: line {number}") < known:
            raise DataError(f"{source}: line {number} names the node {name!r} again; give each node one line")
    try:
        return np.array([row[1:] for _, row in rows]).astype(np.float64)
    except ValueError:
        number, cell = next((n, cell) for n, row in rows for cell in row[1:] if not _is_number(cell))
        raise DataError(f"{source}: line {number} has {cell!r} where a number should be; write numbers") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _edges(rows: Sequence[Row], nodes: Nodes, source: str) -> tuple[Array, Array, Array | None, Array]:
    places, width = np.empty((len(rows), 2), dtype=np.int64), len(rows[0][1])
    weight = np.ones(len(rows)) if width == 3 else None
    for i, (number, row) in enumerate(rows):
        where = f"{source}: line {number}"
        if len(row) != width or not 2 <= width <= 3:
            raise DataError(f"{where} has {len(row)} cells; write two nodes, and a weight in each line or in none")
        places[i] = nodes.at(row[0], where), nodes.at(row[1], where)
        if weight is not None:
            if not _is_number(row[2]):
                raise DataError(f"{where} has the weight {row[2]!r}; write a number")
            weight[i] = float(row[2])
    return places[:, 0], places[:, 1], weight, np.array([number for number, _ in rows])


def _labels(rows: Sequence[Row], nodes: Nodes, source: str, *, several: bool) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for number, (name, *values) in rows:
        where = f"{source}: line {number}"
        if not values or not all(values) or (len(values) > 1 and not several):
            expected = "a node and its labels" if several else "a node and its label, or set several=True"
            raise DataError(f"{where} has {len(values)} labels, or an empty one; write {expected}")
        labels = found.setdefault(nodes.at(name, where), set())
        labels.update(value for value in values if value != "-1")
        if len(labels) > 1 and not several:
            raise DataError(f"{where} gives the node {name!r} another label; give it one, or set several=True")
    return {place: labels for place, labels in found.items() if labels}


def _in_places(found: dict[int, set[str]], count: int, *, several: bool) -> tuple[Array, tuple[Any, ...] | None]:
    sets = [found.get(place) for place in range(count)]
    if several and found:
        return labels_of.of_sets(sets)
    out = np.empty(count, dtype=object)
    out[:] = [None if labels is None else next(iter(labels)) for labels in sets]
    return out, None


def _filled(vectors: Array | None, count: int) -> tuple[Array | None, tuple[Policy, ...]]:
    """Vectors of all nodes, zeros for those that the features leave out."""
    if vectors is None or len(vectors) == count:
        return vectors, ()
    lacking = count - len(vectors)
    return np.pad(vectors, ((0, lacking), (0, 0))), (Policy("nodes without features", lacking, "given zeros"),)
