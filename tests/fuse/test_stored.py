"""Models on disk: every type that is merged, folders of several files, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from polyculture.errors import DataError
from polyculture.fuse.stored import INDEX, Stored


def sharded(folder, parts, index=None):
    """A folder of several files and their index."""
    folder.mkdir()
    for name, tensors in parts.items():
        save_file(tensors, folder / name)
    places = {tensor: name for name, tensors in parts.items() for tensor in tensors}
    (folder / INDEX).write_text(json.dumps({"weight_map": places} if index is None else index))
    return folder


PARTS = {"one.safetensors": {"a": np.arange(3.0), "b": np.ones((2, 2))}, "two.safetensors": {"c": np.array(5.0)}}


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_every_width_come_as_torch_reads_them(tmp_path, kind):
    tensor = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(getattr(torch, kind))
    save_torch({"w": tensor}, tmp_path / "a.safetensors")
    model = Stored(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(model["w"], tensor.to(torch.float64).numpy())
    np.testing.assert_array_equal(model.flat("w", slice(5, 9)), tensor.to(torch.float64).numpy().ravel()[5:9])


def test_whole_numbers_and_scalars_come_as_they_are(tmp_path):
    tensors = {"n": np.array(7, dtype=np.int64), "mask": np.array([True, False]), "none": np.zeros((0, 2), np.float32)}
    save_file(tensors, tmp_path / "a.safetensors")
    model = Stored(tmp_path / "a.safetensors")
    for name, value in tensors.items():
        np.testing.assert_array_equal(model[name], value)
        assert model[name].dtype == value.dtype
        assert model.shape(name) == value.shape


def test_a_folder_of_several_files_is_one_model(tmp_path):
    model = Stored(sharded(tmp_path / "m", PARTS))
    assert sorted(model) == ["a", "b", "c"]
    np.testing.assert_array_equal(model["c"], 5.0)
    assert {path.name for path in model.files} == set(PARTS)


def test_a_folder_of_one_file_is_that_file(tmp_path):
    save_file({"w": np.ones(2)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert list(Stored(tmp_path)) == ["w"]
    assert Stored(tmp_path).metadata == {"format": "pt"}


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ({"weight_map": {"a": "../one.safetensors"}}, "does not say which file"),
        ({"weight_map": {"a": "/etc/one.safetensors"}}, "does not say which file"),
        ({"weight_map": {"a": ".one.safetensors"}}, "does not say which file"),
        ({"weight_map": {"a": 3}}, "does not say which file"),
        ({"weight_map": {}}, "does not say which file"),
        ({"weight_map": ["a"]}, "does not say which file"),
        ([], "does not say which file"),
        ({"weight_map": {"a": "gone.safetensors"}}, "gone.safetensors: does not exist"),
        ({"weight_map": {"c": "one.safetensors"}}, "one.safetensors: lacks 'c'"),
        ({"weight_map": {"a": "one.bin"}}, "one.bin: is a pickle"),
    ],
)
def test_an_index_that_lies_is_refused(tmp_path, index, says):
    with pytest.raises(DataError, match=says):
        Stored(sharded(tmp_path / "m", PARTS, index))


def test_an_index_that_is_no_json_is_refused(tmp_path):
    folder = sharded(tmp_path / "m", PARTS)
    (folder / INDEX).write_bytes(b"\xff{")
    with pytest.raises(DataError, match="does not say which file"):
        Stored(folder)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_values_that_are_not_numbers_are_refused(tmp_path, kind):
    save_torch({"w": torch.tensor([1.0, float("inf")]).to(kind)}, tmp_path / "a.safetensors")
    with pytest.raises(DataError, match=r"a.safetensors: 'w' holds values that are not numbers"):
        _ = Stored(tmp_path / "a.safetensors")["w"]


def test_a_type_that_cannot_be_merged_is_named(tmp_path):
    save_torch({"w": torch.ones(2).to(torch.float8_e4m3fn)}, tmp_path / "a.safetensors")
    with pytest.raises(DataError, match=r"'w' is of type F8_E4M3; convert it"):
        _ = Stored(tmp_path / "a.safetensors")["w"]


def test_an_adapter_is_no_model(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(DataError, match="holds an adapter; merge it into its model first"):
        Stored(tmp_path)
