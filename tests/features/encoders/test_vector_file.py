"""Vectors computed elsewhere: a text gets its own vector, whatever the order, or an error."""

from __future__ import annotations

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from polyculture.errors import DataError, ShapeError
from polyculture.features.encoders.pretrained import PretrainedEncoder
from polyculture.features.encoders.vector_file import VectorFile, hashes_of, text_hash

TEXTS = ["a good film", "bad", "", "这部电影很好看"]
VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)


def written(folder, kind, texts=TEXTS, vectors=VECTORS):
    path = folder / {"text": "v.parquet", "hash": "v.parquet"}.get(kind, f"v.{kind}")
    if kind == "npy":
        np.save(path, vectors)
        np.save(folder / "v.hashes.npy", hashes_of(texts))
    elif kind == "safetensors":
        save_file({"vectors": vectors, "hashes": hashes_of(texts).copy()}, path)
    else:
        keys = texts if kind == "text" else [text_hash(text).hex() for text in texts]
        pl.DataFrame({kind: keys, "vector": vectors.tolist()}).write_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["npy", "safetensors", "text", "hash"])
class TestEveryKind:
    def test_gives_each_text_its_own_vector(self, tmp_path, kind):
        encoder = PretrainedEncoder(str(written(tmp_path, kind))).fit([])
        asked = [TEXTS[i] for i in (3, 0, 0, 2)]
        found = encoder.transform(asked)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, VECTORS[[3, 0, 0, 2]])
        np.testing.assert_array_equal(encoder.search_view(found), found)
        assert encoder.transform([]).shape == (0, 3)

    def test_comes_back_from_its_state_unless_the_file_has_changed(self, tmp_path, kind):
        encoder = PretrainedEncoder(str(written(tmp_path, kind))).fit([])
        again = PretrainedEncoder.from_state(encoder.state())
        np.testing.assert_array_equal(again.transform(TEXTS), VECTORS)
        path = written(tmp_path, kind, vectors=VECTORS + 1)
        os.utime(path, ns=(1, 1))
        with pytest.raises(DataError, match="is not the one this was fitted with"):
            PretrainedEncoder.from_state(encoder.state())

    def test_names_a_text_that_it_does_not_hold(self, tmp_path, kind):
        encoder = PretrainedEncoder(str(written(tmp_path, kind))).fit([])
        with pytest.raises(DataError, match=r"holds no vector for 2 of 3 texts, the first 'new one'"):
            encoder.transform(["new one", "bad", "newer"])

    def test_refuses_values_that_are_no_numbers(self, tmp_path, kind):
        broken = VECTORS.copy()
        broken[2, 1] = np.nan
        with pytest.raises(DataError, match="row 3 holds values that are not numbers"):
            VectorFile(written(tmp_path, kind, vectors=broken))


@given(st.lists(st.sampled_from(["a", " ", "\t", "\n", "b"]), max_size=8))
def test_white_space_does_not_part_a_text_from_its_vector(parts):
    text = "".join(parts)
    assert text_hash(text) == text_hash(" ".join(text.split()) + " ")
    assert (text_hash(text) == text_hash("a b")) == (text.split() == ["a", "b"])


def parquet(path, columns):
    pl.DataFrame(columns).write_parquet(path)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"words": ["a"], "vector": [[1.0]]}, "has the columns words, vector; it must hold vector, and text or hash"),
        ({"text": ["a"], "x": [1.0]}, "has the columns text, x"),
        ({"text": ["a", None], "vector": [[1.0], [2.0]]}, "row 2 has no text"),
        ({"text": ["a", "b"], "vector": [[1.0], None]}, "row 2 has no vector"),
        ({"text": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, "must hold lists of one length"),
        ({"text": ["a"], "vector": [1.0]}, "must hold lists of one length"),
        ({"hash": ["zz"], "vector": [[1.0]]}, "must hold 32 hexadecimal digits"),
        ({"hash": ["aa"], "vector": [[1.0]]}, "must hold 32 hexadecimal digits"),
    ],
)
def test_a_table_that_lacks_something_is_named(tmp_path, columns, says):
    parquet(tmp_path / "v.parquet", columns)
    with pytest.raises(DataError, match=says):
        VectorFile(tmp_path / "v.parquet")


@pytest.mark.parametrize("ending", ["npy", "safetensors", "parquet"])
def test_damaged_and_absent_files_are_named(tmp_path, ending):
    path = tmp_path / f"v.{ending}"
    with pytest.raises(DataError, match="there is no file"):
        PretrainedEncoder(str(path)).fit([])
    path.write_bytes(b"nothing of the kind")
    np.save(tmp_path / "v.hashes.npy", hashes_of(["a"]))
    with pytest.raises(DataError, match=r"cannot be read as|is no whole"):
        PretrainedEncoder(str(path)).fit([])


def test_objects_in_an_array_are_not_unpickled(tmp_path):
    np.save(tmp_path / "v.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "v.hashes.npy", hashes_of(["a"]))
    with pytest.raises(DataError, match="holds Python objects, which are not read"):
        VectorFile(tmp_path / "v.npy")


def test_parts_that_do_not_fit_together(tmp_path):
    np.save(tmp_path / "v.npy", VECTORS)
    with pytest.raises(DataError, match=r"there is no v.hashes.npy beside it"):
        VectorFile(tmp_path / "v.npy")
    np.save(tmp_path / "v.hashes.npy", hashes_of(TEXTS[:2]))
    with pytest.raises(ShapeError, match=r"4 vectors but fingerprints \(2, 16\)"):
        VectorFile(tmp_path / "v.npy")
    save_file({"vectors": VECTORS}, tmp_path / "v.safetensors")
    with pytest.raises(DataError, match="has no tensor"):
        VectorFile(tmp_path / "v.safetensors")
    np.save(tmp_path / "v.npy", VECTORS.ravel())
    with pytest.raises(DataError, match=r"expected numbers \(n, d\)"):
        VectorFile(tmp_path / "v.npy")
