"""How alike many models represent the same items, with what chance would give: the engine of an audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError, ShapeError
from polyculture.measure.inference.interval import Intervals, check_count
from polyculture.measure.pairs import PairMeasure
from polyculture.measure.representation.cca import svcca_matrix
from polyculture.measure.representation.chance import (
    FEWEST,
    Chance,
    Request,
    kernel_chance,
    matrix_chance,
    neighbour_chance,
    room,
)
from polyculture.measure.representation.intervals import cka_intervals
from polyculture.measure.representation.layers import Layers
from polyculture.measure.representation.neighbours import nearest_of_models
from polyculture.measure.representation.nulls import gram_stack, rank_stack
from polyculture.measure.representation.overlap import overlap_intervals, shared_neighbours
from polyculture.measure.representation.procrustes import procrustes_matrix
from polyculture.measure.representation.rbf import rbf_cka_matrix
from polyculture.measure.representation.rsa import rsa_matrix

# Of the Gaussian kernel, in median distances.
WIDTH = 0.8
CONSTANT = "a model has no layer for which the measure is defined"
CHOSEN = (
    "its interval is that of the most alike pair of layers as if chosen beforehand: too narrow, and too high as the "
    "highest of several errs upwards"
)
NO_INTERVAL = "no interval is made for this measure"
NO_CHANCE = "neither interval nor chance is known for this measure: not calibrated"

Found = tuple[PairMeasure, Floats]


@dataclass(frozen=True)
class RepresentationPairs:
    """Likeness of representations, for all pairs of models and all pairs of their layers.

    Parameters
    ----------
    measures : mapping of str to PairMeasure
        For all pairs of models, as maximum over pairs of their layers.
    maps : mapping of str to arrays of shape (K, K)
        The measure itself for all pairs of the K layers of all models; neither calibrated nor a maximum.
    of : int array of shape (K,)
        The model that each layer belongs to.
    drawn_from : int
        Items whose kernels or distances were permuted: all, or a random part of many.
    """

    measures: Mapping[str, PairMeasure]
    maps: Mapping[str, Floats]
    of: Ints
    drawn_from: int


def representation_pairs(
    layers: Sequence[Sequence[Array]],
    *,
    measures: Iterable[str] = ("cka", "mutual_knn"),
    k: int = 10,
    permutations: int = 200,
    blocks: int = 50,
    level: float = 0.95,
    alpha: float = 0.05,
    seed: int = 0,
    memory: int = 2 * 2**30,
) -> RepresentationPairs:
    r"""Likeness of all pairs of models in the pair of layers that is most alike, against the same maximum by chance.

    .. math:: s_{ab} = \max_{k \in a, \, l \in b} s_{kl}, \qquad v_{ab} = \max_{k \in a, \, l \in b} s_{k \, \pi(l)}

    The best of many pairs of layers is far above zero by chance alone, the more so the more layers there are. So each
    draw permutes the items, the same way in all layers of a model, and takes the maximum again.

    *Calibrated* is the maximum: `null` is the value that it passes with probability `alpha` if models are alike only by
    chance, `p` the probability of one as high. *Not calibrated* are the maps of single layers, nor is p corrected for
    the number of pairs of models: see `adjust_pairs`. The hypothesis tested is that items of one model have nothing to
    do with those of the other; two models of different training that both see what is plain reject it, and should.

    Intervals are those of the pair of layers that attains the maximum, as if it had been chosen beforehand. Where
    models have several layers these are too sure of themselves, and the maximum itself errs upwards: of 6 by 6 equally
    alike layers, 95 % intervals held 78 % of the time. `reason` says so then.

    Where distances tie, "mutual_knn" breaks the ties in a random order for each model, so that unrelated models do not
    agree on what a rule chose. Two copies of a model with ties then score below 1; without ties exactly 1.

    Parameters
    ----------
    layers : for each model, its layers: arrays of shape (n, d)
        All of the same n >= 8 items in the same order; finite. Widths and numbers of layers may differ.
    measures : sequence of str
        "cka" (debiased, linear), "mutual_knn", "rbf_cka" and "rsa" (calibrated, without intervals), "procrustes" and
        "svcca" (estimates alone; they would have to be computed anew for every draw).
    k : int, default 10
        Neighbours of an item, for "mutual_knn".
    permutations : int, default 200
        Draws; no p is below 1 / (permutations + 1), so more of them lower that floor. For kernels where every model has
        one layer none are made: chance is then fitted to three moments, an approximation of the tail that is too low
        far out if features have heavy tails (see `pearson_tail`), which more permutations do not mend.
    blocks : int, default 50
        Blocks of the jackknife of "cka": see `cka_intervals`; and `overlap_intervals` for "mutual_knn".
    level : float, default 0.95
        Of the intervals.
    alpha : float, default 0.05
        Probability of passing the threshold by chance.
    seed : int, default 0
    memory : int, default 2 GB
        Bytes for matrices of pairs of items that are permuted. Of more than 2048 items, or more than fit, they are made
        of a random part, and draws are scaled to the variance that all items would give: known exactly for kernels,
        taken as large as it can be for "rsa". Estimates and intervals are of all items.

    Returns
    -------
    RepresentationPairs. Where a model meets itself, null and p are NaN. `reason` tells what is missing or to be minded.

    Raises
    ------
    ShapeError
        If there are no models, a model has no layers, numbers of items differ, or are below 8, or below k + 2 for
        "mutual_knn".
    DataError
        If a value is not finite.
    ParameterError
        If no measure is asked for, one is not known, permutations, blocks or k are too few, or level or alpha are no
        shares.

    References
    ----------
    Gröger et al. 2026, Revisiting the Platonic Representation Hypothesis: an Aristotelian view; Song et al. 2012, JMLR
    13; Huh et al. 2024, arXiv:2405.07987.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y, noise = rng.normal(size=(3, 200, 5))
    >>> found = representation_pairs([[x, y], [y + noise], [noise]]).measures["cka"]
    >>> found.estimate[0].round(2), bool(found.p[0, 1] < 0.01), bool(found.p[0, 2] > 0.05)
    (array([1.  , 0.51, 0.01]), True, True)
    """
    asked = _known(measures)
    check_count(permutations, "permutations", 1)
    given = Layers(layers, at_least=FEWEST)
    if "mutual_knn" in asked:
        _check_room_for_neighbours(given.items, k)
    request = Request(given, k, permutations, blocks, level, alpha, seed, room(given, memory))
    found = {name: MEASURED[name](request) for name in asked}
    measured = {name: pairs for name, (pairs, _) in found.items()}
    maps = {name: likeness for name, (_, likeness) in found.items()}
    return RepresentationPairs(measured, maps, given.of, request.room)


def _known(measures: Iterable[str]) -> tuple[str, ...]:
    asked, names = tuple(measures), ", ".join(sorted(MEASURED))
    if not asked:
        raise ParameterError(f"measures is empty; pass one or more of {names}.")
    if unknown := sorted(set(asked) - set(MEASURED)):
        raise ParameterError(f"measures holds {unknown[0]!r}; pass names among {names}.")
    return asked


def _check_room_for_neighbours(items: int, k: int) -> None:
    # With k + 1 items every item is a neighbour of every other, in every model.
    if items < k + 2:
        raise ShapeError(
            f"There are {items} items, too few to compare the {k} nearest neighbours of each (k = {k}); "
            f"pass at least {k + 2} items or a smaller k."
        )


def _cka(request: Request) -> Found:
    found = cka_intervals(request.given.flat, blocks=request.blocks, level=request.level, seed=request.seed)
    best = request.given.best(found.estimate)
    chance = kernel_chance(request, found.estimate, gram_stack)
    ends = Intervals(found.estimate[best], found.low[best], found.high[best])
    return _pairs(ends, chance, _of_interval(request)), found.estimate


def _rbf_cka(request: Request) -> Found:
    likeness = rbf_cka_matrix(request.given.flat, widths=[WIDTH])[0]
    chance = kernel_chance(request, likeness, partial(gram_stack, width=WIDTH))
    return _pairs(_without_interval(request, likeness), chance, NO_INTERVAL), likeness


def _rsa(request: Request) -> Found:
    likeness = rsa_matrix(request.given.flat)
    chance = matrix_chance(request, likeness, rank_stack)
    return _pairs(_without_interval(request, likeness), chance, NO_INTERVAL), likeness


def _mutual_knn(request: Request) -> Found:
    lists = nearest_of_models(request.given.models, request.k, seed=request.seed)
    likeness = shared_neighbours(lists)
    first, second = request.given.best(likeness)
    found = overlap_intervals(lists[first.ravel()], lists[second.ravel()], level=request.level)
    square = Intervals(*(part.reshape(first.shape) for part in (found.estimate, found.low, found.high)))
    return _pairs(square, neighbour_chance(request, likeness, lists), _of_interval(request)), likeness


def _uncalibrated(matrix: Callable[[Sequence[Array]], Floats], request: Request) -> Found:
    likeness = matrix(request.given.flat)
    found = _without_interval(request, likeness)
    unknown = np.full(found.estimate.shape, np.nan)
    return _pairs(found, Chance(unknown, unknown), NO_CHANCE), likeness


def _of_interval(request: Request) -> str:
    return CHOSEN if max(request.given.counts) > 1 else ""


def _without_interval(request: Request, likeness: Floats) -> Intervals:
    highest = request.given.highest(likeness)
    unknown = np.full(highest.shape, np.nan)
    return Intervals(highest, unknown, unknown)


def _pairs(found: Intervals, chance: Chance, reason: str = "") -> PairMeasure:
    # With itself a model shares its permutation, and nothing is learnt.
    itself = np.eye(len(found.estimate), dtype=bool)
    null, p = (np.where(itself, np.nan, part) for part in chance)
    undefined = CONSTANT if np.isnan(found.estimate).any() else ""
    return PairMeasure(
        found.estimate, found.low, found.high, null, p, reason="; ".join(filter(None, (reason, undefined)))
    )


MEASURED: Mapping[str, Callable[[Request], Found]] = {
    "cka": _cka,
    "mutual_knn": _mutual_knn,
    "rbf_cka": _rbf_cka,
    "rsa": _rsa,
    "procrustes": partial(_uncalibrated, procrustes_matrix),
    "svcca": partial(_uncalibrated, svcca_matrix),
}
