"""Whether domains have weighty words of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.explain.words import Reasons


def domain_specificity(
    reasons: Sequence[Reasons], domain: Array, *, permutations: int = 200, seed: int = 0
) -> dict[str, float]:
    r"""How different the domains' weighty words are.

    .. math:: s = 1 - \frac{2}{D(D-1)} \sum_{d<e} \cos(v_d, v_e)

    with :math:`v_d` the sums of absolute weights by word over items of domain d. The null permutes domains of items:
    few items have few words in common whatever their domain.

    Parameters
    ----------
    reasons : sequence of n Reasons
    domain : array of str, shape (n,)
    permutations, seed : int

    Returns
    -------
    dict
        ``estimate``; ``null``, its mean over permutations; ``p``, the share of permutations at least as large (one
        added to both).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import Reasons, domain_specificity
    >>> reasons = [Reasons([word], np.ones(1), 0) for word in ("plot", "plot", "battery", "battery")]
    >>> domain_specificity(reasons, np.array(["films", "films", "phones", "phones"]))["estimate"]
    1.0
    """
    names, codes = np.unique(domain, return_inverse=True)
    terms = sorted({w.strip().lower() for r in reasons for w in r.words})
    place = {term: i for i, term in enumerate(terms)}
    weights = np.zeros((len(reasons), len(terms)))
    for i, r in enumerate(reasons):
        np.add.at(weights[i], [place[w.strip().lower()] for w in r.words], np.abs(r.weights))
    observed = _apart(weights, codes, len(names))
    rng = np.random.default_rng(seed)
    null = np.array([_apart(weights, rng.permutation(codes), len(names)) for _ in range(permutations)])
    return {
        "estimate": observed,
        "null": float(null.mean()),
        "p": float((1 + (null >= observed).sum()) / (1 + permutations)),
    }


def _apart(weights: Floats, codes: Ints, count: int) -> float:
    sums = np.stack([weights[codes == d].sum(axis=0) for d in range(count)])
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    upper = np.triu_indices(count, 1)
    return float(1 - (unit @ unit.T)[upper].mean()) if count > 1 else 0.0
