"""A vocabulary of one's own, and what is said of one that is not well formed."""

from __future__ import annotations

import polars as pl
import pytest

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError
from polyculture.surveying.vocabulary import load_vocabulary, tag

GOOD = """
schema = 1
[family.cooking.frying]
patterns = ['fr(y|ied|ying)']
excluding = ['french fry']
unless = ['bacon']
aliases = [{ pattern = 'saute', since = 1990, until = 2000 }, { pattern = 'FRY', exact = true }]
first_known = 1950
[family.cooking.boiling]
patterns = ['boil(ed|ing)?']
[topics.food]
patterns = ['food']
[beside.tool.pan]
exact = ['Pan']
"""


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_vocabulary_of_ones_own(tmp_path):
    vocabulary = load_vocabulary(written(tmp_path, GOOD))
    assert vocabulary.methods == ("frying", "boiling")
    assert vocabulary.family_of == (0, 0)
    assert vocabulary.first_known == (1950, None)
    assert set(vocabulary.beside) == {"tool", "topic"}
    assert vocabulary.source == "mine.toml"


@pytest.mark.parametrize(
    ("title", "year", "named"),
    [
        ("Frying eggs", 1980, True),
        ("Frying eggs", 1940, False),
        ("French fry", 1980, False),
        ("French fry, fried again", 1980, True),
        ("Fried bacon", 1980, False),
        ("Saute onions", 1995, True),
        ("Saute onions", 1989, False),
        ("Saute onions", 2001, False),
        ("Belfry", 1980, False),
    ],
)
def test_senses_and_years(tmp_path, title, year, named):
    vocabulary = load_vocabulary(written(tmp_path, GOOD))
    frame = pl.DataFrame({"paper_id": ["a"], "year": [year], "title": [title]})
    assert bool(tag(Papers(frame, "memory"), vocabulary).names[0, 0]) is named


HEAD = "schema = 1\n[family.cooking.frying]\n"
BAD = {
    "no TOML": ("family = [", r"mine\.toml: is no TOML in UTF-8"),
    "no UTF-8": (b"\xff\xfe", r"mine\.toml: is no TOML in UTF-8"),
    "deep": ("a = " + "[" * 100_000, "is no TOML"),
    "no schema": ("[family.a.b]\npatterns = ['x']", "write: schema = 1"),
    "another schema": ("schema = 2\n[family.a.b]\npatterns = ['x']", "write: schema = 1"),
    "no family": ("schema = 1", "family is missing"),
    "empty family": ("schema = 1\n[family.cooking]", r"family\.cooking holds no method"),
    "key of the file": (HEAD + "patterns = ['x']\n[colours]", "the file has a key 'colours' that is not known"),
    "key of a method": (HEAD + "pattern = ['x']", r"family\.cooking\.frying has a key 'pattern' that is not known"),
    "kind beside": (HEAD + "patterns = ['x']\n[beside.weather.rain]\npatterns = ['y']", r"beside\.weather"),
    "no pattern": (HEAD + "first_known = 1990", r"family\.cooking\.frying is not as expected: it has no pattern"),
    "empty pattern": (HEAD + "patterns = ['']", r"family\.cooking\.frying\.patterns\.0 is not as expected"),
    "one pattern": (HEAD + "patterns = 'x'", r"frying\.patterns is not as expected"),
    "parenthesis": (
        HEAD + "patterns = ['a', 'fry(ing']",
        r"family\.cooking\.frying: the pattern 'fry\(ing' is no regular",
    ),
    "look-around": (
        HEAD + "patterns = ['(?<!french )fry']",
        r"the pattern '\(\?<!french \)fry' is no regular expression",
    ),
    "bad exclusion": (HEAD + "patterns = ['a']\nexcluding = ['[']", r"the pattern '\[' is no regular expression"),
    "all texts": (HEAD + "patterns = ['(fry)?']", "matches an empty text and so every paper"),
    "year": (HEAD + "patterns = ['x']\nfirst_known = 20100", r"frying\.first_known is not as expected"),
    "year as text": (HEAD + "patterns = ['x']\nfirst_known = '2010'", r"frying\.first_known is not as expected"),
    "alias": (
        HEAD + "aliases = [{ pattern = 'x', since = 2000, until = 1999 }]",
        "ends .1999. before it begins .2000.",
    ),
    "alias's key": (HEAD + "aliases = [{ pattern = 'x', from = 2000 }]", "has a key 'from' that is not known"),
    "same twice": (HEAD + "patterns = ['x']\n[family.cooking.frying]\npatterns = ['x']", "is no TOML"),
    "two homes": (
        HEAD + "patterns = ['x']\n[family.other.frying]\npatterns = ['x']",
        "'frying' stands in the families",
    ),
    "name of a family": (
        HEAD + "patterns = ['x']\n[family.other.cooking]\npatterns = ['x']",
        "'cooking' is a family and a method of the family 'other'",
    ),
    "dot in a name": ("schema = 1\n[family.cooking.'a.b']\npatterns = ['x']", r"a\.b is not as expected"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_vocabularies(tmp_path, case):
    text, message = BAD[case]
    with pytest.raises(DataError, match=message) as raised:
        load_vocabulary(written(tmp_path, text))
    assert "\n" not in str(raised.value)


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.toml: cannot be read .*; name a TOML file"):
        load_vocabulary(tmp_path / "none.toml")
