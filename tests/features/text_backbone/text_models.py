"""Fixtures: a tiny model, texts whose class is a word, and one thread."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).parents[1] / "encoders"))

TEXTS = [
    "a good day",
    "the film was bad",
    "good meal .",
    "a long bad meal",
    "the good film was long",
    "bad",
    "good",
    "",
]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small networks gain nothing from more threads, and wait for one another where tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    pytest.importorskip("transformers")
    from tiny_models import bert

    return bert(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def texts():
    return np.array([t for t in TEXTS if t] * 8, dtype=object)


@pytest.fixture(scope="session")
def labels(texts):
    return np.array([int("good" in text) for text in texts])
