"""Likeness of layers after random permutations of the items, without computing any representation anew.

A permutation changes neither a Gram matrix nor a list of neighbours: it only renames their items. So Gram matrices are
centred once and neighbours are found once; a draw is a look-up and one product for all pairs of layers of all models.
Every model has a permutation of its own in each draw, the same for all of its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from polyculture import engine
from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import check_count
from polyculture.measure.representation.gram import RESOLUTION, centred_all
from polyculture.measure.representation.overlap import shared_neighbours
from polyculture.measure.representation.rsa import squared_distances

# Numbers held at once while permuted matrices are multiplied: 2 MB in single precision, which caches hold.
BLOCK = 2**19
# Permutations in one piece of work.
TOGETHER = 10


def gram_stack(layers: Sequence[Array], *, width: float | None = None) -> Floats:
    r"""Kernel matrices of representations of the same items, U-centred and of unit norm.

    .. math::
        A_{ij} = K_{ij} - \frac{r_i + r_j}{n-2} + \frac{\sum_k r_k}{(n-1)(n-2)}, \qquad r_i = \sum_{j \ne i} K_{ij},
        \qquad A_{ii} = 0

    so that the debiased CKA of two is the sum of their products, entry by entry.

    Parameters
    ----------
    layers : K arrays of shape (n, d_k)
        The same n >= 4 items in the same order; finite.
    width : float, optional
        Width of a Gaussian kernel in median distances (see `rbf_cka`); by default the kernel is linear (see `cka`).

    Returns
    -------
    float32 array of shape (K, n, n), NaN throughout for a layer that does not vary enough.

    Raises
    ------
    ShapeError
        If there are no layers, numbers of items differ, or are below 4.
    DataError
        If a value is not finite.

    References
    ----------
    Song et al. 2012, JMLR 13.

    Examples
    --------
    >>> stack = gram_stack(np.random.default_rng(0).normal(size=(3, 20, 2)))
    >>> np.einsum("kij,kij->k", stack, stack).round(4)
    array([1., 1., 1.], dtype=float32)
    """
    parts = centred_all(layers, at_least=4, dtype=np.float64)
    stack = np.empty((len(parts), len(parts[0]), len(parts[0])), dtype=np.float32)
    for part, place in zip(parts, stack, strict=True):
        place[...] = _u_centred(part @ part.T if width is None else _gaussian(part, width))
    return stack


def rank_stack(layers: Sequence[Array]) -> Floats:
    """Ranks of the distances between items, (K, n, n), with mean zero and unit norm off the diagonal: see `rsa`."""
    parts = centred_all(layers, at_least=3, dtype=np.float64)
    stack = np.empty((len(parts), len(parts[0]), len(parts[0])), dtype=np.float32)
    for part, place in zip(parts, stack, strict=True):
        ranks = rankdata(squared_distances(part))
        ranks -= ranks.mean()
        norm = np.linalg.norm(ranks)
        # Each pair of items stands in the matrix twice.
        place[...] = squareform(ranks / (2**0.5 * norm if norm > 0 else np.nan))
    return stack


def cka_null(stack_a: Floats, stack_b: Floats, *, permutations: int = 200, seed: int = 0) -> Floats:
    r"""Debiased CKA of all pairs of layers of two models after permutations of the items of the second.

    .. math:: v_{kl} = \sum_{i \ne j} A^{(k)}_{ij} \, B^{(l)}_{\pi(i) \, \pi(j)}

    Parameters
    ----------
    stack_a, stack_b : arrays of shape (K_a, n, n) and (K_b, n, n)
        See `gram_stack`.
    permutations, seed : int
        Number of draws, and seed; the permutations are those of `second_permuted`.

    Returns
    -------
    float64 array of shape (permutations, K_a, K_b); for `calibrate`. Single precision: right to six decimal places.

    Raises
    ------
    ShapeError
        If the stacks do not describe the same number of items.
    ParameterError
        If there are no permutations.

    References
    ----------
    Mantel 1967, Cancer Research 27; Gröger et al. 2026, Revisiting the Platonic Representation Hypothesis.

    Examples
    --------
    >>> stack = gram_stack(np.random.default_rng(0).normal(size=(3, 50, 8)))
    >>> draws = cka_null(stack[:2], stack[2:], permutations=100)
    >>> draws.shape, bool(abs(draws.mean()) < 0.01)
    ((100, 2, 1), True)
    """
    if stack_a.shape[1:] != stack_b.shape[1:]:
        raise ShapeError(
            f"The stacks are of shapes {stack_a.shape} and {stack_b.shape}; both must have the same items."
        )
    orders = second_permuted(stack_a.shape[1], permutations, seed)
    draws = gram_draws([entries(stack_a), entries(stack_b)], orders)
    return np.stack([draw[: len(stack_a), len(stack_a) :] for draw in draws])


def random_orders(n: int, models: int, permutations: int, seed: int) -> Iterator[Ints]:
    """Permutations of n items, (models, n) at a time: one for each model."""
    check_count(permutations, "permutations", 1)
    rng = np.random.default_rng(seed)
    rows = np.tile(np.arange(n), (models, 1))
    return (rng.permuted(rows, axis=1) for _ in range(permutations))


def second_permuted(n: int, permutations: int, seed: int) -> Iterator[Ints]:
    """The items of one model in their order, those of another permuted, (2, n) at a time."""
    return (np.concatenate([np.arange(n)[None], order]) for order in random_orders(n, 1, permutations, seed))


def entries(stack: Floats) -> Floats:
    """Gram matrices (K, n, n) as one row of K numbers for each pair of items, (n², K), in single precision."""
    return np.ascontiguousarray(stack.reshape(len(stack), -1).T, dtype=np.float32)


def gram_draws(models: Sequence[Floats], orders: Iterator[Ints]) -> Iterator[Floats]:
    """Inner products (K, K) of the Gram matrices of all K layers of all models, after each set of permutations.

    Parameters
    ----------
    models : arrays of shape (n², K_m), one for each model
        See `entries`.
    orders : iterator of arrays of shape (models, n)
        How each model's items are permuted.
    """
    return _in_pieces(_gram_draws, models, orders)


def _gram_draws(models: Sequence[Floats], orders: list[Ints]) -> list[Floats]:
    return [_gram_draw(models, order) for order in orders]


def _gram_draw(models: Sequence[Floats], order: Ints) -> Floats:
    width, n = sum(model.shape[1] for model in models), order.shape[1]
    step = max(1, BLOCK // (n * width))
    sums = np.zeros((width, width))
    for start in range(0, n, step):
        rows, right = order[:, start : start + step], order[:, start + step :]
        # The matrices are symmetric: what lies right of the block is met once more below it.
        sums += _products(models, rows, rows) + 2 * _products(models, rows, right)
    return sums


def _products(models: Sequence[Floats], rows: Ints, columns: Ints) -> Floats:
    n = round(len(models[0]) ** 0.5)
    places = (n * rows[:, :, None] + columns[:, None, :]).reshape(len(models), -1)
    taken = np.hstack([model.take(place, axis=0) for model, place in zip(models, places, strict=True)])
    return np.asarray(taken.T @ taken)


def neighbour_draws(lists: Sequence[Ints], orders: Iterator[Ints]) -> Iterator[Floats]:
    """Mutual nearest neighbours (K, K) of all K layers of all models, after each set of permutations.

    Parameters
    ----------
    lists : int arrays of shape (K_m, n, k), one for each model
        Positions of the k nearest neighbours of each item in each layer.
    orders : iterator of arrays of shape (models, n)
        How each model's items are permuted.
    """
    return _in_pieces(_neighbour_draws, lists, orders)


def _in_pieces(
    draw: Callable[[Sequence[Array], list[Ints]], list[Floats]], models: Sequence[Array], orders: Iterator[Ints]
) -> Iterator[Floats]:
    """Draws for these permutations, a few of them a piece of work."""
    together = iter(lambda: list(islice(orders, TOGETHER)), [])
    for draws in engine.each(draw, ((some,) for some in together), shared=(models,)):
        yield from draws


def _neighbour_draws(lists: Sequence[Ints], orders: list[Ints]) -> list[Floats]:
    return [
        shared_neighbours(np.concatenate([_renamed(model, p) for model, p in zip(lists, order, strict=True)]))
        for order in orders
    ]


def knn_null(lists_a: Ints, lists_b: Ints, *, permutations: int = 200, seed: int = 0) -> Floats:
    r"""Mutual nearest neighbours of all pairs of layers of two models after permutations of the items of the second.

    .. math:: v_{kl} = \frac{1}{n k} \sum_i \left| N_A(i) \cap \pi^{-1} N_B(\pi(i)) \right|

    Parameters
    ----------
    lists_a, lists_b : int arrays of shape (K_a, n, k) and (K_b, n, k)
        Positions of the k nearest neighbours of each item in each layer.
    permutations, seed : int
        Number of draws, and seed; the permutations are those of `second_permuted`.

    Returns
    -------
    float64 array of shape (permutations, K_a, K_b), of expected value k / (n - 1). This is chance for lists whose ties,
    if any, were broken at random in each model (`nearest_of_models`). Where the lower index won in both, unrelated
    models pass it, for to rename finished lists undoes what the tie rule made alike.

    Raises
    ------
    ShapeError
        If the lists do not describe the same number of items or neighbours.
    ParameterError
        If there are no permutations.

    References
    ----------
    Huh et al. 2024, arXiv:2405.07987; Gröger et al. 2026, Revisiting the Platonic Representation Hypothesis.

    Examples
    --------
    >>> ring = np.stack([(np.arange(20) - 1) % 20, (np.arange(20) + 1) % 20], axis=1)[None]
    >>> draws = knn_null(ring, ring, permutations=500)
    >>> bool(abs(draws.mean() - 2 / 19) < 0.01)
    True
    """
    if lists_a.shape[1:] != lists_b.shape[1:]:
        raise ShapeError(f"The lists are of shapes {lists_a.shape[1:]} and {lists_b.shape[1:]}; both must be alike.")
    draws = neighbour_draws([lists_a, lists_b], second_permuted(lists_a.shape[1], permutations, seed))
    return np.stack([draw[: len(lists_a), len(lists_a) :] for draw in draws])


def _renamed(lists: Ints, order: Ints) -> Ints:
    # The item now at place r was at order[r]; its neighbours go by their new places too.
    return np.asarray(np.argsort(order)[lists[:, order]])


def _gaussian(points: Floats, width: float) -> Floats:
    squared = squared_distances(points)
    # Centring takes off any constant; without the 1, more digits are left of a kernel that hardly varies.
    return np.asarray(squareform(np.expm1(squared / (-2 * width**2 * (np.median(squared) or np.nan)))))


def _u_centred(kernel: Floats) -> Floats:
    n, scale = len(kernel), np.abs(kernel).max()
    np.fill_diagonal(kernel, 0)
    sums = kernel.sum(axis=0) / (n - 2)
    kernel += sums.sum() / (n - 1) - sums - sums[:, None]
    np.fill_diagonal(kernel, 0)
    energy = np.einsum("ij,ij", kernel, kernel)
    return np.asarray(kernel / (np.sqrt(energy) if energy > RESOLUTION * scale**2 else np.nan))
