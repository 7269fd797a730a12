"""TSV-M: each expert's strongest singular directions, made orthogonal to the others'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import Changes, add_to_base, check_setting, singular
from polyculture.fuse.weights import Weights


def tsv_m(base: Weights, experts: Sequence[Weights], *, scale: float = 1.0) -> dict[str, Array]:
    r"""Base plus the experts' leading singular triplets, side by side and orthogonalised.

    .. math:: \theta = \theta_0 + \lambda\, U_\perp \Sigma V_\perp^\top

    Of each matrix's change the r / K strongest triplets are kept (r its smaller side, K the number of experts, at least
    one triplet each); :math:`U = [U_1 \dots U_K]` and V become the nearest matrices with orthonormal columns. Tensors
    that are no matrix are averaged. A triplet whose singular value is zero to rounding is left out, as its direction is
    arbitrary; so are, in the orthogonalisation, directions that the columns of U do not span.

    Parameters
    ----------
    base : mapping of name to array
        Matrices of shape (out, in).
    experts : sequence of such mappings
    scale : float
        λ.

    Raises
    ------
    ParameterError
        If the scale is no finite number, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    Notes
    -----
    With many experts of narrow layers few directions are left to each: merge those by regression.

    References
    ----------
    Gargiulo et al. 2025, arXiv:2412.00081.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.tsv_m import tsv_m
    >>> base, one, two = ({"w": np.diag(d)} for d in ([0.0, 0.0], [3.0, 1.0], [1.0, 5.0]))
    >>> tsv_m(base, [one, two])["w"].round(6) + 0.0
    array([[3., 0.],
           [0., 5.]])
    """
    check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    return add_to_base(base, experts, lambda changes: _merged(changes, scale))


def _merged(changes: Changes, scale: float) -> Floats:
    if changes.start.ndim != 2 or not changes.start.size:
        return changes.mean()
    count = max(1, min(changes.start.shape) // len(changes))
    parts = [tuple(side.copy() for side in _leading(change, count)) for change in changes]
    left, values, right = (list(side) for side in zip(*parts, strict=True))
    sizes = np.concatenate(values)
    if not sizes.size:
        return np.zeros_like(changes.start)
    return np.asarray(scale * (_orthonormal(np.hstack(left)) * sizes) @ _orthonormal(np.vstack(right).T).T)


def _leading(change: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    left, values, right = singular(change)
    return left[:, :count], values[:count], right[:count]


def _orthonormal(columns: Floats) -> Floats:
    """The nearest matrix with orthonormal columns, by Procrustes."""
    left, _, right = singular(columns)
    return np.asarray(left @ right)
