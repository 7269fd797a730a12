"""WUDI in closed form: changes stand in for the data that they were learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import Changes, add_to_base, check_setting
from polyculture.fuse.sums import LEAST_RIDGE, solve_sums
from polyculture.fuse.weights import Weights


def wudi(base: Weights, experts: Sequence[Weights], *, ridge: float = 0.01) -> dict[str, Array]:
    r"""Merge matrices by the regression of RegMean, with each change's own rows in place of data.

    .. math::
        \tau^* = \Big(\sum_i \tau_i C_i\Big)\Big(\sum_i C_i + \rho\, \bar c\, I\Big)^{-1}, \qquad
        C_i = \frac{\tau_i^\top \tau_i}{\lVert \tau_i \rVert^2}

    A row of a change is a sum of the inputs that taught it, so that its span is the inputs' span. This is the exact
    minimum of the paper's loss :math:`\sum_i \lVert (\tau - \tau_i) \tau_i^\top \rVert^2 / \lVert \tau_i \rVert^2`,
    which is there approached by 300 steps of Adam. Changes of unlike rows are added up, those of like rows averaged.
    Tensors that are no matrix are averaged.

    Parameters
    ----------
    base : mapping of name to array
        Matrices of shape (out, in).
    experts : sequence of such mappings
    ridge : float >= 0
        ρ, the pull towards the base model, relative to the mean :math:`\bar c` of the diagonal.

    Raises
    ------
    ParameterError
        If the ridge is negative, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    Notes
    -----
    Sums of shape (in, in) run over the experts; where (experts · out) is smaller, as in a small head over many
    features, the same solution is found from a matrix of that size.

    References
    ----------
    Cheng et al. 2025, arXiv:2503.08099.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.wudi import wudi
    >>> base, one, two = ({"w": np.array([w])} for w in ([0.0, 0.0], [1.0, 0.0], [0.0, 2.0]))
    >>> wudi(base, [one, two], ridge=0.0)["w"].round(6)
    array([[1., 2.]])
    """
    check_setting("ridge", ridge, 0, np.inf, below=True)
    return add_to_base(base, experts, lambda changes: _merged(changes, max(ridge, LEAST_RIDGE)))


def _merged(changes: Changes, ridge: float) -> Floats:
    if changes.start.ndim != 2 or not changes.start.size:
        return changes.mean()
    rows, columns = changes.start.shape
    return _by_rows(changes, ridge) if len(changes) * rows < columns else _by_columns(changes, ridge)


def _by_columns(changes: Changes, ridge: float) -> Floats:
    columns = changes.start.shape[1]
    total, moved = np.zeros((columns, columns)), np.zeros_like(changes.start)
    for change in changes:
        unit = _unit(change)
        total += unit.T @ unit
        moved += (change @ unit.T) @ unit
    return solve_sums(moved, total, ridge)


def _by_rows(changes: Changes, ridge: float) -> Floats:
    """The same by the identity (AᵀA + rI)⁻¹ = that of AAᵀ, for A the units one under the other."""
    change = list(changes)
    units = [_unit(each) for each in change]
    stacked = np.vstack(units)
    total = stacked @ stacked.T
    floor = ridge * (float(np.trace(total)) / stacked.shape[1] or 1.0)
    moved = np.hstack([each @ unit.T for each, unit in zip(change, units, strict=True)])
    return np.asarray(np.linalg.solve(total + floor * np.eye(len(total)), moved.T).T @ stacked)


def _unit(change: Floats) -> Floats:
    """A change divided by its size; one that is nothing stays so, and has no say."""
    return change / (np.linalg.norm(change) or 1.0)
