"""Networks in MATLAB files, as ACDNE and those after it release them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import scipy.sparse as sp

from polyculture.data.audit_input.files import checked
from polyculture.data.graphs import labels as labels_of
from polyculture.data.graphs import mat_v5, mat_v73
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.graph_data import GraphData
from polyculture.data.graphs.joining import from_graphs
from polyculture.errors import DataError

FIELDS = {"network": "network", "features": "attrb", "labels": "group"}
"""What the release calls its matrices."""
MOST_LABELS = 10_000


def read_acdne(
    paths: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    *,
    labels: str = "several",
    directed: bool = False,
    self_loops: str = "drop",
    fields: Mapping[str, str] | None = None,
) -> GraphData:
    """Networks of MATLAB files with the matrices ``network``, ``attrb`` and ``group``, a domain a file.

    Files of version 7.3 need h5py. Only matrices of numbers are read: cells, structures and objects are refused. All
    files share one vocabulary, so that columns are joined by their numbers.

    Parameters
    ----------
    paths : path, sequence of paths, or mapping of domain to path
        Domains are called as the files are, or as the mapping says.
    labels : {"several", "single"}
        Columns of ``group`` as labels at once, or the first that holds a 1 as the one class. The two are different
        protocols, and their figures cannot be compared.
    directed : bool
        Whether an edge counts in one direction alone.
    self_loops : {"drop", "keep"}
    fields : mapping, or None
        Other names for ``"network"``, ``"features"`` and ``"labels"``.

    Returns
    -------
    GraphData
        A row of ``group`` that is 0 or -1 throughout is a node without labels; ``group`` may be absent.

    Raises
    ------
    DataError
        If a file is missing, damaged or lacks a matrix; the sentence names the file and the matrix.

    References
    ----------
    .. [1] Shen et al. 2020, Adversarial deep network embedding for cross-network node classification, AAAI.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "papers.mat")
    ...     savemat(path, {"network": np.eye(2)[::-1], "attrb": np.eye(2), "group": np.array([[1, 1], [0, 1]])})
    ...     data = read_acdne(path)
    >>> data.domains, data.label.tolist(), data.graph.toarray().tolist()
    (['papers'], [(1, 1), (0, 1)], [[0.0, 1.0], [1.0, 0.0]])
    """
    given = paths if isinstance(paths, Mapping) else {path.stem: path for path in _several(paths)}
    names = FIELDS | dict(fields or {})
    parts = [
        _network(Path(path), domain, names, labels, directed=directed, self_loops=self_loops)
        for domain, path in given.items()
    ]
    return parts[0] if len(parts) == 1 else from_graphs(parts, source="the networks")


def _several(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    found = checked(paths)
    if len({path.stem for path in found}) < len(found):
        raise DataError("two files have the same name; give a mapping of domain to file")
    return found


def _network(
    path: Path, domain: str, names: Mapping[str, str], labels: str, *, directed: bool, self_loops: str
) -> GraphData:
    checked(path)
    found = (mat_v73 if mat_v73.is_v73(path) else mat_v5).matrices(path, list(names.values()))
    for part in ("network", "features"):
        if names[part] not in found:
            raise DataError(
                f"{path}: has no matrix {names[part]!r}; say which one holds the {part}: fields={{{part!r}: ...}}"
            )
    network, vectors = sp.coo_array(found[names["network"]]), found[names["features"]]
    group = found.get(names["labels"])
    _check(path, names, network, vectors, group)
    label, label_names, policies = (
        (None, None, ()) if group is None else labels_of.of_matrix(_dense(group), labels, str(path))
    )
    row, column = network.coords
    return GraphData.made(
        sp.csr_array(vectors),
        Edges(network.shape[0], row, column, network.data, "entry", self_loops=self_loops, source=str(path)),
        domain=domain,
        label=label,
        directed=directed,
        label_names=label_names,
        policies=policies,
        source=str(path),
    )


def _check(path: Path, names: Mapping[str, str], network: Any, vectors: Any, group: Any) -> None:
    nodes = network.shape[0]
    if network.shape != (nodes, nodes) or not nodes:
        raise DataError(f"{path}: {names['network']!r} has the shape {network.shape}; give a row and a column a node")
    for name, matrix in ((names["features"], vectors), (names["labels"], group)):
        if matrix is not None and (matrix.shape[0] != nodes or not matrix.shape[1]):
            raise DataError(f"{path}: {name!r} has the shape {matrix.shape}; give a row for each of {nodes} nodes")
    if group is not None and group.shape[1] > MOST_LABELS:
        raise DataError(
            f"{path}: {names['labels']!r} has {group.shape[1]:,} columns; at most {MOST_LABELS:,} labels are read"
        )


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if sp.issparse(matrix) else matrix
