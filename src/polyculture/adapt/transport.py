"""Optimal transport: each source vector is moved to where the cheapest plan sends its mass in the target."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from polyculture.adapt.inputs import codes, dense, two_samples
from polyculture.adapt.mmd import squared_distances
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import MissingExtraError, ParameterError


def transport(
    source: Matrix, y: Array, target: Matrix, *, entropy: float = 0.1, group: float = 0.1, rounds: int = 10
) -> Floats:
    r"""Source vectors at the barycentres of where an entropic plan sends them, one class apart from another.

    .. math:: \gamma^* = \arg\min_{\gamma \in \Pi} \langle \gamma, M \rangle + \epsilon \sum_{ij} \gamma_{ij}
        \log \gamma_{ij} + \eta \sum_{jk} \sqrt{\| \gamma_{I_k j} \|_1 / m}, \qquad
        \tilde x_i = \frac{\sum_j \gamma_{ij} z_j}{\sum_j \gamma_{ij}}

    with :math:`M` the squared distances over their median, :math:`\Pi` the plans that keep all mass, and :math:`I_k`
    the items of class k: a target item is to receive from one class alone.

    All mass is moved: where the classes have other proportions in the target, some items of one class are sent to
    items of another.

    Parameters
    ----------
    source, target : array or sparse array of shape (n, d) and (m, d)
    y : array of int, shape (n,)
        Class of each source item; those of -1 are moved too, without a class.
    entropy : float > 0
        :math:`\epsilon`; smaller plans are sharper and slower to find.
    group : float >= 0
        :math:`\eta`; 0 leaves classes out.
    rounds : int >= 1
        Plans in all: the class term of each is linear, with the slope that the plan before it gives.

    Returns
    -------
    dense array of shape (n, d), float32 where the source is

    Raises
    ------
    MissingExtraError
        If POT is not installed.
    ShapeError, DataError
        If source, labels and target do not fit together, or hold values that are not finite.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    Courty et al. 2017, Optimal transport for domain adaptation, arXiv:1507.00504.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.transport import transport
    >>> x, z = np.array([[0.0], [1.0]]), np.array([[10.0], [12.0]])
    >>> transport(x, np.array([0, 1]), z, entropy=0.01).ravel().round(2)  # doctest: +SKIP
    array([10., 12.])
    """
    source, target = two_samples(source, target)
    y = codes(y, source.shape[0])
    if not entropy > 0 or group < 0 or rounds < 1:
        raise ParameterError(f"entropy is {entropy}, group {group} and rounds {rounds}; pass 0.1, 0.1 and 10.")
    cost = squared_distances(source, target).astype(np.float64)
    cost /= np.median(cost) or 1.0
    plan = _plan(y, cost, entropy, group, rounds)
    shares = plan / np.maximum(plan.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(dense(shares @ target), dtype=source.dtype)


def _plan(y: Ints, cost: Floats, entropy: float, group: float, rounds: int) -> Floats:
    if not group:
        return _sinkhorn(cost, entropy)
    # an item without a class is a class of its own: nothing holds it to others
    apart = np.where(y < 0, y.max() + 1 + np.arange(len(y)), y)
    order, plan = np.argsort(apart, kind="stable"), _sinkhorn(cost, entropy)
    starts = np.flatnonzero(np.diff(apart[order], prepend=-1))
    members = np.diff(np.append(starts, len(order)))
    for _ in range(rounds - 1):
        received = np.add.reduceat(plan[order], starts, axis=0) * cost.shape[1]
        # the slope of the root, in shares of what a target item receives; the small number keeps it finite
        slope = np.empty_like(cost)
        slope[order] = np.repeat(0.5 / np.sqrt(received + 1e-3), members, axis=0)
        plan = _sinkhorn(cost + group * slope, entropy)
    return plan


def _sinkhorn(cost: Floats, entropy: float) -> Floats:
    mass = [np.full(size, 1 / size) for size in cost.shape]
    # products of kernels are quick, and vanish where the entropy is small; logarithms do not
    method = "sinkhorn" if cost.max() < 300 * entropy else "sinkhorn_log"
    found = _solver().sinkhorn(*mass, cost, entropy, method=method, numItermax=500, stopThr=1e-6, warn=False)
    return np.asarray(found)


def _solver() -> Any:
    try:
        return import_module("ot")
    except ModuleNotFoundError as error:
        raise MissingExtraError("optimal transport", "transport") from error
