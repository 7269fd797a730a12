"""The order of models in an audit's charts, and means of their likeness in blocks of neighbours."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_likeness import Likeness


def in_order(found: AuditResult) -> Ints:
    """Positions of the models in the order of the tree, those that it does not hold last."""
    place = {name: i for i, name in enumerate(found.models)}
    order = [place[name] for name in found.families.get("order", ()) if name in place]
    return np.array([*order, *sorted(set(range(len(place))) - set(order))])


def blocked(likeness: Likeness, order: Ints, edges: Ints) -> Floats:
    """Mean likeness of each block of models with each, without the models with themselves."""
    block = np.empty(len(order), dtype=int)
    block[order] = np.searchsorted(edges, np.arange(len(order)), side="right") - 1
    count = len(edges) - 1
    known = np.isfinite(likeness.estimate)
    first, second = block[likeness.a[known]], block[likeness.b[known]]
    sums, sizes = np.zeros((count, count)), np.zeros((count, count))
    for one, other in ((first, second), (second, first)):
        at = one * count + other
        sums += np.bincount(at, likeness.estimate[known], count**2).reshape(count, count)
        sizes += np.bincount(at, minlength=count**2).reshape(count, count)
    return np.asarray(np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0))


def families(found: AuditResult) -> dict[str, int]:
    """Number of each model's family; models that stand alone are not there."""
    return {name: i for i, family in enumerate(found.families.get("families", ())) for name in family["models"]}
