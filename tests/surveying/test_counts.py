"""Counting papers by the sets of names that they carry gives what counting them one by one gives."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_papers import random_papers, tagged_of

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError, ParameterError
from polyculture.surveying.counts import count
from polyculture.surveying.patterns import named_at, patterns_of
from polyculture.surveying.tagged import Tagged


def one_by_one(tagged: Tagged, level: str):
    """Papers, naming, holds and parts of each cell, without any shortcut."""
    named = tagged.names.toarray().astype(bool)
    if level == "family":
        owner = np.array(tagged.family_of)
        named = np.stack([named[:, owner == family].any(axis=1) for family in range(len(tagged.families))], axis=1)
    frame = tagged.papers.frame
    communities, years = sorted(set(frame["community"])), range(frame["year"].min(), frame["year"].max() + 1)
    found = []
    for community in communities:
        for year in years:
            here = named[((frame["community"] == community) & (frame["year"] == year)).to_numpy()]
            sizes = here.sum(axis=1)
            parts = here[sizes > 0] / sizes[sizes > 0, None]
            found.append((len(here), (sizes > 0).sum(), here.sum(axis=0), parts.sum(axis=0)))
    return [np.array(part, dtype=float) for part in zip(*found, strict=True)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.sampled_from(["family", "method"]))
def test_counts_equal_those_of_papers_one_by_one(seed, methods, level):
    rng = np.random.default_rng(seed)
    papers = rng.integers(1, 40)
    named = rng.random((papers, methods)) < 0.1
    owner = tuple(np.sort(rng.integers(0, 3, methods)).tolist())
    tagged = tagged_of(rng.choice(["B", "A"], papers), rng.integers(2010, 2014, papers), named, ("x", "y", "z"), owner)
    found, expected = count(tagged, level), one_by_one(tagged, level)
    for part, known in zip((found.papers, found.naming, found.holds, found.parts), expected, strict=True):
        np.testing.assert_allclose(part.reshape(known.shape), known, atol=1e-12)


def test_parts_of_a_cell_add_up_to_the_papers_that_name_something():
    found = count(random_papers(), "method")
    np.testing.assert_allclose(found.parts.sum(axis=-1), found.naming)


def test_a_year_without_papers_lies_between_others():
    found = count(tagged_of(["A", "A"], [2010, 2012], [[True], [True]]))
    assert found.years == (2010, 2011, 2012)
    assert found.papers.tolist() == [[1, 0, 1]]


def test_patterns_are_distinct_and_hold_every_paper():
    patterns = patterns_of(random_papers(methods=70), "method")
    assert len(np.unique(patterns.sets, axis=0)) == len(patterns.sets)
    assert patterns.held.sum() == 3 * 4 * 60


def test_more_names_than_a_number_has_digits_are_told_apart():
    named = np.eye(130, dtype=bool)
    patterns = patterns_of(tagged_of(["A"] * 130, [2010] * 130, named), "method")
    assert sorted(map(tuple, patterns.sets)) == sorted(map(tuple, named.astype(np.float32)))


def test_a_family_is_named_once_however_many_of_its_methods_are():
    names, named = named_at(tagged_of(["A"], [2010], [[True, True, False]], ("x", "y"), (0, 0, 1)), "family")
    assert names == ("x", "y")
    assert named.toarray().tolist() == [[1, 0]]


def test_an_unknown_level_is_refused():
    with pytest.raises(ParameterError, match="level is 'tribe'; use one of family, method"):
        count(random_papers(), "tribe")


def test_no_papers_are_refused():
    empty = tagged_of(["A"], [2010], [[True]])
    none = Tagged(Papers(pl.DataFrame(empty.papers.frame.clear()), "f.csv"), *list(vars(empty).values())[1:])
    with pytest.raises(DataError, match=r"f\.csv: no papers are left"):
        count(none)
