"""Families of models that are alike, found without labels, tested against noise, and tried on other items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.auditing.tree import Tree, best_cut
from polyculture.errors import DataError, ShapeError

SUBSTANTIAL, REASONABLE = 0.25, 0.5
"""Silhouettes from which Kaufman and Rousseeuw (1990) see some structure, and a reasonable one: it needs no test."""
FEW = 5
"""Models from which a null is drawn."""
STABLE = 0.75
"""Mean Jaccard similarity from which Hennig (2007) calls a cluster stable."""
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Families:
    """Which models belong together.

    Parameters
    ----------
    labels : int array of shape (m,)
        Number of each model's family, the largest first; -1 for a model that stands alone.
    order : int array of shape (m,)
        The models as the leaves of the tree, so that those alike are neighbours in a matrix.
    linkage : float array of shape (m - 1, 4)
        Merges as scipy writes them, for a dendrogram; distance is 1 - similarity.
    cut : float
        Distance at which the tree is cut; NaN if there are no families.
    silhouette : float
        Mean silhouette of the best cut, in [-1, 1]; NaN where there is none, as for two models.
    null : float
        Silhouette that the best cut of models without families passes in a share alpha of the draws; 0.25 for 3 or 4
        models, NaN for 2 or if the cut was given.
    p : float
        Probability of a silhouette at least as high without families; NaN if it was not tested.
    stability : float array of shape (families,)
        Mean Jaccard similarity of each family to the cluster most like it, over the replicates; NaN without any.
    reason : str
        Why there are no families; empty if there are.
    """

    labels: Ints
    order: Ints
    linkage: Floats
    cut: float
    silhouette: float
    null: float
    p: float
    stability: Floats
    reason: str = ""

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the models of each family."""
        return tuple(tuple(np.flatnonzero(self.labels == family).tolist()) for family in range(len(self.stability)))

    @property
    def stable(self) -> tuple[bool, ...]:
        """Whether each family is found again among other items; False where this was not tried."""
        return tuple((self.stability >= STABLE).tolist())

    def to_dict(self, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Plain values, with models by name if names are given."""
        called = range(len(self.labels)) if names is None else names
        found = zip(self.members, self.stability.tolist(), self.stable, strict=True)
        return {
            "families": [
                {"models": [called[i] for i in members], "stability": stability, "stable": stable}
                for members, stability, stable in found
            ],
            "alone": [called[i] for i in np.flatnonzero(self.labels < 0).tolist()],
            "order": [called[i] for i in self.order.tolist()],
            "linkage": self.linkage.tolist(),
            "cut": self.cut,
            "silhouette": self.silhouette,
            "null": self.null,
            "p": self.p,
            "reason": self.reason,
        }


def families(
    similarity: Array,
    *,
    replicates: Iterable[Array] = (),
    threshold: float | None = None,
    draws: int | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> Families:
    r"""Families of models by average linkage of 1 - similarity, cut where the mean silhouette is highest.

    .. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)}

    with a the mean distance of a model to the rest of its family and b that to the nearest other family; 0 for a model
    that stands alone. From 2 clusters to one fewer than models are tried, beyond 64 only some of them; whether the best
    cut is believed depends on the number of models:

    - 2: never, for there is nothing to compare;
    - 3 or 4: if its mean silhouette is at least 0.25. This is not tested: too little is left to learn noise from;
    - 5 or more: if its mean silhouette beats models without families, p <= alpha, *or* is at least 0.5, whatever p.
      Models are then twice as close to their own cluster as to the next; a small pool is too few for the test.

    Of a cut that is believed, each cluster with a mean silhouette below `null` is taken apart again. That is 0.25 for 3
    or 4 models, and otherwise what the best cut of models without families passes in a share alpha of the draws. The
    similarities of these are drawn as :math:`\mu + r_i + r_j + \varepsilon_{ij}`, with the overall mean and the models'
    own effects as observed, and normal noise as wide as the residuals are: their standard deviation, or 1.4826 × median
    absolute deviation if that is less, corrected for the m numbers fitted. With a `threshold` none of this applies.

    In a simulation of models that share nothing but the difficulty of 1,000 items (skill and difficulty normal, κ of
    errors), families were found in 53 of 1,968 pools of 5 to 24 models, 2.7 % at alpha 5 %, all of them by the test,
    and in none of 656 pools of 3 or 4.

    That *all* models are one family cannot be seen here, for nothing lies outside: read the effective number of models.

    Parameters
    ----------
    similarity : array of shape (m, m), m >= 2
        Symmetric, 1 for copies, such as κ of errors; the diagonal is not read. A pair without a value (NaN) counts as
        the least alike pair that has one: what is not known makes no family.
    replicates : iterable of arrays of shape (m, m)
        The same measure on other draws of the items: bootstrap samples, or random halves. Read one by one, so a
        generator saves memory.
    threshold : float, optional
        Cut at this mean similarity between families instead; then nothing is tested.
    draws : int, optional
        Matrices without families; 99, beyond 300 models 19.
    alpha : float, default 0.05
        Share of pools without families in which some may be found.
    seed : int, default 0

    Returns
    -------
    Families

    Raises
    ------
    ShapeError
        If it is no square matrix of at least 2 models, or a replicate has another shape.
    DataError
        If it is not symmetric, or infinite somewhere.

    References
    ----------
    Rousseeuw 1987, Journal of Computational and Applied Mathematics 20; Hennig 2007, Computational Statistics & Data
    Analysis 52; Kaufman and Rousseeuw 1990, Finding Groups in Data.

    Examples
    --------
    >>> kappa = np.kron(np.eye(2), np.full((3, 3), 0.6)) + 0.1
    >>> families(kappa).members
    ((0, 1, 2), (3, 4, 5))
    """
    values = _checked(similarity)
    distances = _distances(values)
    tree = Tree.of(distances, ordered=True)
    count, silhouettes = best_cut(distances, tree)
    silhouette = float(silhouettes.mean())
    if threshold is None:
        null, p = _by_chance(1 - distances, silhouette, draws, alpha, seed)
        reason = _doubt(len(distances), silhouette, null, p, alpha)
    else:
        count, null, p, reason = tree.clusters_at(1 - threshold), np.nan, np.nan, ""
    clusters = tree.labels(len(distances) if reason else count)
    labels = _numbered(clusters if threshold is not None else _distinct(clusters, silhouettes, null))
    if not reason and labels.max() < 0:
        reason = "No cluster of models stands out." if threshold is None else "No two models are as alike as that."
    stability = _stability(labels, count, replicates)
    cut = np.nan if reason else tree.height(count)
    return Families(labels, tree.order, tree.linkage, cut, silhouette, null, p, stability, reason)


def _checked(similarity: Array) -> Floats:
    values = np.asarray(similarity, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        raise ShapeError(f"similarity has shape {values.shape}; pass a square matrix of at least 2 models.")
    off = ~np.eye(len(values), dtype=bool)
    if np.isinf(values[off]).any():
        raise DataError("similarity holds an infinite value; pass finite values, and NaN where there is none.")
    if not np.allclose(values[off], values.T[off], equal_nan=True):
        raise DataError("similarity is not symmetric; pass the mean of both directions.")
    return values


def _distances(values: Floats) -> Floats:
    off = ~np.eye(len(values), dtype=bool)
    known = off & ~np.isnan(values)
    least = values[known].min() if known.any() else 0.0
    # Rounding may lift a similarity above 1 and tell its two halves apart; a distance has neither.
    distances = np.where(known, np.maximum(1 - (values + values.T) / 2, 0), 1 - least)
    return np.where(off, distances, 0.0)


def _by_chance(
    similarity: Floats, silhouette: float, draws: int | None, alpha: float, seed: int
) -> tuple[float, float]:
    m = len(similarity)
    if m < FEW:
        return SUBSTANTIAL if m > 2 else np.nan, np.nan
    expected, scale = _without_families(similarity)
    rng, draws = np.random.default_rng(seed), draws or (99 if m <= 300 else 19)
    best = np.array([_drawn(expected, scale, rng) for _ in range(draws)])
    # As many of the draws may lie above the threshold as may reach the estimate before p passes alpha.
    above = max(int(alpha * (draws + 1) + ROUNDING), 1)
    return float(np.sort(best)[-above]), float((1 + (best >= silhouette - ROUNDING).sum()) / (draws + 1))


def _without_families(similarity: Floats) -> tuple[Floats, float]:
    """Similarities by the mean and the models' own effects alone, and how far the pairs stray from them."""
    m, upper = len(similarity), np.triu_indices(len(similarity), 1)
    sums = similarity.sum(axis=1) - np.diagonal(similarity)
    mean = sums.sum() / (m * (m - 1))
    effects = (sums - (m - 1) * mean) / (m - 2)
    expected = mean + effects[:, None] + effects[None, :]
    residuals = (similarity - expected)[upper]
    robust = 1.4826 * float(np.median(np.abs(residuals - np.median(residuals))))
    # A few pairs far out lift the one, pairs in two camps the other; normal noise lifts neither.
    spread = min(robust, float(residuals.std()))
    return expected, spread * float(np.sqrt(len(residuals) / (len(residuals) - m)))


