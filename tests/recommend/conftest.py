"""Interactions whose tastes are known: two tastes, each with its own items in every domain."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.data.interactions import Interactions
from polyculture.recommend import CrossDomainRecommender


def tastes(users: int = 80, items: int = 12, each: int = 5, seed: int = 0, domains: str = "ab") -> Interactions:
    """A user of taste t takes items whose number is of t's parity, in each domain; one in ten is of the other taste."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        for domain in domains:
            for item in rng.permutation(items)[:each].tolist():
                taste = (user + int(rng.random() < 0.1)) % 2
                rows.append((f"u{user:03d}", f"{domain}{2 * item + taste:02d}", domain))
    names, items_, homes = (list(column) for column in zip(*sorted(set(rows)), strict=True))
    return Interactions.of(names, items_, domain=homes)


@pytest.fixture(scope="session")
def two_domains() -> Interactions:
    """Two domains, eighty users."""
    return tastes()


@pytest.fixture(scope="session")
def model(two_domains: Interactions) -> CrossDomainRecommender:
    """Fitted without the first four users' history in domain b."""
    new = two_domains.user < 4
    data = two_domains.take(~(new & (two_domains.domain == 1)))
    return CrossDomainRecommender(("popularity", "spectral", "ease"), vectors=8, k=3).fit(data)
