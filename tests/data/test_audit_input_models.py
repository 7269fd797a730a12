"""Files of weights are told apart by names, shapes and bytes, and inputs by what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from polyculture.data.audit_input import detect_kind, read_model_files
from polyculture.errors import DataError

WEIGHTS = {
    "embed_tokens.weight": np.arange(12, dtype=np.float32).reshape(4, 3),
    "conv.weight": np.ones((2, 3, 3, 3), dtype=np.float32),
    "fc.weight": np.ones((5, 2)),
    "fc.bias": np.zeros(5),
    "ln.weight": np.ones(5),
}


def test_weights_of_safetensors_are_named_shaped_and_hashed(tmp_path: Path) -> None:
    safetensors.numpy.save_file(WEIGHTS, tmp_path / "a.safetensors")
    safetensors.numpy.save_file({**WEIGHTS, "fc.bias": np.ones(5)}, tmp_path / "b.safetensors")
    a, b = read_model_files([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])
    assert (a.name, b.name) == ("a", "b")
    assert a.parameters == {name: (values.shape, str(values.dtype)) for name, values in WEIGHTS.items()}
    assert a.operators == {"embedding": 1, "convolution": 1, "dense": 1, "bias": 1, "norm": 1}
    assert {name for name in WEIGHTS if a.digests[name] != b.digests[name]} == {"fc.bias"}
    assert len(set(a.digests.values())) == len({values.tobytes() for values in WEIGHTS.values()})


def test_types_that_numpy_lacks_are_read_as_well(tmp_path: Path) -> None:
    values = {
        "w": torch.ones(2, 2).to(torch.bfloat16),
        "q": torch.ones(3).to(torch.float8_e4m3fn),
        "empty": torch.ones(0),
    }
    safetensors.torch.save_file(values, tmp_path / "a.safetensors")
    (model,) = read_model_files(tmp_path / "a.safetensors")
    assert model.parameters == {"w": ((2, 2), "bfloat16"), "q": ((3,), "float8_e4m3fn"), "empty": ((0,), "float32")}


def network(onnx: Any, weights: dict[str, np.ndarray], *, raw: bool = True) -> Any:
    tensors = [
        onnx.numpy_helper.from_array(values, name)
        if raw
        else onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, values.shape, values.ravel())
        for name, values in weights.items()
    ]
    nodes = [
        onnx.helper.make_node("MatMul", ["x", "w"], ["y"]),
        onnx.helper.make_node("Add", ["y", "b"], ["z"]),
        onnx.helper.make_node("Relu", ["z"], ["out"]),
    ]
    value = onnx.helper.make_tensor_value_info
    ends = [value("x", onnx.TensorProto.FLOAT, [1, 2])], [value("out", onnx.TensorProto.FLOAT, [1, 3])]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "net", *ends, tensors))


LINEAR = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, dtype=np.float32)}


def test_a_graph_of_onnx_says_its_operators_and_its_bytes_equal_those_of_safetensors(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    onnx.save(network(onnx, LINEAR), tmp_path / "a.onnx")
    onnx.save(network(onnx, LINEAR, raw=False), tmp_path / "b.onnx")
    onnx.save(
        network(onnx, LINEAR), tmp_path / "c.onnx", save_as_external_data=True, size_threshold=0, location="c.bin"
    )
    safetensors.numpy.save_file(LINEAR, tmp_path / "d.safetensors")
    models = read_model_files([tmp_path / name for name in ("a.onnx", "b.onnx", "c.onnx", "d.safetensors")])
    assert models[0].operators == {"MatMul": 1, "Add": 1, "Relu": 1}
    assert all(model.parameters == {"w": ((2, 3), "float32"), "b": ((3,), "float32")} for model in models)
    assert all(model.digests == models[0].digests for model in models)


def test_weights_of_onnx_are_looked_for_in_no_other_folder(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    onnx.save(
        network(onnx, LINEAR), tmp_path / "c.onnx", save_as_external_data=True, size_threshold=0, location="c.bin"
    )
    model = onnx.load(tmp_path / "c.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../c.bin"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DataError, match=r"'w' lies in 'c\.bin', which is not next to it"):
        read_model_files(tmp_path / "sub" / "c.onnx")


def parquet(path: Path, **columns: object) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_the_kind_of_a_table_is_seen_from_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("item,bert,gpt\nq1,a,b\n")
    (tmp_path / "b.tsv").write_text("item\tprediction\tx1\ty1\tx2\ty2\n")
    (tmp_path / "c.jsonl").write_text('{"item": 1, "x1": 0, "x2": 1, "y1": 0, "y2": 1}\n')
    kinds = {name: detect_kind(tmp_path / name) for name in ("a.csv", "b.tsv", "c.jsonl")}
    assert kinds == {"a.csv": "answers", "b.tsv": "detections", "c.jsonl": "detections"}


def test_the_kind_of_parquet_is_seen_from_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    assert detect_kind(parquet(path, item=["a", "b"], bert=[1.0, float("nan")], gpt=[0.0, 1.0])) == "answers"
    assert detect_kind(parquet(path, item=["a", "b"], bert=[0.5, 1.5], gpt=[0.0, 1.0])) == "embeddings"
    assert detect_kind(parquet(path, item=["a", "b"], label=[0.5, 1.5], gpt=[0.0, 1.0])) == "answers"
    assert detect_kind(parquet(path, item=["a", "b"], bert=["x", "y"], gpt=[0.5, 1.0])) == "answers"
    assert detect_kind(parquet(path, id=["a", "b"], text=["x", "y"], v=[[0.5, 1.0], [1.0, 2.0]])) == "embeddings"
    boxes = {"x1": [0.5], "y1": [0.5], "x2": [1.5], "y2": [1.5]}
    assert detect_kind(parquet(path, item=["a"], model=["m"], prediction=["x"], **boxes)) == "detections"


def test_the_kind_of_arrays_is_seen_from_their_shapes(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"a": np.ones((4, 2)), "b": np.ones((4, 3))}, tmp_path / "rows.safetensors")
    safetensors.numpy.save_file(WEIGHTS, tmp_path / "weights.safetensors")
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    (tmp_path / "net.onnx").write_bytes(b"\x08\x01")
    (tmp_path / "old.pt").write_bytes(b"PK")
    kinds = [detect_kind(tmp_path / name) for name in ("rows.safetensors", "a.npy")]
    assert kinds == ["embeddings"] * 2
    kinds = [detect_kind(tmp_path / name) for name in ("weights.safetensors", "net.onnx", "old.pt")]
    assert kinds == ["models"] * 3
    with pytest.raises(DataError, match=r"looks like models, and .*rows\.safetensors like embeddings; .*--kind"):
        detect_kind([tmp_path / "rows.safetensors", tmp_path / "weights.safetensors"])