def _drawn(expected: Floats, scale: float, rng: np.random.Generator) -> float:
    noise = np.triu(rng.normal(0, scale, expected.shape), 1)
    distances = np.maximum(1 - expected - noise - noise.T, 0)
    np.fill_diagonal(distances, 0)
    return float(best_cut(distances, Tree.of(distances))[1].mean())


def _doubt(m: int, silhouette: float, null: float, p: float, alpha: float) -> str:
    if m == 2:
        return "Two models cannot show families: there is nothing to compare their likeness with."
    if m < FEW and not silhouette >= null:
        return f"The best silhouette, {silhouette:.2f}, is below {null:.2f}: no substantial structure."
    if m >= FEW and p > alpha and silhouette < REASONABLE:
        return f"Models without families reach a silhouette of {silhouette:.2f} too (p = {p:.2f})."
    return ""


def _distinct(clusters: Ints, silhouettes: Floats, null: float) -> Ints:
    """Clusters without those that no better stand out than clusters of noise; their models stand alone."""
    own = clusters[:, None] == np.arange(clusters.max() + 1)
    weak = (silhouettes @ own) / own.sum(axis=0) < null
    return np.where(weak[clusters], len(weak) + np.arange(len(clusters)), clusters)


def _numbered(clusters: Ints) -> Ints:
    """Families of at least two models, the largest first, ties by their first model; -1 for models that are alone."""
    _, first, of, sizes = np.unique(clusters, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return np.where(sizes > 1, rank, -1)[of]


def _stability(labels: Ints, count: int, replicates: Iterable[Array]) -> Floats:
    total = int(labels.max()) + 1
    if not total:
        return np.empty(0)
    found = [_recovered(labels, count, replicate) for replicate in replicates]
    return np.mean(found, axis=0) if found else np.full(total, np.nan)


def _recovered(labels: Ints, count: int, replicate: Array) -> Floats:
    """Jaccard similarity of each family to the cluster most like it in as many clusters of a replicate."""
    values = _checked(replicate)
    if len(values) != len(labels):
        raise ShapeError(f"A replicate has {len(values)} models and similarity {len(labels)}; both need the same.")
    clusters = Tree.of(_distances(values)).labels(count)
    own = labels[:, None] == np.arange(labels.max() + 1)
    other = clusters[:, None] == np.arange(count)
    both = own.T.astype(np.float64) @ other
    return np.asarray((both / (own.sum(axis=0)[:, None] + other.sum(axis=0) - both)).max(axis=1))
