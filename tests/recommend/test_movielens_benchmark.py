"""The benchmark on MovieLens cuts as its first lines say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from polyculture.data.interactions import Interactions

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import movielens


@pytest.mark.parametrize(("films", "held"), [(3, 1), (19, 1), (20, 2), (39, 3)])
def test_a_tenth_rounded_down_is_held_out_twice(films: int, held: int) -> None:
    rows = [(user, film) for user in "ab" for film in range(films)]
    users, items = (list(column) for column in zip(*rows, strict=True))
    data = movielens.split(Interactions.of(users, items), 0)
    for user in (0, 1):
        mine = data.take(data.user == user)
        counts = {name: int(mine.within(name).sum()) for name in ("test", "validation", "train")}
        assert counts == {"test": held, "validation": held, "train": films - 2 * held}
