"""Tagging goes row by row, bears what files hold, and takes as long as the papers are many."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from method_examples import EXAMPLES

from polyculture.data.papers.types import Papers
from polyculture.surveying.vocabulary import Vocabulary, load_vocabulary, tag, tag_batches, tagging

VOCABULARY = load_vocabulary()
# expressions are compiled for every call: few suffice to tell whether rows are independent
SMALL = Vocabulary(
    {name: VOCABULARY.families[name] for name in ("rnn", "planning_control")},
    {"tool": VOCABULARY.beside["tool"]},
    "some of it",
)
KINDS = {"data set", "task", "tool", "compute", "topic"}
TITLES = [text for title, _, other, _ in EXAMPLES.values() for text in (title, other)]
rows = st.tuples(st.sampled_from([*TITLES, "", "العربية", "\u200f"]) | st.text(max_size=30), st.integers(1990, 2026))
papers_lists = st.lists(rows, min_size=1, max_size=12)


def papers(listed, abstracts=None):
    frame = pl.DataFrame(
        {
            "paper_id": [str(i) for i in range(len(listed))],
            "year": [year for _, year in listed],
            "title": [title for title, _ in listed],
            "abstract": abstracts or [None] * len(listed),
        },
        schema_overrides={"year": pl.Int32, "title": pl.String, "abstract": pl.String},
    )
    return Papers(frame, "memory")


def dense(tagged):
    return np.hstack([tagged.names.toarray(), *(names.toarray() for _, names in tagged.beside.values())])


@settings(max_examples=25, deadline=None)
@given(papers_lists, st.randoms())
def test_the_order_of_rows_does_not_matter(listed, random):
    order = list(range(len(listed)))
    random.shuffle(order)
    whole = dense(tag(papers(listed), SMALL))
    npt.assert_array_equal(dense(tag(papers([listed[i] for i in order]), SMALL)), whole[order])


@settings(max_examples=25, deadline=None)
@given(papers_lists, papers_lists)
def test_batches_give_what_the_whole_gives(first, second):
    parts = [dense(tagged) for tagged in tag_batches([papers(first), papers(second)], SMALL)]
    npt.assert_array_equal(np.vstack(parts), dense(tag(papers(first + second), SMALL)))


def test_slices_within_give_what_the_whole_gives(monkeypatch):
    listed = [(title, 2020) for title in TITLES]
    whole = dense(tag(papers(listed), SMALL))
    monkeypatch.setattr(tagging, "_ROWS", 50)
    npt.assert_array_equal(dense(tag(papers(listed), SMALL)), whole)


def test_shapes_and_names():
    tagged = tag(papers([("Word embeddings on ImageNet with GPUs", 2016)]), VOCABULARY)
    assert tagged.names.shape == (1, len(tagged.methods))
    assert tagged.names.dtype == bool
    assert len(tagged.family_of) == len(tagged.first_known) == len(tagged.methods)
    assert set(tagged.beside) == KINDS
    names, found = tagged.beside["data set"]
    assert [names[i] for i in found.indices] == ["imagenet"]
    names, found = tagged.beside["compute"]
    assert [names[i] for i in found.indices] == ["gpu"]


def test_topics_tell_communities_without_a_venue():
    listed = [("Policy gradients converge", 2019), ("Federated learning of keyboards", 2019), ("Parsing", 2019)]
    names, found = tag(papers(listed), VOCABULARY).beside["topic"]
    assert [[names[i] for i in found[[row]].indices] for row in range(3)] == [
        ["reinforcement_learning"],
        ["federated_learning"],
        [],
    ]


def test_no_papers():
    empty = tag(Papers(papers([("a", 2000)]).frame[:0], "memory"), SMALL)
    assert empty.names.shape == (0, len(SMALL.methods))


def test_missing_titles_abstracts_and_years():
    frame = papers([("LSTMs", 2016), ("LSTMs", 2016), ("LSTMs", 2016)], ["We use GANs.", None, None]).frame
    frame = frame.with_columns(
        title=pl.Series(["LSTMs", None, "LSTMs"]), year=pl.Series([2016, 2016, None], dtype=pl.Int32)
    )
    tagged = tag(Papers(frame, "memory"), VOCABULARY)
    assert [sorted(tagged.methods[m] for m in tagged.names[[row]].indices) for row in range(3)] == [
        ["gated", "generative_adversarial"],
        [],
        [],  # nobody knows whether it is late enough
    ]


def test_papers_without_a_column_of_abstracts():
    given_papers = papers([("LSTMs", 2016)])
    bare = dataclasses.replace(given_papers, frame=given_papers.frame.drop("abstract"))
    npt.assert_array_equal(dense(tag(bare, SMALL)), dense(tag(given_papers, SMALL)))


def test_abstracts_can_be_left_out():
    listed = papers([("Faces", 2018)], ["We train a GAN."])
    assert tag(listed, VOCABULARY).names.nnz == 1
    assert tag(listed, VOCABULARY, abstracts=False).names.nnz == 0


def test_many_equal_titles_take_no_longer_than_many_different_ones():
    equal = papers([("Deep reinforcement learning with a transformer", 2020)] * 5_000)
    different = papers([(f"{TITLES[i % len(TITLES)]} {i}", 2020) for i in range(5_000)])
    took = []
    for each in (different, equal):
        begin = perf_counter()
        tag(each, VOCABULARY)
        took.append(perf_counter() - begin)
    assert took[1] < 10 * took[0] + 1


def labels():
    listed = Path(__file__).resolve().parents[3] / "benchmarks" / "survey_titles.csv"
    return pl.read_csv(listed, schema_overrides={"paper_id": pl.String}).with_columns(pl.col("families").fill_null(""))


def last_round(family):
    """The drawing that followed the last change of the family's patterns."""
    return {"cnn": 4, "hand_crafted": 4, "optimisation": 4, "symbolic": 6}.get(family, 3)


def test_labelled_titles_stand_once_and_name_families_that_they_were_drawn_for():
    listed = labels()
    assert listed["paper_id"].is_unique().all()
    for part, drawn, families in listed.select("part", "round", "families").iter_rows():
        assert (part, drawn) in {("development", None), *(("held_out", later) for later in (3, 4, 5, 6))}
        assert all(name in VOCABULARY.families for name in families.split())
        assert drawn != 4 or all(last_round(name) >= 4 for name in families.split())
        assert drawn not in {5, 6} or families in {"", "symbolic"}


@pytest.mark.data
def test_labelled_titles_are_tagged_as_precisely_as_documented():
    folder = os.environ.get("POLYCULTURE_DATA")
    if folder is None:
        pytest.skip("POLYCULTURE_DATA names no folder")
    found = pl.read_parquet(Path(folder, "papers", "papers.parquet"), columns=["paper_id", "year", "title"])
    judged = labels().filter(pl.col("part") == "held_out")
    titles = judged.join(found, on="paper_id", how="left", maintain_order="left")
    tagged = tag(Papers(titles, "papers.parquet"), VOCABULARY)
    names, family, drawn = tagged.names.toarray(), np.asarray(tagged.family_of), titles["round"].to_numpy()
    for position, name in enumerate(tagged.families):
        rows = drawn == last_round(name)
        said = names[:, family == position].any(axis=1)[rows]
        true = np.array([name in given.split() for given in titles["families"]])[rows]
        assert (said & true).sum() >= 0.95 * said.sum()
        assert (said & true).sum() >= 0.85 * true.sum()
