"""How good, how general, how alike: the questions that a fitted model is asked."""

from __future__ import annotations

from polyculture.evaluate.judge import evaluate
from polyculture.evaluate.result import SCHEMA, Evaluation

__all__ = ["SCHEMA", "Evaluation", "evaluate"]
