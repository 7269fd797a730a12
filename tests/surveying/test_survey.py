"""A survey from a source to a result."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_papers import random_papers, tagged_of

from polyculture.errors import DataError, ParameterError
from polyculture.surveying import SurveyResult, survey
from polyculture.surveying.headline import headline
from polyculture.surveying.settings import QUESTIONS
from polyculture.surveying.sources import taken
from polyculture.surveying.tables import records, tables

KEYS = (
    "schema", "papers", "communities", "adoption", "diversity", "divergence", "transfer", "duplication", "openings",
    "not_measured",
)  # fmt: skip
NUMBERS = {"estimate", "low", "high", "null", "calibrated", "p"}


@pytest.fixture(scope="module")
def found() -> SurveyResult:
    return survey(random_papers(papers=80, years=5), draws=60, nulls=40, least=20)


def test_the_json_has_the_keys_that_scripts_rely_on(found, tmp_path):
    found.to_json(tmp_path / "survey.json")
    plain = json.loads((tmp_path / "survey.json").read_text())
    assert next(iter(plain)) == "schema"
    assert set(KEYS) <= set(plain)
    assert plain["schema"] == "polyculture.survey/1"
    assert plain["papers"] == 3 * 5 * 80
    assert plain["communities"] == ["A", "B", "C"]
    for row in plain["divergence"]:
        assert {"level", "conditional", "year", "measure", *NUMBERS} <= set(row)
    for row in plain["adoption"]:
        assert {"community", "year", "family", "method", "share", "low", "high"} <= set(row)
    assert SurveyResult.from_dict(plain).to_dict() == plain


def test_every_question_and_both_levels_are_answered(found):
    for rows in (found.diversity, found.divergence, found.pairs, found.convergence):
        assert {(row["level"], row["conditional"]) for row in rows} == {
            (level, conditional) for level in ("family", "method") for conditional in (True, False)
        }
        assert all(row["low"] <= row["estimate"] <= row["high"] for row in rows if not np.isnan(row["low"]))
    assert {row["measure"] for row in found.diversity} == {"hill_0", "hill_1", "hill_2", "hhi", "gini"}
    for name in ("transfer", "duplication", "openings", "exploration"):
        assert getattr(found, name)


def test_adoption_says_of_what_level_a_name_is(found):
    families = [row for row in found.adoption if row["level"] == "family"]
    methods = [row for row in found.adoption if row["level"] == "method"]
    assert {row["family"] for row in families} == {"f0", "f1", "f2"}
    assert all(row["method"] is None for row in families)
    assert {(row["family"], row["method"]) for row in methods} >= {("f0", "m0"), ("f0", "m1"), ("f2", "m5")}


def test_the_same_seed_gives_the_same_numbers_on_any_number_of_threads(found):
    again = survey(random_papers(papers=80, years=5), draws=60, nulls=40, least=20, jobs=1)
    for name in ("diversity", "divergence", "convergence"):
        one, two = (pl.DataFrame(getattr(each, name)) for each in (found, again))
        assert one.equals(two, null_equal=True)


def test_intervals_that_cover_too_little_say_so(found):
    for rows, doubtful in (
        (found.diversity, {"hill_0"}),
        (found.divergence, {"nestedness"}),
        (found.pairs, {"nestedness"}),
        (found.convergence, {"beta_convergence"}),
    ):
        assert {row["measure"] for row in rows if row["interval"]} == doubtful


def test_only_what_is_asked_is_measured_and_the_rest_is_named(found):
    few = survey(random_papers(), questions=["diversity"], draws=20, nulls=20)
    assert few.diversity
    assert not few.divergence
    assert not few.transfer
    assert set(QUESTIONS) - {"diversity"} <= set(few.not_measured)
    assert not set(QUESTIONS) & set(found.not_measured) - {"associations", "topics"}


def test_communities_and_years_are_chosen():
    few = survey(
        random_papers(), communities=["A", "C"], years=(2011, 2013), questions=["divergence"], draws=20, nulls=20
    )
    assert few.communities == ["A", "C"]
    assert few.years == [2011, 2013]
    assert few.papers == 2 * 3 * 60


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        ({"communities": ["A", "Z"]}, DataError, "made: there is no community 'Z'; there are A, B, C"),
        ({"years": (1990, 1991)}, DataError, "made: no papers are left"),
        ({"years": (2013, 2010)}, ParameterError, "years is"),
        ({"years": (2013,)}, ParameterError, "years is"),
        ({"draws": 3}, ParameterError, "draws is 3; use 20 or more"),
        ({"questions": "diversity"}, ParameterError, "questions is 'diversity'; pass a sequence"),
        ({"confidence": 1.0}, ParameterError, "confidence is 1.0"),
    ],
)
def test_what_cannot_be_asked_is_refused(how, error, says):
    with pytest.raises(error, match=says):
        survey(random_papers(), **how)


def test_few_papers_are_no_error_but_are_not_measured():
    tiny = survey(tagged_of(["A", "B"], [2010, 2011], [[True], [False]]), draws=20, nulls=20)
    assert not tiny.diversity
    assert "convergence, family" in tiny.not_measured
    assert any("communities and years" in what for what in tiny.not_measured)
    assert "2 papers of 2 communities, 2010 to 2011." in str(tiny)


def test_papers_that_name_nothing_are_surveyed():
    none = survey(tagged_of(["A"] * 50, [2010] * 50, np.zeros((50, 2))), draws=20, nulls=20)
    assert not none.diversity
    assert all(row["share"] == 0 for row in none.adoption)


def test_the_headline_says_which_question_it_answers(found):
    said = headline(found)
    assert said.startswith("1,200 papers of 3 communities, 2010 to 2014:")
    assert "among papers that name a method" in said
    assert said in str(found)


def test_the_headline_tells_both_trends(found):
    said = headline(found)
    for conditional, asked in ((True, "among papers that name a method"), (False, "among all papers")):
        row = next(row for row in found.convergence if (row["level"], row["conditional"]) == ("family", conditional))
        assert f"{row['corrected']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]" in said.partition(asked)[2]


def test_estimates_of_single_names_lie_in_their_intervals():
    """Few papers and many names: those that a community lacks would move the share of each."""
    rare = survey(
        random_papers(papers=25, years=6, methods=24, communities=5), least=10, draws=100, nulls=20,
        questions=["adoption", "exploration", "openings", "transfer"],
    )  # fmt: skip
    assert all(row["low"] <= row["share"] <= row["high"] for row in rare.adoption)
    none = [row for row in rare.adoption if row["naming"] == 0]
    assert {round(row["high"], 6) for row in none} == {round(1 - 0.025 ** (1 / 25), 6)}
    few = [row for row in rare.adoption if row["naming"] == 1]
    assert all(row["low"] == 0 and row["high"] <= 0.16 for row in few)
    assert all(row["low"] <= row["share"] <= row["high"] for row in rare.exploration["staying"])
    assert rare.openings["found"]
    assert all(row["low"] <= row["score"] <= row["high"] for row in rare.openings["found"])


def test_years_without_papers_are_named_where_transfer_is_asked():
    tagged = random_papers(years=8)
    there = ~((tagged.papers.frame["community"] == "B") & tagged.papers.frame["year"].is_in([2013, 2014])).to_numpy()
    found = survey(taken(tagged, np.flatnonzero(there)), questions=["transfer"], draws=20, nulls=20)
    assert found.transfer["family"]["gaps"] == [{"community": "B", "first": 2013, "last": 2014}]
    assert "not called first" in found.not_measured["transfer, B in 2013 to 2014"]


def abstracts(communities=("CV", "NLP"), with_one="CV"):
    rows = [
        (name, year, f"On odd thing {i} of {year} in {name}", "A transformer." if name == with_one else None)
        for name in communities for year in (2018, 2019, 2020) for i in range(20)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["community", "year", "title", "abstract"], orient="row")


@pytest.mark.parametrize("batch", [None, 37])
def test_abstracts_that_only_some_have_are_counted_and_warned_of(tmp_path, batch):
    path, how = tmp_path / "papers.parquet", {"questions": ["adoption"], "draws": 20, "nulls": 20, "batch": batch}
    abstracts().write_parquet(path)
    found = survey(path, **how)
    assert {(row["community"], row["abstracts"]) for row in found.cells} == {("CV", 1.0), ("NLP", 0.0)}
    warns = "Abstracts were read, which 0 % of the papers of NLP have and 100 % of those of CV"
    assert warns in headline(found)
    titles = survey(path, abstracts=False, **how)
    assert {row["abstracts"] for row in titles.cells} == {0.0, 1.0}
    assert "Abstracts" not in headline(titles)


def test_papers_without_any_abstract_have_no_share_of_them(found):
    assert {row["abstracts"] for row in found.cells} == {None}


def test_tables_and_frames_have_what_the_result_has(found):
    frames = found.frames()
    assert {"cells", "adoption", "diversity", "divergence", "pairs", "convergence"} <= set(frames)
    assert frames["diversity"].height == len(found.diversity)
    assert any(name.startswith("transfer.") for name in frames)
    assert all(len(row) == len(table.columns) for table in tables(found) for row in table.rows)
    assert set(records(found)) == set(frames)


def test_a_frame_of_tagged_papers_is_read():
    tagged = random_papers()
    flags = {f"fam.m{place}": tagged.names[:, [place]].toarray()[:, 0] for place in range(6)}
    frame = tagged.papers.frame.with_columns(**flags)
    asked = {"questions": ["diversity"], "draws": 20, "nulls": 20}
    one, two = survey(frame, **asked), survey(tagged, **asked)
    keep = [
        [row["estimate"] for row in each.diversity if row["level"] == "method" and row["measure"] == "hill_1"]
        for each in (one, two)
    ]
    assert keep[0] == pytest.approx(keep[1])
    assert one.families == ["fam"]


def test_titles_in_a_file_are_tagged_by_the_vocabulary(tmp_path):
    titles = ["A convolutional neural network for edges", "A transformer for parsing"] * 30
    frame = pl.DataFrame(
        {
            "paper_id": [str(place) for place in range(60)],
            "community": ["CV", "NLP"] * 30,
            "year": [2019 + place // 20 for place in range(60)],
            "title": titles,
        }
    )
    frame.write_csv(tmp_path / "papers.csv")
    seen = survey(tmp_path / "papers.csv", questions=["divergence"], least=5, draws=20, nulls=20)
    apart = [row["estimate"] for row in seen.divergence if row["measure"] == "jensen_shannon" and row["conditional"]]
    assert apart == pytest.approx([1.0] * 6)


def test_more_draws_than_memory_holds_are_cut_and_said(monkeypatch):
    monkeypatch.setattr("polyculture.surveying.at_level.LARGEST", 150 * 4 * (8 * 3 * 6 + 48 * 9))
    few = survey(random_papers(), questions=["diversity"], draws=200, nulls=20)
    assert few.not_measured["draws beyond 150, method"].startswith("they do not fit into memory")


def test_more_communities_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr("polyculture.surveying.at_level.LARGEST", 10_000)
    with pytest.raises(DataError, match="made: 3 communities in 4 years are too many to compare at once"):
        survey(random_papers())


KNOWN = {2016: 0.163, 2018: 0.161, 2020: 0.285, 2022: 0.171, 2023: 0.148, 2024: 0.147, 2025: 0.139}


@pytest.mark.data
def test_the_known_series_of_real_papers_is_reproduced():
    if "POLYCULTURE_DATA" not in os.environ:
        pytest.skip("POLYCULTURE_DATA names no folder of benchmark data")
    path = Path(os.environ["POLYCULTURE_DATA"]) / "papers" / "method_flags.parquet"
    flags = pl.read_parquet(path).filter(pl.col("has_abs") & ~pl.col("venue").str.starts_with("arXiv"))
    seen = survey(
        flags.drop("has_abs"),
        columns={"tags": "S.*"},
        communities=["NLP", "CV", "ML"],
        questions=["divergence"],
        draws=20,
        nulls=20,
    )
    series = {
        row["year"]: round(row["estimate"], 3)
        for row in seen.divergence
        if (row["level"], row["conditional"], row["measure"]) == ("method", True, "jensen_shannon")
    }
    assert {year: series[year] for year in KNOWN} == KNOWN
