"""Models that are small, and fitted once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from explained import SMALL, numbers, sentences

from polyculture import CrossDomainClassifier
from polyculture.features.backbone import Backbone


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks gain nothing from more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def of_texts() -> CrossDomainClassifier:
    """Two encoders, a graph of neighbours, experts of two domains."""
    texts, labels = sentences()
    model = CrossDomainClassifier(
        ("lexical:words", "lexical:characters"), graph="same", hops=(1,), components=8, backbone=SMALL, neighbours=4
    )
    return model.fit(texts, labels, domain=np.repeat(["a", "b"], 60))


@pytest.fixture(scope="session")
def of_numbers() -> CrossDomainClassifier:
    """Numbers of two domains that disagree, without a graph."""
    x, y, domain = numbers()
    return CrossDomainClassifier(graph="none", backbone=Backbone((32,), (0, 0), epochs=30)).fit(x, y, domain=domain)
