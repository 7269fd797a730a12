"""Boxes, and which of them are of the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import MISSING

CORNERS = ("x1", "y1", "x2", "y2")
"""Columns of a box: left, top, right, bottom; or the other way up, as long as the second is the greater."""

_PAIRS = 2**22
"""Pairs of boxes whose overlap is computed at once."""


@dataclass(frozen=True)
class Boxes:
    """Boxes: numbers of the image, class and model of each, corners (n, 4) and scores."""

    images: Ints
    classes: Ints
    models: Ints
    corners: Floats
    scores: Floats


def match(there: Boxes, found: Boxes, iou: float) -> Ints:
    """The object that each box finds, ``MISSING`` if none.

    Within each model, image and class, boxes choose in the order of their scores, each the object that it overlaps most
    among those left. That is the one stable matching of boxes and objects when all objects prefer high scores, so it is
    found by deferred acceptance (Gale and Shapley 1962), for all models and images at once.
    """
    box, thing, overlap = _candidates(there, found, iou)
    rank = np.empty(len(found.scores), dtype=np.int64)
    rank[np.argsort(-found.scores, kind="stable")] = np.arange(len(rank))
    order = np.lexsort((thing, -overlap, rank[box]))
    box, thing = box[order], thing[order]
    # an object can be found once by each model
    _, slot = np.unique(found.models[box].astype(np.int64) * len(there.images) + thing, return_inverse=True)
    chosen = _accepted(rank[box], slot)
    matched = np.full(len(rank), MISSING)
    matched[box[chosen]] = thing[chosen]
    return matched


def _accepted(rank: Ints, slot: Ints) -> Ints:
    """Which of the candidates, those of each box in a row and the best first, are matched in the end."""
    _, start, number, lengths = np.unique(rank, return_index=True, return_inverse=True, return_counts=True)
    end = start + lengths
    proposal = start.copy()
    holder = np.full(slot.max(initial=-1) + 1, len(start))
    while True:
        open_ = np.flatnonzero(proposal < end)
        np.minimum.at(holder, slot[proposal[open_]], number[proposal[open_]])
        refused = open_[holder[slot[proposal[open_]]] != open_]
        if not refused.size:
            return np.asarray(proposal[open_])
        proposal[refused] += 1


def _candidates(there: Boxes, found: Boxes, iou: float) -> tuple[Ints, Ints, Floats]:
    """Pairs of a box and an object of the same image and class that overlap enough, and by how much."""
    classes = int(max(there.classes.max(initial=0), found.classes.max(initial=0))) + 1
    kind = there.images.astype(np.int64) * classes + there.classes
    order = np.argsort(kind, kind="stable")
    wanted = found.images.astype(np.int64) * classes + found.classes
    first = np.searchsorted(kind[order], wanted)
    counts = np.searchsorted(kind[order], wanted, side="right") - first
    parts: list[tuple[Ints, Ints, Floats]] = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))]
    for rows in np.array_split(np.arange(len(wanted)), max(1, -(-int(counts.sum()) // _PAIRS))):
        box = rows.repeat(counts[rows])
        place = np.arange(len(box)) - (counts[rows].cumsum() - counts[rows]).repeat(counts[rows])
        thing = order[first[box] + place]
        overlap = intersection_over_union(found.corners[box], there.corners[thing])
        near = overlap >= iou
        parts.append((box[near], thing[near], overlap[near]))
    box, thing, overlap = (np.concatenate(side) for side in zip(*parts, strict=True))
    return box, thing, overlap


def intersection_over_union(one: Floats, other: Floats) -> Floats:
    """Area that boxes (n, 4) share with others (n, 4), by the area of both together.

    Examples
    --------
    >>> intersection_over_union(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))
    array([0.33333333])
    """
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(shared / (areas[0] + areas[1] - shared))
