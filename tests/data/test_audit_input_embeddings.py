"""Vectors come in the same from every format, and rows are brought together by their ids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from polyculture.data.audit_input import read_embeddings

RNG = np.random.default_rng(0)
ITEMS = [f"q{i}" for i in range(6)]
BERT, GPT = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 5)).astype(np.float32)


def write(path: Path, values: np.ndarray, items: list[str] | None = None) -> Path:
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".npz":
        np.savez_compressed(path, x=values, **({} if items is None else {"ids": np.array(items)}))
    elif path.suffix == ".safetensors":
        metadata = None if items is None else {"items": json.dumps(items)}
        safetensors.numpy.save_file({"x": np.ascontiguousarray(values)}, path, metadata=metadata)
    else:
        columns: dict[str, object] = {"x": pl.Series(values.tolist(), dtype=pl.List(pl.Float64))}
        pl.DataFrame(columns if items is None else {"item": items, **columns}).write_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["npy", "npz", "safetensors", "parquet"])
def test_every_format_gives_the_same_by_order(tmp_path: Path, ending: str) -> None:
    found = read_embeddings([write(tmp_path / f"bert.{ending}", BERT), write(tmp_path / f"gpt.{ending}", GPT)])
    assert found.models == ("bert", "gpt")
    assert found.aligned_by == "order"
    assert found.items.tolist() == ["0", "1", "2", "3", "4", "5"]
    for model, wanted in (("bert", BERT), ("gpt", GPT)):
        (layer,) = found.layers[model].values()
        np.testing.assert_array_equal(layer, wanted)
    assert found.policies == ()


@pytest.mark.parametrize("first", ["npz", "safetensors", "parquet"])
@pytest.mark.parametrize("second", ["npz", "safetensors", "parquet"])
def test_rows_are_brought_together_by_id_and_others_left_out(tmp_path: Path, first: str, second: str) -> None:
    order = [4, 0, 5, 2]
    bert = write(tmp_path / f"bert.{first}", BERT[:5], ITEMS[:5])
    gpt = write(tmp_path / f"gpt.{second}", GPT[order], [ITEMS[row] for row in order])
    found = read_embeddings([bert, gpt])
    assert found.aligned_by == "id"
    assert found.items.tolist() == ["q0", "q2", "q4"]
    np.testing.assert_array_equal(next(iter(found.layers["bert"].values())), BERT[[0, 2, 4]])
    np.testing.assert_array_equal(next(iter(found.layers["gpt"].values())), GPT[[0, 2, 4]])
    assert [(policy.what, policy.count) for policy in found.policies] == [("rows of items that not all files have", 3)]


def test_arrays_of_one_file_are_models(tmp_path: Path) -> None:
    np.savez(tmp_path / "all.npz", bert=BERT, gpt=GPT, item=np.arange(6))
    found = read_embeddings(tmp_path / "all.npz")
    assert found.models == ("bert", "gpt")
    assert found.items.tolist() == ["0", "1", "2", "3", "4", "5"]
    assert found.aligned_by == "id"
    assert list(found.layers["gpt"]) == ["0"]


def test_arrays_of_several_files_are_layers_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for model in ("bert", "gpt"):
        np.savez(tmp_path / f"{model}.npz", **{f"layer{number}": BERT + number for number in (10, 2, 1)})
    found = read_embeddings([tmp_path / "bert.npz", tmp_path / "gpt.npz"])
    assert list(found.layers["bert"]) == ["layer1", "layer2", "layer10"]
    np.testing.assert_array_equal(found.layers["bert"]["layer10"], BERT + 10)


def test_an_array_of_three_axes_has_layers_first(tmp_path: Path) -> None:
    deep = np.stack([BERT, BERT + 1])
    np.save(tmp_path / "bert.npy", deep)
    np.savez(tmp_path / "gpt.npz", hidden=deep)
    found = read_embeddings([tmp_path / "bert.npy", tmp_path / "gpt.npz"])
    assert {model: list(layers) for model, layers in found.layers.items()} == {
        "bert": ["0", "1"],
        "gpt": ["hidden.0", "hidden.1"],
    }
    np.testing.assert_array_equal(found.layers["gpt"]["hidden.1"], BERT + 1)


def test_numbers_of_two_bytes_become_four(tmp_path: Path) -> None:
    values = torch.tensor(BERT).to(torch.bfloat16)
    safetensors.torch.save_file({"a": values, "b": values.half(), "c": values.float()}, tmp_path / "all.safetensors")
    found = read_embeddings(tmp_path / "all.safetensors")
    for model in "abc":
        layer = found.layers[model]["0"]
        assert layer.dtype == np.float32
        np.testing.assert_array_equal(layer, values.float().numpy())


def test_fortran_order_big_endian_and_whole_numbers_are_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(BERT))
    np.save(tmp_path / "b.npy", BERT.astype(">f8"))
    np.savez(tmp_path / "c.npz", x=np.asfortranarray(BERT))
    np.save(tmp_path / "d.npy", np.arange(18).reshape(6, 3).astype(np.int8))
    found = read_embeddings([tmp_path / f"{name}" for name in ("a.npy", "b.npy", "c.npz", "d.npy")])
    for model in "abc":
        np.testing.assert_array_equal(next(iter(found.layers[model].values())), BERT)
    np.testing.assert_array_equal(found.layers["d"]["0"], np.arange(18).reshape(6, 3))


def test_columns_of_numbers_are_one_array_and_others_are_left_out(tmp_path: Path) -> None:
    for model in ("bert", "gpt"):
        sides = {f"d{side}": BERT[:, side] for side in range(3)}
        pl.DataFrame({"id": ITEMS, "text": ITEMS, "label": range(6), **sides}).write_parquet(
            tmp_path / f"{model}.parquet"
        )
    found = read_embeddings([tmp_path / "bert.parquet", tmp_path / "gpt.parquet"])
    np.testing.assert_array_equal(found.layers["bert"]["0"], BERT)
    assert found.items.tolist() == ITEMS
    assert found.policies[0].what == "columns of no vectors (text, label)"
    assert found.policies[0].count == 2


def test_columns_of_lists_or_arrays_are_models_of_one_file(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "item": ITEMS,
            "bert": pl.Series(BERT.tolist()),
            "gpt": pl.Series(GPT.tolist()).cast(pl.Array(pl.Float32, 5)),
        }
    )
    frame.write_parquet(tmp_path / "all.parquet")
    found = read_embeddings(tmp_path / "all.parquet")
    np.testing.assert_array_equal(found.layers["bert"]["0"], BERT)
    np.testing.assert_array_equal(found.layers["gpt"]["0"], GPT)
    assert found.layers["gpt"]["0"].dtype == np.float32
