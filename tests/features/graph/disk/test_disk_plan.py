from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import MemoryLimitError
from polyculture.features.graph.disk import plan as module
from polyculture.features.graph.disk.plan import plan, shares


@settings(max_examples=200, deadline=None)
@given(
    degrees=st.lists(st.integers(0, 500), min_size=1, max_size=200),
    width=st.integers(4, 2000),
    index=st.sampled_from([4, 8]),
    memory=st.integers(10_000, 2_000_000),
)
def test_blocks_cover_everything_once_and_keep_to_the_formula(degrees, width, index, memory):
    ends = np.append(0, np.cumsum(degrees))
    nodes = len(degrees)
    try:
        found = plan(ends, width, index, memory)
    except MemoryLimitError:
        # a quarter of the memory is always enough for the largest row and a column
        assert module.NODE_BYTES * nodes + 4 * (3 * width + 2 * (index + 8) * max(degrees) + width) > memory
        return
    for ranges in (found.rows, found.columns):
        assert [low for low, _ in ranges] == [0, *(high for _, high in ranges[:-1])]
        assert ranges[-1][1] == nodes
        assert all(low < high for low, high in ranges)
    widest = max(high - low for low, high in found.columns)
    for low, high in found.rows:
        entries = int(ends[high] - ends[low])
        assert 64 * nodes + 3 * (high - low) * width + 2 * entries * (index + 8) + widest * width <= memory


def test_all_columns_are_held_where_they_fit():
    ends = np.arange(1001) * 5
    assert plan(ends, 256, 4, 10**6).held
    assert not plan(ends, 256, 4, 3 * 10**5).held


def test_blocks_end_early_enough_to_lose_little(monkeypatch):
    monkeypatch.setattr(module, "_STEP", 50)
    found = plan(np.arange(101) * 5, 8, 4, 10**9)
    assert found.held
    assert len(found.rows) == 10


def test_too_little_memory_says_how_much_it_takes():
    with pytest.raises(MemoryLimitError, match=r"over 1,000 nodes needs at least 1 MB, and 0 MB are allowed"):
        plan(np.append(0, np.full(1000, 10_000)), 256, 4, 10**5)


def test_shares_have_about_as_many_entries_each():
    ends = np.append(0, np.cumsum([1, 1, 1, 98, 50, 50, 1, 1]))
    assert shares(ends, (0, 8), 2) == [(0, 4), (4, 8)]
    assert shares(ends, (4, 5), 3) == [(4, 5)]
    assert [low for low, _ in shares(np.zeros(9, int), (0, 8), 4)] == [0]
