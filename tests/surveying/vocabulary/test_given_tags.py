"""Papers that come with their tags."""

from __future__ import annotations

import polars as pl
import pytest

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError
from polyculture.surveying.vocabulary import from_tags


def papers(tags, **columns):
    return Papers(pl.DataFrame({"paper_id": ["a", "b"], **columns}), "papers.csv", tags=tags)


def test_names_families_and_missing_values():
    columns = {"rnn.lstm": [True, None], "cnn": [False, True], "rnn.gru": [True, False]}
    tagged = from_tags(papers(tuple(columns), **columns))
    assert tagged.families == ("rnn", "cnn")
    assert tagged.methods == ("lstm", "cnn", "gru")
    assert tagged.family_of == (0, 1, 0)
    assert tagged.first_known == (None, None, None)
    assert tagged.beside == {}
    assert tagged.names.toarray().tolist() == [[True, False, True], [False, True, False]]


def test_two_methods_of_one_name_keep_their_families():
    columns = {"S.cnn": [True, False], "W.cnn": [True, True], "W.a.b": [True, True]}
    tagged = from_tags(papers(tuple(columns), **columns))
    assert tagged.methods == ("S.cnn", "W.cnn", "a.b")


@pytest.mark.parametrize(
    ("tags", "columns", "message"),
    [
        ((), {}, "has no columns of tags"),
        (("x",), {}, "has no column 'x' of tags"),
        (("x",), {"x": [1, 2]}, "'x' of tags is Int64, not boolean"),
    ],
)
def test_bad_tags(tags, columns, message):
    with pytest.raises(DataError, match=message):
        from_tags(papers(tags, **columns))
