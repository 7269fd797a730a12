"""Topics measured as communities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from made_papers import random_papers

from polyculture.surveying import survey

HOW = {"questions": ["topics"], "draws": 40, "nulls": 20, "least": 10}


@pytest.fixture(scope="module")
def tagged():
    """Every second paper is on games, those from 2012 on robots as well."""
    papers = random_papers(papers=60)
    year = papers.papers.frame["year"].to_numpy()
    has = np.stack([np.arange(len(year)) % 2 == 0, year >= 2012], axis=1)
    return replace(papers, beside={"topic": (("games", "robots"), sp.csr_array(has))})


def test_topics_stand_beside_communities_and_not_among_them(tagged):
    found = survey(tagged, **HOW)
    assert found.communities == ["A", "B", "C"]
    assert {row["topic"] for row in found.topics["cells"]} == {"games", "robots"}
    papers = {(row["topic"], row["year"]): row["papers"] for row in found.topics["cells"]}
    assert papers["games", 2010] == 90
    assert papers["robots", 2013] == 180
    assert ("robots", 2010) not in papers
    assert {"topics.cells", "topics.adoption", "topics.diversity", "topics.young"} <= set(found.frames())


def test_a_topic_is_measured_as_a_community_of_its_papers_would_be(tagged):
    found = survey(tagged, **HOW)
    some = tagged.names[np.flatnonzero(tagged.papers.frame["year"].to_numpy() == 2013)].toarray()
    families = np.stack([some[:, start : start + 2].any(axis=1) for start in (0, 2, 4)], axis=1)
    shares = {
        row["family"]: row["share"]
        for row in found.topics["adoption"]
        if (row["topic"], row["year"]) == ("robots", 2013)
    }
    assert list(shares.values()) == pytest.approx(families.mean(axis=0).tolist())
    for row in found.topics["diversity"]:
        assert row["low"] <= row["estimate"] <= row["high"] or np.isnan(row["low"])
    young = {row["year"]: row["papers"] for row in found.topics["young"]}
    assert young[2013] == pytest.approx(180 / 270)
    assert young[2011] == 0


def test_without_topics_it_is_said_that_there_are_none():
    found = survey(random_papers(), **HOW)
    assert not found.topics
    assert found.not_measured["topics"] == "no paper names a topic of the vocabulary"
