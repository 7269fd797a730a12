"""Files that are written in pieces: others read them, and they are whole or absent."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch

from polyculture.errors import DataError, StoreError
from polyculture.fuse.writing import packed, writing


def test_tensors_in_any_order_and_in_pieces(tmp_path):
    path = tmp_path / "a.safetensors"
    layout = {"odd": ("F16", (3,)), "w": ("F32", (2, 2)), "n": ("I64", ()), "none": ("F32", (0,))}
    with writing(path, layout, {"format": "pt"}) as write:
        write("w", np.array([3.0, 4.0]), 2)
        write("n", np.array([7]), 0)
        write("odd", np.array([1.0, 2.0, 3.0]), 0)
        write("w", np.array([1.0, 2.0]), 0)
    found = load_file(path)
    assert {name: value.tolist() for name, value in found.items()} == {
        "odd": [1, 2, 3], "w": [[1, 2], [3, 4]], "n": 7, "none": []
    }  # fmt: skip
    assert load_torch(path)["w"].dtype == torch.float32
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(-(2.0**126), 2.0**126, width=32)))
def test_bfloat16_is_rounded_as_torch_rounds_it(values):
    array = np.array(values, dtype=np.float32)
    expected = torch.from_numpy(array).to(torch.bfloat16).view(torch.int16).numpy()
    np.testing.assert_array_equal(packed(array, "BF16").view(np.int16), expected)


@pytest.mark.parametrize(("kind", "value"), [("F16", 7e4), ("BF16", 3.4e38), ("F32", 1e39), ("BF16", 1e39)])
def test_numbers_that_outgrow_their_type_are_refused(tmp_path, kind, value):
    path = tmp_path / "a.safetensors"
    with (
        pytest.raises(DataError, match=rf"a.safetensors: 'w' outgrows the type {kind}"),
        writing(path, {"w": (kind, (1,))}, {}) as write,
    ):
        write("w", np.array([value]), 0)
    assert list(tmp_path.iterdir()) == []


def test_an_error_on_the_way_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="stop"), writing(path, {"w": ("F32", (1,))}, {}):
        raise RuntimeError("stop")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="cannot be written"), writing(tmp_path / "no" / "a.safetensors", {}, {}):
        pass
