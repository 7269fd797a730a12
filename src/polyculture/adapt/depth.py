"""Depth on either side: how far vectors spread over the source's graph, and how far over the target's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from polyculture.adapt.automatic import Adapted, Method, without
from polyculture.adapt.depth_network import at_depths
from polyculture.adapt.linear import Fit
from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.graph import Edges


def spread_by_side(
    vectors: Floats, edges: Edges, is_source: Array, *, source_hops: int = 0, target_hops: int = 10, alpha: float = 0.1
) -> Floats:
    r"""Vectors spread less far in the source than in the target.

    .. math:: \tilde x_i = (Z_{h_s})_i \text{ in the source}, \quad (Z_{h_t})_i \text{ in the target}, \qquad
        Z_{t + 1} = (1 - \alpha) \hat A Z_t + \alpha X

    Spreading takes off what is an item's own, and with it much of what parts one domain from another. The model learns
    on items whose labels it is given and can do with less of it; where the target's neighbours are of other classes,
    depth blurs them.

    Parameters
    ----------
    vectors : array of shape (n, d)
        Items of both sides.
    edges : CSR array or Bipartite of shape (n, n)
    is_source : array of bool, shape (n,)
    source_hops, target_hops : int >= 0
    alpha : float in [0, 1]
        Share of its own vector that an item takes up again in every hop.

    Returns
    -------
    float32 array of shape (n, d)

    Raises
    ------
    ShapeError, DataError
        If vectors, edges and sides do not fit together, or a value is not finite.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    Liu et al. 2024, Rethinking propagation for unsupervised graph domain adaptation, arXiv:2402.05660 (A2GNN).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.depth import spread_by_side
    >>> from polyculture.features.graph import given
    >>> edges = given(np.array([[0, 1], [1, 0]]))
    >>> spread_by_side(np.array([[0.0], [4.0]]), edges, [True, False], target_hops=1, alpha=0.5).ravel()
    array([0., 2.], dtype=float32)
    """
    return next(iter(depths(vectors, edges, is_source, [(source_hops, target_hops)], alpha=alpha)))


def depths(
    vectors: Floats, edges: Edges, is_source: Array, pairs: Sequence[tuple[int, int]], *, alpha: float = 0.1
) -> Iterator[Floats]:
    """:func:`spread_by_side` for several pairs of depths, each depth spread once.

    Parameters
    ----------
    vectors, edges, is_source, alpha
        As in :func:`spread_by_side`.
    pairs : sequence of (int, int)
        Hops in the source and in the target.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.depth import depths
    >>> from polyculture.features.graph import given
    >>> edges = given(np.array([[0, 1], [1, 0]]))
    >>> [z.ravel().tolist() for z in depths(np.array([[0.0], [4.0]]), edges, [True, False], [(0, 0), (0, 1)], alpha=0)]
    [[0.0, 4.0], [0.0, 0.0]]
    """
    side = _sides(is_source, len(vectors))
    spread = at_depths(vectors, edges, sorted({hops for pair in pairs for hops in pair}), alpha=alpha)
    for near, far in pairs:
        yield np.where(side[:, None], spread[near], spread[far])


def by_depth(
    vectors: Floats,
    edges: Edges,
    source_hops: int,
    target_hops: int,
    *,
    alpha: float = 0.1,
    method: Method = without,
) -> Method:
    """A way to adapt over items of one graph, for :func:`polyculture.adapt.automatic.automatic` to choose among.

    Parameters
    ----------
    vectors : array of shape (n, d)
        All items of the graph.
    edges : CSR array or Bipartite of shape (n, n)
    source_hops, target_hops, alpha
        As in :func:`spread_by_side`; whichever side plays the source is spread as the source.
    method : callable
        What is done with the vectors once they are spread.

    Returns
    -------
    callable
        A method in whose place of vectors stand row numbers, as arrays of shape (n, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from polyculture.adapt.depth import by_depth
    >>> from polyculture.adapt.linear import logistic
    >>> from polyculture.features.graph import given
    >>> way = by_depth(np.array([[-1.0], [1.0], [3.0]]), given(np.zeros((3, 3))), 0, 2)
    >>> found = way(partial(logistic, classes=2), np.array([[0], [1]]), np.array([0, 1]), np.array([[2]]))
    >>> found.answer(np.array([[2]])).argmax(axis=1)
    array([1])
    """
    spread = at_depths(vectors, edges, (source_hops, target_hops), alpha=alpha)
    near, far = spread[source_hops], spread[target_hops]

    def over_rows(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:
        found = method(fit, near[_rows(source)], y, far[_rows(target)])
        return Adapted(found.source, found.target, found.model, lambda X: found.seen(far[_rows(X)]))

    return over_rows


def _rows(numbers: Matrix) -> Ints:
    return np.asarray(numbers)[:, 0].astype(np.int64)


def _sides(is_source: Array, rows: int) -> Mask:
    side = np.asarray(is_source, dtype=bool)
    if side.shape != (rows,):
        raise ShapeError(f"is_source has shape {side.shape}; pass one value for each of the {rows} items.")
    if side.all() or not side.any():
        raise ParameterError("is_source holds one side alone; pass items of the source and of the target.")
    return side
