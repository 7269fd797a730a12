"""Cleaning: what came in on the way goes, what the writer wrote stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.preprocess import clean_text


def one(text: str | None) -> str:
    return str(clean_text([text])[0])


@pytest.mark.parametrize(
    "text",
    [
        "I <3 it",
        "a < b > c & d",
        "x<y and y>z",
        "<user> said <url>",
        "R&D at AT&T, ?a=1&copy=2",
        "“quotes” ﬁt Ａ",
        "👩‍👩‍👧 ❤️",
        "می‌خواهم",
        "a <b c> d <",
        ">_< :-<",
        "三体很好看",
        "naïve café",
    ],
)
def test_what_the_writer_wrote_stays(text: str) -> None:
    assert one(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("clichÃ©s", "clichés"),
        ("JirÃ\xad Hubac", "Jirí Hubac"),
        ("heck â\x80\x93 few", "heck – few"),
        ("fish &amp; chips &lt;3 &#39;n&#x27;", "fish & chips <3 'n'"),
        ("twice &amp;lt;3", "twice <3"),
        ("one<br/>two<BR>three", "one two three"),
        ("in<b>cred</b>ible", "incredible"),
        ("<a href='http://x?a=1&b=2'>link</a> 1<2", "link 1<2"),
        ('<img src="a>b">z', "z"),
        ("<p>a</p><p>b</p>", "a b"),
        ("<style>p {}</style><!-- no -->hi<script>alert(1)</script>", "hi"),
        ("&lt;br&gt;a", "a"),
        ("a\x00b\x07 c\u200b\ufeff", "ab c"),
        ("  a\u00a0 b\n\tc\u3000", "a b c"),
        ("e\u0301", "é"),
        ("\ud83d\ude00", "😀"),
        (None, ""),
        ("", ""),
    ],
)
def test_what_came_in_on_the_way_goes(text: str | None, meant: str) -> None:
    assert one(text) == meant


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("ab<>/&;#3 pbr=\"'!-\n\x00é")))
def test_cleaning_twice_changes_nothing_more_in_text_with_marks(text: str) -> None:
    once = one(text)
    assert one(once) == once


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_any_text_becomes_folded_text_that_a_file_can_hold(text: str) -> None:
    cleaned = one(text)
    cleaned.encode("utf-8")
    assert cleaned == " ".join(cleaned.split())


def test_an_array_comes_back_as_an_object_array_of_the_same_length() -> None:
    cleaned = clean_text(np.array(["a", "b "], dtype=object))
    assert cleaned.dtype == object
    assert cleaned.tolist() == ["a", "b"]
    assert clean_text([]).shape == (0,)
