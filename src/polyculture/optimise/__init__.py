"""Step 5: the fused model for the task at hand: a short fine-tuning, calibration, a threshold, further heads."""

from __future__ import annotations

from polyculture.optimise.calibrate import expected_calibration_error, sharpen, temperature
from polyculture.optimise.fine_tune import fine_tune_merged
from polyculture.optimise.task_head import TaskHead
from polyculture.optimise.threshold import best_threshold

__all__ = ["TaskHead", "best_threshold", "expected_calibration_error", "fine_tune_merged", "sharpen", "temperature"]
