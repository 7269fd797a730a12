"""How good the rankings of held-out interactions are, by domain, beside popularity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.data.interactions import Interactions
from polyculture.measure.ranking import measure_rankings
from polyculture.recommend.answers import top_items
from polyculture.recommend.serving import Serving

if TYPE_CHECKING:
    import polars as pl

MEASURES = ("recall", "ndcg", "hit_rate", "mrr")


def judged(serving: Mapping[str, Serving], seen: sp.csr_array, held: Interactions, k: tuple[int, ...]) -> pl.DataFrame:
    """One row a domain and model: means over the users who have something held out there."""
    import polars as pl

    rows = []
    for name, domain in serving.items():
        relevant = held.matrix(domain=name)
        users = np.flatnonzero(np.diff(relevant.indptr))
        for model, of in baselines(domain).items():
            values = by_user(of, users, seen, relevant, k)
            means = {measure: float(np.mean(each)) if len(each) else float("nan") for measure, each in values.items()}
            rows.append({"domain": name, "model": model, "users": len(users), **means})
    return pl.DataFrame(rows)


def baselines(serving: Serving) -> dict[str, Serving]:
    """A domain as it is served, and as it would be without other domains, and by popularity."""
    found = {"fused": serving}
    if serving.alone:
        found["specialist"] = replace(serving, warm=serving.alone, cold=[], order=serving.alone_order)
    return found | {"popularity": replace(serving, warm=[], cold=[], order=None)}


def by_user(
    serving: Serving, users: Ints, seen: sp.csr_array, relevant: sp.csr_array, k: tuple[int, ...]
) -> dict[str, Floats]:
    """Each measure for each of these users, who all have something relevant."""
    most = min(max(k), len(serving.items))
    ranked, _ = top_items([serving], users, seen, most)
    padded = np.full((len(users), max(k)), -1)
    padded[:, :most] = ranked
    return measure_rankings(padded, relevant[users], k, measures=MEASURES)
