"""The training loop that every network here goes through."""

from __future__ import annotations

from polyculture.training.loop import Disturb, Schedule, judge, train
from polyculture.training.objectives import Objective, classification, supervised
from polyculture.training.standing import Checkpoint, Epoch
from polyculture.training.steps import averaged, batch_for, batches, optimiser, threads

__all__ = [
    "Checkpoint",
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
