"""How alike models are as files: which weights, shapes and operators they share, without running them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import ModelFile
from polyculture.errors import ShapeError
from polyculture.measure.outcome.counts import defined_ratio

Kind = TypeVar("Kind", bound=Hashable)

NO_INTERVAL = (
    "A file is not a sample: what two files share is counted, not estimated, so there is no interval and no null."
)


@dataclass(frozen=True, eq=False)
class Structure:
    """What m models share as files; all matrices are symmetric, of shape (m, m), with values in [0, 1].

    Parameters
    ----------
    models : tuple of m str
    parameters : int array of shape (m,)
        Numbers that each model holds.
    identical : float array
        Share of the numbers of two models, taken together, that lie in parameters with equal bytes; NaN where a model
        has no digests. Untrained parameters, all 0 or all 1, are equal too, but they are few.
    shapes : float array
        Share of the parameters of two models, taken together, that have a counterpart of equal shape in the other.
    shapes_by_size : float array
        The same with each parameter weighing as many numbers as it holds.
    operators : float array
        Cosine of the numbers of operators of each kind; NaN where a model has none.
    size_ratio : float array
        Numbers in the smaller over those in the larger model; NaN for two empty ones.
    reason : str
        Why there are no intervals.
    """

    models: tuple[str, ...]
    parameters: Ints
    identical: Floats
    shapes: Floats
    shapes_by_size: Floats
    operators: Floats
    size_ratio: Floats
    reason: str = NO_INTERVAL

    @property
    def measures(self) -> dict[str, Floats]:
        """The matrices by name."""
        names = ("identical", "shapes", "shapes_by_size", "operators", "size_ratio")
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Plain values; matrices as lists of rows."""
        matrices = {name: matrix.tolist() for name, matrix in self.measures.items()}
        return {
            "models": list(self.models),
            "parameters": self.parameters.tolist(),
            **matrices,
            "reason": self.reason,
        }


def structure(files: Sequence[ModelFile]) -> Structure:
    r"""What all pairs of models share as files.

    .. math:: J_w(A, B) = \frac{\sum_t w_t \min(A_t, B_t)}{\sum_t w_t \max(A_t, B_t)}

    over kinds of parameters t that occur A_t and B_t times: kinds by content with the size as weight (`identical`), by
    shape with weight 1 (`shapes`) or the size (`shapes_by_size`). Every kind is written as many times as it occurs, so
    that a minimum of counts is a product of zeros and ones, and all pairs are one product of sparse matrices.

    Parameters
    ----------
    files : sequence of m ModelFile, m >= 1

    Returns
    -------
    Structure

    Raises
    ------
    ShapeError
        If there are no files.

    References
    ----------
    Jaccard 1912, New Phytologist 11, and its weighted form: Ioffe 2010, ICDM.

    Examples
    --------
    >>> base = ModelFile("base", {"w": ((2, 3), "F32"), "b": ((3,), "F32")}, {"MatMul": 1}, {"w": "1f", "b": "2e"})
    >>> tuned = ModelFile("tuned", base.parameters, {"MatMul": 1}, {"w": "1f", "b": "9a"})
    >>> found = structure([base, tuned])
    >>> print(found.identical[0, 1], found.shapes[0, 1])
    0.5 1.0
    """
    if not files:
        raise ShapeError("There are no model files; pass at least one.")
    sizes = np.array([sum(prod(shape) for shape, _ in file.parameters.values()) for file in files], dtype=np.int64)
    identical = _overlap([_contents(file, place) for place, file in enumerate(files)], lambda kind: prod(kind[0]))
    bare = np.array([bool(file.parameters) and not file.digests for file in files])
    identical[bare[:, None] | bare[None, :]] = np.nan
    shapes = [Counter(shape for shape, _ in file.parameters.values()) for file in files]
    return Structure(
        models=tuple(file.name for file in files),
        parameters=sizes,
        identical=identical,
        shapes=_overlap(shapes, lambda _: 1),
        shapes_by_size=_overlap(shapes, prod),
        operators=_cosine([file.operators for file in files]),
        size_ratio=defined_ratio(np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)),
    )


def _contents(file: ModelFile, place: int) -> Counter[tuple[tuple[int, ...], Hashable]]:
    """Parameters by shape and content; one without a digest is like no other."""
    return Counter((shape, file.digests.get(name, (place, name))) for name, (shape, _) in file.parameters.items())


def _overlap(counts: Sequence[Mapping[Kind, int]], weight: Callable[[Kind], float]) -> Floats:
    """Weighted Jaccard similarity of all pairs of multisets; NaN where both weigh nothing."""
    each = [{(kind, turn) for kind, times in held.items() for turn in range(times)} for held in counts]
    table, kinds = _table([dict.fromkeys(held, 1) for held in each])
    weighted = table.multiply(np.array([weight(kind) for kind, _ in kinds], dtype=np.float64)[None, :]).tocsr()
    both = (weighted @ table.T).toarray()
    own = np.diagonal(both)
    return defined_ratio(both, own[:, None] + own[None, :] - both)


def _cosine(counts: Sequence[Mapping[str, int]]) -> Floats:
    """Cosine of all pairs of histograms; NaN where one is empty."""
    table, _ = _table(counts)
    inner = (table @ table.T).toarray()
    length = np.sqrt(np.diagonal(inner))
    return defined_ratio(inner, np.outer(length, length))


def _table(counts: Sequence[Mapping[Kind, int]]) -> tuple[sp.csr_array, list[Kind]]:
    """Counts as a sparse matrix, models by kinds, and the kinds of its columns."""
    column: dict[Kind, int] = {}
    rows = [row for row, held in enumerate(counts) for _ in held]
    columns = [column.setdefault(kind, len(column)) for held in counts for kind in held]
    values = np.array([times for held in counts for times in held.values()], dtype=np.float64)
    shape = (len(counts), max(len(column), 1))
    return sp.csr_array((values, (rows, columns)), shape=shape), list(column)
