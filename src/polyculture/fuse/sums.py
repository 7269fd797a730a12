"""The last step of a merge by regression, from sums over experts that were kept running."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats

# keeps a direction that no data reach from making the matrix singular
LEAST_RIDGE = 1e-10


def solve_sums(moved: Floats, total: Floats, ridge: float) -> Floats:
    r"""The change of a linear layer that disturbs every expert's own outputs least; see `merge_linear`.

    .. math:: \tau^* = M\,(C + \rho\,\bar c\, I)^{-1}, \qquad M = \sum_i \tau_i C_i, \quad C = \sum_i C_i

    Parameters
    ----------
    moved : array of shape (out, in)
        M.
    total : array of shape (in, in)
        C; its diagonal is raised in place.
    ridge : float >= 0
        ρ, relative to the mean of the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.sums import solve_sums
    >>> solve_sums(np.array([[2.0, 6.0]]), np.diag([1.0, 2.0]), 0.0).round(6)
    array([[2., 3.]])
    """
    total.flat[:: len(total) + 1] += max(ridge, LEAST_RIDGE) * (float(np.trace(total)) / max(len(total), 1) or 1.0)
    return np.asarray(np.linalg.solve(total, moved.T).T)
