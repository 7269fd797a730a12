"""Tagged papers for the tests of a survey."""

from __future__ import annotations

import numpy as np
import polars as pl
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.surveying.tagged import Tagged


def tagged_of(community, year, named, families=None, owner=None) -> Tagged:
    """Papers from arrays: communities, years, and booleans of shape (papers, methods)."""
    named = np.asarray(named, dtype=bool)
    methods = tuple(f"m{place}" for place in range(named.shape[1]))
    owner = tuple(range(named.shape[1])) if owner is None else owner
    families = families or tuple(f"f{place}" for place in range(max(owner) + 1))
    frame = pl.DataFrame(
        {
            "paper_id": [str(place) for place in range(len(named))],
            "community": [str(name) for name in community],
            "year": [int(each) for each in year],
            "title": [f"paper {place}" for place in range(len(named))],
        }
    )
    return Tagged(Papers(frame, "made"), families, methods, owner, (None,) * len(methods), sp.csr_array(named), {})


def random_papers(
    seed: int = 0, communities: int = 3, years: int = 4, papers: int = 60, methods: int = 6, alike: bool = False
) -> Tagged:
    """Papers that name none, one or two methods; communities have shares of their own unless they are alike."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(methods), size=communities)
    if alike:
        shares[:] = shares[0]
    rows, place, year = [], [], []
    for c in range(communities):
        for y in range(years):
            for _ in range(papers):
                size = rng.choice(3, p=[0.3, 0.5, 0.2])
                row = np.zeros(methods, dtype=bool)
                row[rng.choice(methods, size=size, replace=False, p=shares[c])] = True
                rows.append(row)
                place.append("ABCDEF"[c])
                year.append(2010 + y)
    return tagged_of(place, year, rows, owner=tuple(each // 2 for each in range(methods)))
