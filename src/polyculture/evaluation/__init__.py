"""How good, how general, how alike: the questions that a fitted model is asked."""

from __future__ import annotations

from polyculture.evaluation.judge import evaluate
from polyculture.evaluation.result import SCHEMA, Evaluation

__all__ = ["SCHEMA", "Evaluation", "evaluate"]
