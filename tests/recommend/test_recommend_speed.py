"""The benchmark of speed: every job that needs no peer runs, and gives what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import recommend_speed


@pytest.mark.parametrize("job", ["polyculture", "plain NumPy", "recommender"])
def test_a_job_recommends_what_a_user_lacks(job: str) -> None:
    seen = recommend_speed.taken(80, 300)
    found = recommend_speed.JOBS[job](seen, 5)()
    assert found.shape == (80, 5)
    assert not seen.toarray()[np.arange(80)[:, None], found].any()
    assert recommend_speed.one(job, 80, 300, 5)["users a second"] > 0


def test_kernels_agree() -> None:
    seen = recommend_speed.taken(60, 200)
    np.testing.assert_array_equal(recommend_speed.ours(seen, 5)(), recommend_speed.plain(seen, 5)())
