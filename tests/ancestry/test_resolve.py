"""Names of parents to models."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.ancestry.resolve import resolve
from polyculture.ancestry.spelling import one_slip, slips
from polyculture.data.model_cards import cards_from


def resolved(names, parents, **further):
    return resolve(cards_from({"name": names, "parents": parents, **further}))


def edges(found):
    """Child, parent and how it was found, by names."""
    names = found.nodes["name"]
    return [(names[c], names[p], how) for c, p, how in found.edges.select("child", "parent", "how").iter_rows()]


@pytest.mark.parametrize(
    ("listed", "parent", "how"),
    [
        ("LLaMA", "LLaMA", "exact"),
        ("LLaMA", "llama", "case"),
        ("LLaMA 2", "LLaMA\u00a02\u200f", "case"),
        ("\uff27\uff30\uff34", "gpt", "case"),
        ("Common Crawl", "CommonCrawl", "spelling"),
        ("Llama-2-7b", "llama 2_7B", "spelling"),
        ("GPT-3.5", "gpt 3 5", "spelling"),
        ("org/Model-1", "Model 1", "organisation"),
        ("Stable Diffusion", "Stabel Diffusion", "slip"),
        ("Common Crawl", "Comon Crawl", "slip"),
        ("C+", "C++", "unlisted"),
        ("GPT-NeoX", "GPT-Neo", "unlisted"),
        ("Llama 2", "Llama 3", "unlisted"),
        ("Llama-2-7b", "Llama 27b", "unlisted"),
        ("org/Model-1", "other/Model-1", "unlisted"),
        ("T5", "T6", "unlisted"),
    ],
)
def test_spellings_of_one_name(listed, parent, how):
    assert edges(resolved([listed, "child"], [None, parent])) == [
        ("child", listed if how != "unlisted" else parent, how)
    ]


def test_an_organisation_and_a_name_are_a_repository():
    found = resolved(["Llama 2", "b"], [None, "meta-llama/llama-2"], organisation=["Meta Llama", "x"])
    assert edges(found) == [("b", "Llama 2", "organisation")]


def test_of_several_models_that_of_the_childs_organisation_is_meant():
    names, organisations = ["Base", "Base", "c", "d"], ["x", "y", "y", "z"]
    found = resolved(names, [None, None, "base", "base"], organisation=organisations)
    assert found.nodes["name"].to_list()[:4] == ["Base (x)", "Base (y)", "c", "d"]
    assert edges(found) == [("c", "Base (y)", "case"), ("d", "base", "ambiguous")]
    assert found.unresolved.rows() == [("base", 1, "could be several models")]


def test_rows_of_one_model_are_joined():
    found = resolved(["A", "a", "b"], ["b", "c", None], organisation=[None, "o", None], downloads=[None, 3, 4])
    assert edges(found) == [("A", "b", "exact"), ("A", "c", "unlisted")]
    assert found.nodes.select("organisation", "downloads").row(0) == ("o", 3.0)
    assert found.counted["rows of a model that was there before, joined with it"] == 1


def test_a_model_is_no_parent_of_itself_unless_another_is_meant():
    assert edges(resolved(["a", "b"], ["a; A", None])) == []
    assert resolved(["a"], ["a"]).counted["models that are their own parent: not counted as one"] == 1
    assert edges(resolved(["org/llama-2", "Llama 2"], ["llama2", None])) == [("org/llama-2", "Llama 2", "spelling")]


def test_a_parent_that_is_named_twice_counts_once():
    found = resolved(["a", "b"], [None, "a; A; a "])
    assert edges(found) == [("b", "a", "exact")]
    assert found.counted["parents that are named twice: counted once"] == 2


def test_unlisted_parents_of_one_spelling_are_one():
    found = resolved(["a", "b", "c"], ["Common Crawl", "CommonCrawl", "Common Crawl"])
    assert found.unresolved.rows() == [("Common Crawl", 3, "not listed")]
    assert not found.nodes["listed"][3]


def test_parents_without_a_name_are_one_each():
    found = resolved(["a", "b", "c"], ["unknown; c", "c; undisclosed", None])
    assert found.unresolved["why"].to_list() == ["has no name", "has no name"]
    assert found.nodes.height == 5


def test_of_a_cycle_the_oldest_loses_its_parent():
    found = resolved(["a", "b", "c"], ["c", "a", "b"], date=["2022-01", "2021-01", "2023-01"])
    assert edges(found) == [("a", "c", "exact"), ("c", "b", "exact")]
    assert found.loops == [["b", "a", "c"]]
    assert found.counted["edges that closed a cycle: left out"] == 1


NAMES = st.text(st.sampled_from("abAB12-_ ./+é\u200f"), max_size=6)


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3)), min_size=1, max_size=8))
@settings(deadline=None)
def test_any_names_give_a_pedigree_in_which_every_parent_has_a_place(given_rows):
    if not any(name.strip() for name, _ in given_rows):
        return
    cards = cards_from({"name": [n for n, _ in given_rows], "parents": [p for _, p in given_rows]})
    found = resolve(cards)
    assert found.nodes["name"].null_count() == 0
    told = cards.parents.height
    lost = sum(
        found.counted.get(what, 0)
        for what in (
            "models that are their own parent: not counted as one",
            "parents that are named twice: counted once",
            "edges that closed a cycle: left out",
        )
    )
    assert found.edges.height == told - lost


def test_slips_need_one_meaning_alone():
    assert slips(pl.Series(["aaaabxcccc"]), pl.Series(["aaaabycccc", "aaaabzcccc"])) == {}
    assert slips(pl.Series(["aaaabxcccc", "aaaabxccccd"]), pl.Series(["aaaabycccc"])) == {"aaaabxcccc": "aaaabycccc"}
    assert slips(pl.Series(["org/aaaabxcccc"]), pl.Series(["org/aaaabycccc"])) == {}


@given(st.text("abc1", min_size=3, max_size=9), st.text("abc1", min_size=3, max_size=9))
def test_one_slip_is_symmetric_and_keeps_digits(one, other):
    assert one_slip(one, other) == one_slip(other, one)
    if one_slip(one, other):
        assert [c for c in one if c == "1"] == [c for c in other if c == "1"]
        assert (one[0], one[-1]) == (other[0], other[-1])
