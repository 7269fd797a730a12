"""Topics as communities, and young communities."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError
from polyculture.surveying.counts import Counts, count
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.topics import as_communities, young_share


def tagged(topics: list[list[bool]]) -> Tagged:
    frame = pl.DataFrame(
        {"paper_id": list("abcd"), "community": ["ML", "AI", "ML", "AI"], "year": [2019, 2019, 2020, 2020]}
    )
    names = sp.csr_array(np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool))
    beside = {
        "topic": (("games", "robots"), sp.csr_array(np.array(topics))),
        "tool": (("t",), sp.csr_array(np.eye(4, 1, dtype=bool))),
    }
    return Tagged(Papers(frame, "memory"), ("f", "g"), ("f", "g"), (0, 1), (None, None), names, beside)


def test_a_paper_stands_in_each_of_its_topics() -> None:
    one = as_communities(tagged([[True, False], [True, True], [False, False], [False, True]]))
    assert one.papers.frame["paper_id"].to_list() == ["a#games", "b#games", "b#robots", "d#robots"]
    npt.assert_array_equal(one.names.toarray(), np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=bool))
    assert list(one.beside) == ["tool"]
    assert one.beside["tool"][1].toarray().ravel().tolist() == [True, False, False, False]
    found = count(one, "method")
    assert found.communities == ("games", "robots")
    npt.assert_array_equal(found.papers, [[2, 0], [1, 1]])


def test_no_topics_is_said_so() -> None:
    with pytest.raises(DataError, match="no paper names a topic"):
        as_communities(tagged([[False, False]] * 4))
    with pytest.raises(DataError, match="no theme was tagged"):
        as_communities(tagged([[True, False]] * 4), "theme")


def test_young_communities_are_those_that_began_later_and_lately() -> None:
    papers = np.array([[100] * 8, [0, 0, *[50] * 6]])
    naming = papers // 2
    holds = naming[..., None]
    years = tuple(range(2010, 2018))
    one = Counts(("old", "new"), years, ("m",), papers, naming, holds, holds)
    draws = Counts(("old", "new"), years, ("m",), *(np.stack([part] * 9) for part in (papers, naming, holds, holds)))
    found = young_share(one, draws, young=5)
    npt.assert_allclose(found["papers"].to_list(), [0, 0, *[1 / 3] * 5, 0])
    npt.assert_allclose(found["low"].to_list(), found["share"].to_list())
    assert found["communities"].to_list() == [0, 0, 1, 1, 1, 1, 1, 0]
