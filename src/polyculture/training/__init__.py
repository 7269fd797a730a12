"""The training loop that every network here goes through."""

from __future__ import annotations

from polyculture.training.loop import Disturb, Epoch, Schedule, judge, train
from polyculture.training.objectives import Objective, classification, supervised
from polyculture.training.steps import averaged, batch_for, batches, optimiser, threads

__all__ = [
    "Disturb",
    "Epoch",
    "Objective",
    "Schedule",
    "averaged",
    "batch_for",
    "batches",
    "classification",
    "judge",
    "optimiser",
    "supervised",
    "threads",
    "train",
]
