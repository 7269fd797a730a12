"""Each item's nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from polyculture import engine
from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.measure.checks import representation
from polyculture.measure.representation.gram import centred, check_choice, precision, spans

METRICS = ("euclidean", "cosine")
# Bytes of similarities of a block of items to all others.
ROWS = 2**25


def nearest(
    x: Array, k: int, *, metric: str = "euclidean", dtype: npt.DTypeLike | None = None, memory: int = ROWS
) -> Ints:
    r"""The k nearest neighbours of each item, by index.

    .. math:: N_k(i) = \operatorname{arg\,top}_k \{\, x_i^\top x_j - \tfrac12 \|x_j\|^2 : j \ne i \,\}

    Parameters
    ----------
    x : array of shape (n, d)
        Finite.
    k : int, 1 <= k < n
        Neighbours of each item; an item is never its own, even where another is identical to it. Among items equally
        far, as far as rounding can tell, the lower index is taken.
    metric : {"euclidean", "cosine"}
        Euclidean distance, or the angle at the origin. An item that lies at the origin is as far from all others.
    dtype : float32 or float64, optional
        Precision of the similarities; see `cka_matrix`.
    memory : int, default 32 MB
        Bytes of similarities held at once.

    Returns
    -------
    int32 array of shape (n, k), each row in rising order.

    Raises
    ------
    ShapeError
        If x is no matrix, or has k rows or fewer.
    DataError
        If a value is not finite.
    ParameterError
        If k < 1, or the metric is not known.

    References
    ----------
    Huh et al. 2024, arXiv:2405.07987.

    Examples
    --------
    >>> nearest([[0.0], [1.0], [3.0], [7.0]], k=1).ravel()
    array([1, 0, 1, 2], dtype=int32)
    """
    check_neighbours(k, metric)
    points = representation(x, at_least=k + 1)
    if metric == "cosine":
        points = directions(points)
    # Neighbours do not change with the origin, but the digits of their products do.
    points = centred(points, precision([x], dtype))
    found = np.empty((len(points), k), dtype=np.int32)
    halves = np.einsum("ij,ij->i", points, points, dtype=np.float64) / 2
    for rows in spans(0, len(points), max(1, memory // (len(points) * points.itemsize))):
        found[rows] = _nearest_of(rows, points, halves, k)
    return found


def nearest_of_models(models: Sequence[Sequence[Array]], k: int, *, seed: int = 0) -> Ints:
    """The k nearest neighbours in all layers of all models, ties broken in a random order for each model.

    Where the lower index wins in every model, unrelated models agree on neighbours that only the tie rule chose. Here
    each model's items are put in a random order first, so that what it prefers says nothing of what another does.

    Parameters
    ----------
    models : for each model, its layers: arrays of shape (n, d)
    k : int, 1 <= k < n
    seed : int, default 0
        Of the orders. All layers of one model have the same one.

    Returns
    -------
    int array of shape (K, n, k), one list for each layer of all models, in no order. Without ties: that of `nearest`.

    Examples
    --------
    >>> lists = nearest_of_models([[np.zeros((100, 1))], [np.zeros((100, 1))]], k=1)
    >>> bool(np.mean(lists[0] == lists[1]) < 0.1)
    True
    """
    # Not the stream of the draws of chance, whose permutations these must not be.
    rng = np.random.default_rng([seed, k])
    orders = (rng.permutation(len(layers[0])) for layers in models)
    pieces = ((layer, order) for layers, order in zip(models, orders, strict=True) for layer in layers)
    return np.stack(engine.run(_nearest_in_order, pieces, shared=(k,)))


def _nearest_in_order(k: int, layer: Array, order: Ints) -> Ints:
    return np.asarray(order[nearest(np.asarray(layer)[order], k)][np.argsort(order)])


def check_neighbours(k: int, metric: str) -> None:
    """Refuse fewer than one neighbour, and metrics that are not known."""
    if k < 1:
        raise ParameterError(f"k is {k}; pass at least 1 neighbour.")
    check_choice(metric, "metric", METRICS)


def directions(points: Floats) -> Floats:
    """Points at distance one from the origin, and those at the origin as they are."""
    points = points / (np.abs(points).max() or 1)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 0))


def _nearest_of(rows: slice, points: Floats, halves: Floats, k: int) -> Ints:
    # Half the squared distance of i and j is halves[i] minus this, so that the largest is the nearest.
    closeness = points[rows] @ points.T
    closeness -= halves.astype(closeness.dtype)
    own = np.arange(rows.start, rows.stop)
    closeness[np.arange(len(own)), own] = -np.inf
    found = np.argpartition(closeness, -k, axis=1)[:, -k:]
    last = np.take_along_axis(closeness, found, axis=1).min(axis=1)
    # Products of vectors as long as item i and its furthest neighbour are known to this.
    tolerance = 16 * np.finfo(closeness.dtype).eps * (halves[rows] + np.abs(halves[rows] - last))
    tied = (closeness >= (last - tolerance)[:, None]).sum(axis=1) > k
    found[tied] = _lowest_of_tied(closeness[tied], last[tied], tolerance[tied], k)
    return np.sort(found, axis=1).astype(np.int32)


def _lowest_of_tied(closeness: Floats, last: Floats, tolerance: Floats, k: int) -> Ints:
    nearer = closeness > (last + tolerance)[:, None]
    as_near = (closeness >= (last - tolerance)[:, None]) & ~nearer
    room = k - nearer.sum(axis=1, keepdims=True)
    chosen = nearer | (as_near & (np.cumsum(as_near, axis=1) <= room))
    return np.nonzero(chosen)[1].reshape(-1, k)
