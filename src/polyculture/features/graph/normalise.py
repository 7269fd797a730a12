"""Edges as means over neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from polyculture.arrays import Floats
from polyculture.errors import DataError, ShapeError
from polyculture.features.graph.build import Edges

if TYPE_CHECKING:
    from polyculture.features.graph.disk.graph import GraphOnDisk

ROWS = 4096
"""Rows that are scaled at once."""


@dataclass(frozen=True)
class Normalised:
    """Columns of scales: ``taking * (edges @ (giving * vectors)) + staying * own`` is a mean over neighbours."""

    taking: Floats
    giving: Floats
    staying: Floats

    @classmethod
    def of(cls, edges: Edges | GraphOnDisk, self_loop: float, normalise: str, dtype: Any = np.float32) -> Self:
        """Scales of rows with these edges, and with an edge of weight `self_loop` to themselves."""
        outside = np.asarray(edges @ np.ones(edges.shape[1]))[:, None]
        # An item without edges keeps its own vector, and nothing is ever divided by 0.
        loops = np.where(outside > 0, self_loop, 1.0)
        degrees = outside + loops
        taking = degrees**-0.5 if normalise == "symmetric" else 1 / degrees
        giving = degrees**-0.5 if normalise == "symmetric" else np.ones_like(degrees)
        return cls(*(part.astype(dtype) for part in (taking, giving, loops / degrees)))

    def given(self, vectors: Floats) -> Floats:
        """Vectors scaled by `giving`; themselves where that is 1 throughout."""
        return vectors if (self.giving == 1).all() else vectors * self.giving

    def mixed(self, sums: Floats, own: Floats, first: Floats, alpha: float) -> Floats:
        r"""One hop from what the edges sum up to: ``(1 - alpha) * (taking * sums + staying * own) + alpha * first``.

        Parameters
        ----------
        sums : array of shape (m, d)
            ``edges @ vectors``, which is overwritten where it is of the scales' type.
        own, first : array of shape (m, d)
            The rows' vectors one hop ago, and at the beginning.
        alpha : float in [0, 1]
        """
        out = np.asarray(sums, dtype=self.taking.dtype)
        # a few rows at a time: nothing as large as the vectors is made on the way
        for start in range(0, len(out), ROWS):
            rows = slice(start, start + ROWS)
            part, staying = out[rows], self.staying[rows]
            part *= self.taking[rows]
            if staying.any():
                part += staying * own[rows]
            if alpha:
                part *= 1 - alpha
                part += alpha * first[rows]
        return out


def checked(vectors: Floats, edges: Edges, fitted: int) -> Floats:
    """Vectors as finite float32, where edges lead from each of them to each fitted item."""
    dense = np.asarray(vectors)
    if dense.ndim != 2 or edges.shape != (len(dense), fitted):
        raise ShapeError(
            f"vectors have shape {dense.shape} and edges {edges.shape}; "
            f"pass one row of both for each item, and one column of edges for each of the {fitted} fitted items."
        )
    with np.errstate(over="ignore"):
        dense = dense.astype(np.float32, copy=False)
    if not np.isfinite(dense).all():
        raise DataError(
            f"The vector in row {np.argmin(np.isfinite(dense).all(axis=1))} holds a value that is not finite."
        )
    return dense
