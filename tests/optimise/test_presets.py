from __future__ import annotations

import pytest

from polyculture.cli.fit import TASKS
from polyculture.optimise.presets import PRESETS
from polyculture.preprocess.images import CHANGES

RATES = {"sensitivity", "specificity", "precision", "calibration", "worst domain"}


def test_the_command_knows_every_task():
    assert tuple(PRESETS) == TASKS


@pytest.mark.parametrize("task", list(PRESETS))
def test_every_change_and_rate_is_one_that_there_is(task):
    preset = PRESETS.load(task)
    assert set(preset.judged_by) <= RATES
    for encoder in preset.encoders():
        assert encoder.reads == "image"
        assert set(encoder.augment) <= set(CHANGES)


def test_what_changes_a_label_is_left_out_where_sides_matter():
    for encoder in PRESETS.load("medical-image").encoders():
        assert "flip" not in encoder.augment
        assert encoder.mixup == 0
