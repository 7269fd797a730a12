from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from neural_checks import needs_wordllama

from polyculture.errors import MissingExtraError, ParameterError
from polyculture.features.encoders import static
from polyculture.features.encoders.tokens import MASK, PAD, SPECIAL, UNKNOWN, Tokens, static_vectors

TEXTS = ["the good film", "the bad film", "a film, a good one", "这个电影很好", "这个电影很坏", "Ünïcode Film"]


@pytest.fixture(scope="module")
def tokens():
    return Tokens.train(TEXTS * 2, vocabulary=200)


def test_special_pieces_come_first(tokens):
    assert tokens.pieces[:5] == SPECIAL
    assert len(tokens) == len(set(tokens.pieces)) <= 200


def test_words_that_were_seen_are_one_piece(tokens):
    ids, lengths = tokens.encode(["the GOOD film,"])
    assert tokens.words(ids[0]) == ["the", "good", "film", ","]
    assert lengths.tolist() == [4]


def test_ideographs_stand_alone(tokens):
    ids, _ = tokens.encode(["电影很好"])
    assert tokens.words(ids[0]) == ["电", "影", "很", "好"]


def test_accents_are_dropped(tokens):
    first, _ = tokens.encode(["Ünïcode"])
    second, _ = tokens.encode(["unicode"])
    assert np.array_equal(first, second)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_text_without_words_is_one_unknown_piece(tokens, text):
    ids, lengths = tokens.encode([text, "the film"])
    assert lengths.tolist() == [1, 2]
    assert ids.tolist()[0] == [UNKNOWN, PAD]
    assert ids.dtype == np.int64


def test_unknown_characters(tokens):
    ids, _ = tokens.encode(["ж"])
    assert ids.tolist() == [[UNKNOWN]]


def test_no_texts(tokens):
    ids, lengths = tokens.encode([])
    assert ids.shape == (0, 1)
    assert lengths.shape == (0,)


def test_long_texts_are_cut(tokens):
    ids, lengths = tokens.encode(["film " * 100], max_tokens=7)
    assert ids.shape == (1, 7)
    assert lengths.tolist() == [7]


def test_a_text_cannot_write_special_tokens(tokens):
    ids, _ = tokens.encode(["[MASK] [PAD]"])
    assert MASK not in ids
    assert PAD not in ids


def test_json_round_trip(tokens):
    again = Tokens.from_str(tokens.to_str())
    assert again.pieces == tokens.pieces
    assert np.array_equal(again.encode(TEXTS)[0], tokens.encode(TEXTS)[0])


def test_every_process_gives_the_same_ids(tokens):
    code = (
        "from polyculture.features.encoders.tokens import Tokens; import sys;"
        f"sys.stdout.buffer.write(Tokens.train({TEXTS * 2!r}, vocabulary=200).to_str().encode())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert found.stdout.decode() == tokens.to_str()


def test_the_commonest_characters_are_kept():
    tokens = Tokens.train(["ab"] * 9 + ["cd"], vocabulary=10)
    assert {"a", "##b"} <= set(tokens.pieces)
    assert "c" not in tokens.pieces
    assert len(tokens) <= 10


def test_too_small_a_vocabulary():
    with pytest.raises(ParameterError, match="at least 10"):
        Tokens.train(TEXTS, vocabulary=9)


@needs_wordllama
def test_static_vectors_keep_likeness():
    pieces = [*SPECIAL, "good", "great", "tuesday", *"abcdefghijklmnopqrstuvwxyz"]
    vectors = static_vectors(pieces, 16)
    assert vectors.shape == (len(pieces), 16)
    assert not vectors[:5].any()
    assert np.sqrt((vectors**2).mean()) == pytest.approx(0.3, rel=1e-4)
    good, great, tuesday = vectors[5:8] / np.linalg.norm(vectors[5:8], axis=1, keepdims=True)
    assert good @ great > good @ tuesday


def test_static_vectors_refuse(monkeypatch):
    with pytest.raises(ParameterError, match="no token vectors named 'x'"):
        static_vectors(SPECIAL, 2, "x")
    monkeypatch.setattr(static, "find_spec", lambda name: None)
    static.wordllama.cache_clear()
    with pytest.raises(MissingExtraError, match="wordllama"):
        static_vectors(SPECIAL, 2)


@needs_wordllama
def test_static_vectors_have_so_many_directions():
    with pytest.raises(ParameterError, match="expected 1 to 256"):
        static_vectors([*SPECIAL, "good"], 257)
    assert static_vectors([*SPECIAL, "good"], 64).shape == (6, 64)


@needs_wordllama
def test_static_vectors_of_nothing_are_zero():
    assert not static_vectors(SPECIAL, 2).any()
