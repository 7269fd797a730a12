"""Iso-C: the sum of changes with all its singular directions made equally strong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import Changes, add_to_base, check_setting, singular
from polyculture.fuse.weights import Weights


def iso_c(base: Weights, experts: Sequence[Weights], *, scale: float = 1.0) -> dict[str, Array]:
    r"""Base plus the sum of changes, with every singular value replaced by their mean.

    .. math:: \theta = \theta_0 + \lambda\, \bar\sigma\, U V^\top, \qquad \sum_i \tau_i = U \Sigma V^\top

    What several experts have in common dominates the sum of their changes; here every direction has the same say.
    Tensors that are no matrix are averaged. Directions whose singular value is zero to rounding are arbitrary, and are
    left out of the sum and of the mean.

    Parameters
    ----------
    base : mapping of name to array
        Matrices of shape (out, in).
    experts : sequence of such mappings
    scale : float
        λ; choose it on held-out items.

    Raises
    ------
    ParameterError
        If the scale is no finite number, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    References
    ----------
    Marczak et al. 2025, arXiv:2502.04959.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.iso_c import iso_c
    >>> base, one, two = ({"w": np.diag(d)} for d in ([0.0, 0.0], [3.0, 1.0], [2.0, 0.0]))
    >>> iso_c(base, [one, two])["w"].round(6) + 0.0
    array([[3., 0.],
           [0., 3.]])
    """
    check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    return add_to_base(base, experts, lambda changes: _merged(changes, scale))


def _merged(changes: Changes, scale: float) -> Floats:
    if changes.start.ndim != 2 or not changes.start.size:
        return changes.mean()
    left, values, right = singular(changes.sum())
    return np.asarray(scale * (values.mean() if values.size else 0.0) * left @ right)
