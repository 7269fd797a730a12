"""Evaluations for the tests of the report."""

from __future__ import annotations

import pytest
from made import Make, full

from polyculture.evaluation import Evaluation


@pytest.fixture
def make() -> Make:
    return full


@pytest.fixture
def bare(make: Make) -> Evaluation:
    """Accuracy and nothing else."""
    return Evaluation(accuracy=make().accuracy)
