"""Papers counted batch by batch are those counted at once, whatever batch they stand in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from made_papers import random_papers

from polyculture.errors import DataError, ParameterError
from polyculture.surveying import survey
from polyculture.surveying.corpus import batch_of, corpus_of, corpus_of_batches
from polyculture.surveying.patterns import LEVELS
from polyculture.surveying.sources import rows_at_once, taken
from polyculture.surveying.tagged import Tagged

TITLES = [
    "Convolutional networks for edges",
    "A transformer for parsing",
    "On maps",
    "Reinforcement learning with LSTMs",
]


def summed_up(parts):
    return corpus_of_batches(batch_of(part, lambda _: False) for part in parts)


def with_topics(seed: int) -> Tagged:
    tagged = random_papers(seed, papers=20)
    has = np.random.default_rng(seed).random((len(tagged.papers), 2)) < [0.2, 0.01]
    return replace(tagged, beside={"topic": (("games", "robots"), sp.csr_array(has))})


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_batches_add_up_to_the_whole(seed, parts):
    tagged, rng = with_topics(seed), np.random.default_rng(seed)
    which = rng.integers(0, parts, len(tagged.papers))
    one, many = corpus_of(tagged), summed_up(taken(tagged, np.flatnonzero(which == k)) for k in range(parts))
    assert (many.papers, many.tagged) == (len(tagged.papers), None)
    for level in LEVELS:
        for whole, summed in ((one.patterns, many.patterns), (one.topics, many.topics)):
            assert whole[level].communities == summed[level].communities
            assert whole[level].years == summed[level].years
            npt.assert_array_equal(whole[level].sets, summed[level].sets)
            npt.assert_array_equal(whole[level].held.toarray(), summed[level].held.toarray())


def test_what_was_counted_is_added_and_what_is_cut_is_said():
    tagged = random_papers()
    cut = replace(tagged.papers, counted={"no year, left out": 2}, partial="made ends in the middle")
    found = summed_up([replace(tagged, papers=cut), tagged, replace(tagged, papers=cut)])
    assert found.counted == {"no year, left out": 4}
    assert found.partial == "made ends in the middle"
    assert found.source == "made"


def test_batches_without_papers_are_refused():
    with pytest.raises(DataError, match="made: no papers are left"):
        summed_up([taken(random_papers(), np.arange(0))])


def papers_file(folder, rows: int = 400):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "paper_id": [str(place) for place in range(rows)],
            "community": rng.choice(["CV", "NLP"], rows),
            "year": 2018 + rng.integers(0, 4, rows),
            "title": [f"{title} {place}" for place, title in enumerate(rng.choice(TITLES, rows))],
        }
    )
    frame.write_csv(folder / "papers.csv")
    return folder / "papers.csv"


def test_numbers_do_not_depend_on_the_batches_in_which_papers_are_read(tmp_path):
    path = papers_file(tmp_path)
    asked = {"draws": 20, "nulls": 20, "least": 10, "years": (2019, 2021)}
    whole, parts = survey(path, batch=0, **asked).to_dict(), survey(path, batch=70, **asked).to_dict()
    assert whole["duplication"]
    assert not parts["duplication"]
    assert "batch=0" in parts["not_measured"]["duplication"]
    assert "batch=0" in parts["not_measured"]["associations"]
    for name in set(whole) - {"duplication", "associations", "not_measured"}:
        npt.assert_equal(parts[name], whole[name], err_msg=name)


def test_a_community_that_is_in_no_batch_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no community 'IR'; there are CV, NLP"):
        survey(papers_file(tmp_path), communities=["CV", "IR"], batch=100, draws=20, nulls=20)


def test_only_large_files_are_read_in_batches_unless_one_is_asked_for(tmp_path, monkeypatch):
    path = papers_file(tmp_path)
    assert rows_at_once(path, None) == 0
    assert rows_at_once([path], 50) == 50
    assert rows_at_once(tmp_path / "missing.csv", None) == 0
    assert rows_at_once(pl.read_csv(path), 50) == 0
    monkeypatch.setattr("polyculture.surveying.sources.LARGE_TEXT", 1000)
    assert rows_at_once(tmp_path, None) > 0
    assert rows_at_once(path, 0) == 0
    with pytest.raises(ParameterError, match="batch is -1"):
        rows_at_once(path, -1)
