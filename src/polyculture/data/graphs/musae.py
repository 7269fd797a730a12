"""MUSAE's graphs (Twitch, Facebook, GitHub): edges in CSV, features in JSON, targets in CSV, a domain a prefix."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints
from polyculture.data.answers import Policy
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.files import lines, listed
from polyculture.data.graphs.graph_data import GraphData
from polyculture.data.graphs.joining import from_graphs
from polyculture.errors import DataError

COLUMNS = 2**24
"""More feature ids than any of the releases has: a larger one is a mistake in the file."""
TARGETS = ("mature", "ml_target", "page_type", "target")
_PARTS = {"edges": "_edges.csv", "target": "_target.csv", "features": "_features.json"}
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)

Read = Callable[[], bytes]


def read_musae(
    path: str | Path,
    *,
    domains: Sequence[str] | None = None,
    target: str | None = None,
    columns: int | None = None,
    directed: bool = False,
    self_loops: str = "drop",
) -> GraphData:
    r"""Graphs of a folder or a zip with ``<domain>_edges.csv``, ``<domain>.json`` and ``<domain>_target.csv``.

    The JSON may also be called ``<domain>_features.json``, and all names may begin with ``musae_``. Nodes are those of
    the target; they have 1 in the columns of their feature ids, and nothing else. Feature ids mean the same in all
    domains.

    Parameters
    ----------
    path : path
        A folder, with those in it, or a zip, of which nothing is unpacked to the disk.
    domains : sequence of str, or None
        Which ones to read; None: all.
    target : str, or None
        Column of the labels; None: ``mature``, ``ml_target``, ``page_type`` or ``target``.
    columns : int >= 1, or None
        Length of the vectors; None: as long as the largest feature id of all domains needs.
    directed : bool
        Whether an edge counts in one direction alone.
    self_loops : {"drop", "keep"}

    Returns
    -------
    GraphData
        Labels are words, as in all CSV: ``"True"``; an empty one is a node without.

    Raises
    ------
    DataError
        If a file is missing or damaged, an edge or a feature is of a node that does not exist, or a number is out of
        its range; the sentence names the file and the line or node.

    References
    ----------
    .. [1] Rozemberczki et al. 2021, Multi-scale attributed node embedding, Journal of Complex Networks 9(2).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in {
    ...         "DE_edges.csv": "from,to\n0,1\n",
    ...         "DE.json": '{"0": [2], "1": [0, 2]}',
    ...         "DE_target.csv": "id,mature,new_id\n71,True,1\n70,False,0\n",
    ...     }.items():
    ...         _ = pathlib.Path(folder, name).write_text(text)
    ...     data = read_musae(folder)
    >>> data.domains, data.label.tolist(), data.vectors.toarray().tolist()
    (['DE'], ['False', 'True'], [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
    """
    found = _found(path)
    names = sorted(found) if domains is None else [str(name) for name in domains]
    if not names or not set(names) <= set(found):
        wanted = next((name for name in names if name not in found), "any")
        raise DataError(
            f"{path}: lacks files of {wanted!r}: <domain>_edges.csv, <domain>.json and <domain>_target.csv; "
            f"it has those of {', '.join(sorted(found)) or 'none'}"
        )
    parts = [_graph(name, found[name], target, directed=directed, self_loops=self_loops) for name in names]
    wide = columns or max(part.vectors.shape[1] for part in parts)
    return from_graphs(parts, columns=wide, source=str(path))


def _found(path: str | Path) -> dict[str, dict[str, tuple[str, Read]]]:
    """For each domain that has all three, the names of its files and what reads them."""
    found: dict[str, dict[str, tuple[str, Read]]] = {}
    for called, read in listed(path, (".csv", ".json")).items():
        name = PurePosixPath(called.rpartition(": ")[2].replace("\\", "/")).name.removeprefix("musae_")
        part = next((part for part, ending in _PARTS.items() if name.endswith(ending)), "features")
        domain = name.removesuffix(_PARTS[part]).removesuffix(".json")
        if name.endswith(".csv") and part == "features":
            continue
        if part in found.setdefault(domain, {}):
            raise DataError(f"{path}: has two files {name}; name the folder of one")
        found[domain][part] = called, read
    return {domain: files for domain, files in found.items() if len(files) == len(_PARTS)}


def _graph(
    domain: str, files: Mapping[str, tuple[str, Read]], target: str | None, *, directed: bool, self_loops: str
) -> GraphData:
    labels, twice = _labels(*files["target"], target)
    order = sorted(labels)
    place = {node: row for row, node in enumerate(order)}
    vectors, policies = _features(*files["features"], place)
    ends, numbers, source = *_edges(*files["edges"], place), files["edges"][0]
    return GraphData.made(
        vectors,
        Edges(len(order), ends[:, 0], ends[:, 1], None, "line", numbers, self_loops, source),
        domain=domain,
        label=[labels[node] for node in order],
        ids=[f"{domain}/{node}" for node in order],
        directed=directed,
        policies=policies + twice,
        source=source,
    )


def _table(source: str, read: Read) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the rows with the numbers of their lines."""
    reader = csv.reader(lines(read(), source), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise DataError(f"{source}: line {reader.line_num} is no valid CSV ({error}); mend its quotes") from error
    if not rows:
        raise DataError(f"{source}: is empty; write a header and rows")
    (_, header), *rows = rows
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(f"{source}: line {number} has {len(row)} cells, the header has {len(header)}; mend it")
    return header, rows


def _number(cell: str, source: str, where: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise DataError(f"{source}: {where} has the node {cell!r}; nodes are whole numbers from 0")
    return int(cell)


def _labels(source: str, read: Read, target: str | None) -> tuple[dict[int, str | None], tuple[Policy, ...]]:
    header, rows = _table(source, read)
    column = target or next((name for name in TARGETS if name in header), "target")
    node = "new_id" if "new_id" in header else "id"
    if column not in header or node not in header:
        lacking = column if column not in header else node
        raise DataError(f"{source}: has no column {lacking!r}; its columns are {', '.join(header)}")
    found: dict[int, str | None] = {}
    for number, row in rows:
        name = _number(row[header.index(node)], source, f"line {number}")
        cell = row[header.index(column)]
        label = None if cell in ("", "-1") else cell
        if found.setdefault(name, label) != label:
            raise DataError(f"{source}: line {number} gives the node {name} another {column}; give each one line")
    if not found:
        raise DataError(f"{source}: has no nodes; write a line for each")
    twice = len(rows) - len(found)
    return found, (Policy("nodes listed twice", twice, "read once"),) if twice else ()


def _edges(source: str, read: Read, place: Mapping[int, int]) -> tuple[Ints, Array]:
    header, rows = _table(source, read)
    if len(header) != 2:
        raise DataError(f"{source}: has {len(header)} columns; write two nodes a line")
    ends = np.empty((len(rows), 2), dtype=np.int64)
    for i, (number, row) in enumerate(rows):
        for side, cell in enumerate(row):
            node = _number(cell, source, f"line {number}")
            if node not in place:
                raise DataError(f"{source}: line {number} leads to node {node}, which the targets do not have; add it")
            ends[i, side] = place[node]
    return ends, np.array([number for number, _ in rows])


def _features(source: str, read: Read, place: Mapping[int, int]) -> tuple[sp.csr_array, tuple[Policy, ...]]:
    """A row a node, with 1 where it has a feature."""
    lists = _json(source, read)
    rows: list[int] = []
    columns: list[int] = []
    for key, ids in lists.items():
        node = _number(key, source, f"the key {key!r}")
        if node not in place:
            raise DataError(f"{source}: has features of node {node}, which the targets do not have; add it")
        if not isinstance(ids, list) or not all(type(each) is int and 0 <= each < COLUMNS for each in ids):
            raise DataError(
                f"{source}: node {node} has features that are no list of whole numbers below {COLUMNS:,}; mend them"
            )
        rows += [place[node]] * len(ids)
        columns += ids
    shape = (len(place), max(columns, default=0) + 1)
    matrix = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    twice, lacking = len(rows) - matrix.nnz, int((np.diff(matrix.indptr) == 0).sum())
    matrix.data[:] = 1
    policies = (
        Policy("features given twice to a node", twice, "read once"),
        Policy("nodes without features", lacking, "given zeros"),
    )
    return matrix, tuple(policy for policy in policies if policy.count)


def _json(source: str, read: Read) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise DataError(f"{source}: has a node twice; give each one list of features")
        return found

    try:
        found = json.loads("\n".join(lines(read(), source)), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source}: is no valid JSON ({error}); write it again") from error
    if not isinstance(found, dict):
        raise DataError(f"{source}: holds a {type(found).__name__}; write lists of feature ids by node")
    return found
