"""Bad input is one sentence that names the file, where in it, and what to do."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import safetensors.numpy

from polyculture.data.audit_input import (
    answers_from,
    detect_kind,
    read_answers,
    read_detections,
    read_embeddings,
    read_model_files,
)
from polyculture.errors import DataError, MissingExtraError, ParameterError, PolycultureError

LONG = "item,model,prediction,label\n"
WIDE = "item,label,a,b\n"
RATED = "item,model,prediction,label,p_x,p_y\n"


def parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pl.DataFrame(columns).write_parquet(stream)
    return stream.getvalue()


def npy(values: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, **options)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def header(shape: str, dtype: str = "<f8", data: bytes = b"") -> bytes:
    """An array of numpy whose header says what it is told to."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (117 - len(text)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def tensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of safetensors whose header says what it is told to."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype: str = "F32", shape: Any = (2, 2), offsets: Any = (0, 16)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def bomb() -> bytes:
    """100 MiB of zeros in 100 KiB."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header("(100, 131072)", data=bytes(100 * 2**20)))
    return stream.getvalue()


Files = Mapping[str, str | bytes]
GOOD = npy(np.ones((3, 2)))

ANSWERS: list[tuple[Files, dict[str, Any], str]] = [
    # the file
    ({"a.csv": ""}, {}, r"a\.csv: is empty; write it again"),
    ({"a.csv": "\n\n"}, {}, r"nothing but blank lines"),
    ({"a.csv": LONG}, {}, r"has no rows; give at least one"),
    ({"a.xlsx": "x"}, {}, r"the ending '\.xlsx' is not known"),
    ({"a.parquet": b"PAR1 torn"}, {}, r"is no whole Parquet file \(.*\); write it again"),
    ({"a.parquet": parquet(item=["q"] * 50, a=["x"] * 50)[:200]}, {}, r"is no whole Parquet file"),
    ({"a.parquet": parquet(item=[], a=[])}, {}, r"has no rows"),
    ({"a.csv": LONG + "q1,a\n"}, {}, r"row 1 \(line 2\) has 2 cells, the header has 4"),
    ({"a.csv": LONG.encode() + b"q1,a,caf\xe9,x\n"}, {}, r"line 2 is not UTF-8"),
    ({"a.csv": 'item,"model\n'}, {}, r"is no valid CSV"),
    ({"a.csv": "item, a,a \nq1,1,0\n"}, {}, r"the column 'a' stands twice in the header"),
    ({"a.jsonl": '{"item": 1, "a":\n'}, {}, r"line 1 is no valid JSON"),
    ({"a.jsonl": '{"item": 1, "a": ["x"], "b": "y"}\n'}, {}, r"row 1 has a list in 'a'; give a word or a number"),
    ({"a.jsonl": '{"item": 1, "a": "\\ud800", "b": "y"}\n'}, {}, r"'a' holds half a character"),
    ({"a.parquet": parquet(item=["q1"], a=[["x"]], b=["x"])}, {}, r"'a' holds List\(String\) in its cells"),
    ({"a.parquet": parquet(item=["q1"], a=[b"x"], b=["x"])}, {}, r"'a' holds Binary in its cells"),
    # its columns
    ({"a.csv": "id,a,b\nq1,1,0\n"}, {}, r"has no column 'item'; its columns are id, a, b"),
    ({"a.csv": "items,a,b\nq1,1,0\n"}, {}, r"has no column 'item', did you mean 'items'\?"),
    ({"a.csv": "item,a,b\nq1,1,0\n"}, {"label": "gold"}, r"has no column 'gold'; its columns are item, a, b"),
    ({"a.csv": "item,model,answer\nq1,a,x\n"}, {}, r"has a column 'model' but neither 'prediction' nor 'correct'"),
    ({"a.csv": "item,label\nq1,x\n"}, {}, r"has no column of a model; its columns are item, label"),
    ({"a.csv": "item,a,b\nq1,1,0\n"}, {"models": ["a", "c"]}, r"has no column 'c'"),
    (
        {"a.csv": LONG + "q1,a,x,x\n", "b.csv": WIDE + "q1,x,x,y\n"},
        {},
        r"b\.csv: is laid out differently from .*a\.csv",
    ),
    ({"a.csv": WIDE + "q1,x,x,y\n", "b.csv": WIDE + "q1,x,x,y\n"}, {}, r"each has a column for every model; join them"),
    ({"a.csv": 'item,model,"an\nswer"\nq1,a,x\n'}, {}, r"among item, model, 'an\\nswer', or give the kind"),
    # its rows
    ({"a.csv": LONG + "q1,a,x,x\n,b,x,x\n"}, {}, r"row 2 has nothing in 'item'; fill it in"),
    ({"a.csv": LONG + "q1,a,x,x\nq1,,x,x\n"}, {}, r"row 2 has nothing in 'model'; fill it in"),
    ({"a.csv": WIDE + "q1,x,x,y\n ,x,x,x\n"}, {}, r"row 2 has nothing in 'item'"),
    (
        {"a.csv": LONG + "q1,a,x,x\nq1,b,y,x\nq1,a,y,x\n"},
        {},
        r"row 3 contradicts row 1: both are of the item 'q1' and the model 'a'",
    ),
    (
        {"a.csv": LONG + "q1,a,x,x\nq1,b,y,x\nq1,a,,x\n"},
        {},
        r"row 3 contradicts row 1",
    ),
    ({"a.csv": RATED + "q1,a,x,x,1,0\nq1,a,x,x,0.5,0.5\n"}, {}, r"row 2 contradicts row 1: .* the model 'a'"),
    (
        {"a.csv": LONG + "q1,a,x,x\nq2,a,x,x\nq1,b,y,y\n"},
        {},
        r"row 3 contradicts an earlier row: the item 'q1' has the label 'x' there and 'y' here",
    ),
    (
        {"a.csv": "item,prediction,label\nq1,x,x\n", "b.csv": "item,prediction,label\nq1,x,y\n"},
        {},
        r"b\.csv: row 1 contradicts an earlier row: the item 'q1' has the label 'x' there",
    ),
    (
        {"a.csv": "item,group,a,b\nq1,u,1,0\nq1,v,1,0\n"},
        {},
        r"row 2 contradicts row 1: .*'q1', and differ in its group",
    ),
    (
        {"a.csv": WIDE + "q1,x,x,y\nq1,x,x,x\n"},
        {},
        r"row 2 contradicts row 1: both are of the item 'q1', and differ in 'b'",
    ),
    ({"a.csv": "item,options,a,b\nq1,1,x,y\n"}, {}, r"row 1 has 1 in 'options'; give how many options"),
    ({"a.csv": "item,options,a,b\nq1,many,x,y\n"}, {}, r"row 1 has 'many' in 'options'; give a finite number"),
    ({"a.csv": "item,model,correct\nq1,a,1\nq1,b,yes\n"}, {}, r"row 2 has 'yes' in 'correct'; give 1 or true"),
    (
        {"a.csv": "item,a,b,subject\nq1,1,0,law\n"},
        {},
        r"row 1 has 'law' in 'subject', which is neither right .* as in other columns",
    ),
    ({"a.csv": "item,a,b\nq1,x,y\n"}, {"kind": "right-wrong"}, r"row 1 has 'x' in 'a', which is neither right"),
    # probabilities
    ({"a.csv": RATED + "q1,a,x,x,-0.7,-1.2\n"}, {}, r"'p_x': row 1 has -0\.7; give a probability, from 0 to 1"),
    ({"a.csv": RATED + "q1,a,x,x,1,0\nq1,b,x,x,1e5,0\n"}, {}, r"'p_x': row 2 has 100000; give a probability"),
    ({"a.csv": RATED + "q1,a,x,x,1,high\n"}, {}, r"row 1 has 'high' in 'p_y'; give a finite number"),
    ({"a.csv": RATED + "q1,a,x,x,inf,0\n"}, {}, r"row 1 has 'inf' in 'p_x'; give a finite number"),
    (
        {"a.csv": RATED + "q1,a,x,z,1,0\nq1,b,x,z,1,0\n"},
        {},
        r"the item 'q1' has the label 'z', which is none of its options",
    ),
    (
        {"a.csv": RATED + "q1,a,x,y,1,\nq1,b,x,y,1,\n"},
        {},
        r"the item 'q1' has the label 'y', which is none of its options",
    ),
    ({"a.csv": RATED + "q1,a,x,x,1,\nq1,b,x,x,1,\n"}, {}, r"the item 'q1' offers one option"),
    ({"a.csv": RATED + "q1,a,x,x,1,0\n"}, {"options": ["x", "z"]}, r"the column 'p_y' is of none of the options"),
    # what is left of it
    (
        {"a.csv": "item,prediction,label\nq1,x,x\nq2,y,x\n"},
        {},
        r"holds answers of one model, 'a'; an audit compares two",
    ),
    ({"a.csv": "item,a\nq1,1\n"}, {}, r"holds answers of one model, 'a'"),
    ({"a.csv": "item,a,b\nq1,,\n"}, {}, r"holds answers of no model"),
    ({"a.csv": WIDE + "q1,x,,\nq2,,x,y\n"}, {}, r"holds answers of no model"),
    ({"a.csv": WIDE + "q1,x,x,x\n"}, {}, r"all answers are x; give two options or more"),
    (
        {"a.csv": WIDE + "q1,3.0,3,2\nq2,2.0,2,2\n"},
        {},
        r"no answer of any model, such as '3', is the label of any item",
    ),
    (
        {"a.csv": WIDE + "q1," + "x" * 999 + ",x,y\n"},
        {"options": ["x", "y"]},
        r"has the label 'x{59}\.\.\.', which is none",
    ),
    (
        {"a.csv": WIDE + "q1,x,x,y\n"},
        {"options": ["y", "z"]},
        r"the item 'q1' has the label 'x', which is none of its opt",
    ),
    (
        {"a.csv": "item,model,prediction\n" + "".join(f"q{i},m{i},x\n" for i in range(33_000))},
        {},
        r"too many for a matrix",
    ),
]

EMBEDDINGS: list[tuple[Files, dict[str, Any], str]] = [
    ({"a.npy": GOOD}, {}, r"holds the vectors of one model; an audit compares two"),
    ({"a.csv": "x"}, {}, r"the ending '\.csv' is not known; give a file that ends in \.npy"),
    ({"a.npy": GOOD, "b.npy": b"\x93NUMPY"}, {}, r"b\.npy is no whole numpy array"),
    ({"a.npy": GOOD, "b.npy": GOOD[:-1]}, {}, r"b\.npy does not have the bytes that its shape \(3, 2\) needs"),
    ({"a.npy": header("(2**40, 2**20)")}, {}, r"a\.npy is no whole numpy array"),
    ({"a.npy": header(f"({2**40}, {2**20})")}, {}, r"a\.npy does not have the bytes that its shape"),
    ({"a.npy": header(f"({10**30}, 0)")}, {}, r"a\.npy is no whole numpy array \(its shape is"),
    ({"a.npy": header("(-1, 2)")}, {}, r"a\.npy is no whole numpy array \(its shape is \(-1, 2\)\); write it again"),
    ({"a.npy": npy(np.array([[{}]]), allow_pickle=True)}, {}, r"a\.npy holds Python objects, which are not read"),
    ({"a.npy": npy(np.ones(3))}, {}, r"a\.npy has the shape \(3,\); give items by dimensions"),
    ({"a.npy": npy(np.ones((0, 3)))}, {}, r"a\.npy has the shape \(0, 3\)"),
    ({"a.npy": npy(np.array([["x", "y"]]))}, {}, r"a\.npy holds <U1; give numbers"),
    ({"a.npy": GOOD, "b.npy": npy(np.ones((4, 2)))}, {}, r"b\.npy: has 4 rows, and .*a\.npy has 3; give the ids"),
    ({"a.npy": npy(np.array([[1, 2], [np.nan, 0]]))}, {}, r"a\.npy: row 2 holds a number that is not finite"),
    ({"a.npy": npy(np.where(np.eye(8)[None] > 0, [[[1]], [[np.inf]]], 0))}, {}, r"a\.npy: layer 1, row 1 holds"),
    ({"a.npz": b"PK\x03\x04 torn"}, {}, r"a\.npz: is no whole file of numpy arrays"),
    ({"a.npz": npz(bert=np.ones((3, 2)), gpt=np.ones((4, 2)))}, {}, r"'gpt' has 4 rows and 'bert' has 3"),
    ({"a.npz": npz(bert=np.ones((3, 2)), gpt=np.full((3, 2), np.nan))}, {}, r"a\.npz: 'gpt': row 1 holds"),
    ({"a.npz": npz(x=np.ones((3, 2)), ids=np.arange(2))}, {}, r"has 2 ids for 3 rows"),
    ({"a.npz": npz(x=np.ones((3, 2)), ids=np.array(["a", "b", "a"]))}, {}, r"the id 'a' stands in more than one row"),
    ({"a.npz": npz(x=np.ones((3, 2)), ids=np.ones(3))}, {}, r"'ids' holds float64; give words or whole numbers"),
    (
        {"a.npz": npz(x=np.ones((3, 2)), ids=np.arange(3)), "b.npy": GOOD},
        {},
        r"b\.npy: has no ids of items, and .*a\.npz has",
    ),
    (
        {
            "a.npz": npz(x=GOOD and np.ones((1, 2)), ids=np.array(["u"])),
            "b.npz": npz(x=np.ones((1, 2)), ids=np.array(["v"])),
        },
        {},
        r"has no item in common",
    ),
    ({"a.npz": npz(ids=np.arange(3))}, {}, r"a\.npz: holds no arrays"),
    ({"a.npz": bomb()}, {}, r"unpacks to 104857728 bytes, which no numbers do"),
    ({"a.safetensors": tensors({"x": entry("I32")}, bytes(16))}, {}, r"'x' is of type I32; give F16, BF16, F32 or F64"),
    (
        {"a.safetensors": tensors({"__metadata__": {"items": "q1"}, "x": entry()}, bytes(16))},
        {},
        r"the metadata 'items' are no list of ids in JSON",
    ),
    ({"a.parquet": parquet(item=["a"], text=["b"])}, {}, r"has no vectors; give a column of lists"),
    (
        {"a.parquet": parquet(item=["a", "b"], v=[[1.0], [1.0, 2.0]])},
        {},
        r"row 2 has a list of 2 in 'v', and row 1 one of 1",
    ),
    ({"a.parquet": parquet(item=["a", "b"], v=[[1.0], None])}, {}, r"row 2 has a list of 0 in 'v'"),
    ({"a.parquet": parquet(item=["a", None], v=[[1.0], [2.0]])}, {}, r"row 2 has nothing in 'item'"),
    ({"a.parquet": parquet(item=["a", "b"], v=[[1.0], [None]])}, {}, r"'v': row 2 holds a number that is not finite"),
    ({"a.parquet": parquet(item=["a"], v=[["x"]])}, {}, r"'v' holds lists of String; give lists of numbers"),
]

MODELS: list[tuple[Files, dict[str, Any], str]] = [
    ({"a.pt": b"PK"}, {}, r"is a pickle, which can run any code .*; convert it to safetensors"),
    ({"a.bin": b"PK"}, {}, r"convert it to safetensors"),
    ({"a.txt": b"x"}, {}, r"the ending '\.txt' is not known; give a file that ends in \.safetensors, \.onnx"),
    ({"a.safetensors": b"\x00"}, {}, r"is no whole file of safetensors \(its header is longer than the file\)"),
    ({"a.safetensors": tensors({}, length=2**60)}, {}, r"its header is longer than the file"),
    ({"a.safetensors": tensors(b"{torn")}, {}, r"its header is no JSON"),
    ({"a.safetensors": tensors(b"[1]")}, {}, r"its header is no object"),
    ({"a.safetensors": tensors(b'{"x": 1, "x": 2}')}, {}, r"its header is no JSON"),
    ({"a.safetensors": tensors({})}, {}, r"holds no parameters"),
    ({"a.safetensors": tensors({"__metadata__": {"a": 1}})}, {}, r"its metadata are no words"),
    ({"a.safetensors": tensors({"x": {"dtype": "F32"}})}, {}, r"'x' lacks its type, shape or place"),
    ({"a.safetensors": tensors({"x": entry("F9")}, bytes(16))}, {}, r"'x' is of the unknown type 'F9'"),
    (
        {"a.safetensors": tensors({"x": entry(shape=(2, -2))}, bytes(16))},
        {},
        r"'x' has a shape or place that is no whole",
    ),
    ({"a.safetensors": tensors({"x": entry(shape=(2**40, 2**40))}, bytes(16))}, {}, r"'x' does not have the bytes"),
    ({"a.safetensors": tensors({"x": entry()}, bytes(8))}, {}, r"'x' does not have the bytes that its shape"),
    ({"a.safetensors": tensors({"x": entry()}, bytes(24))}, {}, r"it has 8 bytes too many"),
    ({"a.safetensors": tensors({"x": entry(), "y": entry()}, bytes(16))}, {}, r"its arrays overlap, or leave gaps"),
]

BOX = "item,model,prediction,x1,y1,x2,y2\n"

DETECTIONS: list[tuple[Files, dict[str, Any], str]] = [
    ({"a.csv": BOX + "s,m,cat,0,0,2,\n"}, {}, r"row 1 has nothing in 'y2'; fill it in"),
    ({"a.csv": BOX + "s,m,cat,0,0,2,2\ns,m,cat,5,5,2,2\n"}, {}, r"row 2 has the box .*; give x2 greater than x1"),
    ({"a.csv": BOX + "s,m,cat,0,0,2,wide\n"}, {}, r"row 1 has 'wide' in 'y2'; give a finite number"),
    ({"a.csv": BOX + "s,m,cat,-1e308,0,1e308,1\n"}, {}, r"row 1 has the box"),
    ({"a.csv": BOX + "s,m,,0,0,2,2\n"}, {}, r"row 1 has nothing in 'prediction'"),
    ({"a.csv": "item,model,prediction,x,y,w,h\ns,m,cat,0,0,2,2\n"}, {}, r"has no column 'x1'"),
    ({"a.csv": BOX + "s,m,cat,0,0,2,2\n"}, {}, r"holds answers of one model, 'm'"),
]

THERE = pl.DataFrame({"item": ["s"], "label": ["cat"], "x1": [0], "y1": [0], "x2": [2], "y2": [2]})


def detections(paths: list[Path], **options: Any) -> Any:
    return read_detections(paths, THERE, **options)


CASES: list[tuple[Callable[..., Any], Files, dict[str, Any], str]] = [
    (read, *case)
    for read, cases in (
        (read_answers, ANSWERS),
        (read_embeddings, EMBEDDINGS),
        (read_model_files, MODELS),
        (detections, DETECTIONS),
    )
    for case in cases
]


@pytest.mark.parametrize(("read", "files", "options", "sentence"), CASES, ids=[case[3][:50] for case in CASES])
def test_bad_input_is_one_sentence_that_says_where(
    tmp_path: Path, read: Callable[..., Any], files: Files, options: dict[str, Any], sentence: str
) -> None:
    paths = []
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append(tmp_path / name)
    with pytest.raises(PolycultureError, match=sentence) as caught:
        read(paths, **options)
    said = str(caught.value)
    assert said.startswith(tuple(str(path) for path in paths))
    assert "\n" not in said
    assert ";" in said or "?" in said


@pytest.mark.parametrize("read", [read_answers, read_embeddings, read_model_files, detections, detect_kind])
def test_paths_that_lead_to_no_file_say_so(tmp_path: Path, read: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match=r"none\.csv: does not exist; check the path"):
        read([tmp_path / "none.csv"])
    with pytest.raises(DataError, match="is a folder; name the files in it"):
        read([tmp_path])
    with pytest.raises(DataError, match="no file was given"):
        read([])
    with pytest.raises(DataError, match="cannot be read"):
        read([tmp_path / ("x" * 300)])
    (tmp_path / "a.csv").write_text("item,a,b\n")
    with pytest.raises(DataError, match="is given twice; name each file once"):
        read([tmp_path / "a.csv", tmp_path / ".." / tmp_path.name / "a.csv"])


MEMORY: list[tuple[Any, dict[str, Any], type[PolycultureError], str]] = [
    ([1, 2], {}, DataError, "is a list, not a table in memory"),
    (pl.DataFrame({"item": [1], "a": [1], "b": [0]}).lazy(), {}, DataError, "collect a lazy one first"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, DataError, "two columns have the same name"),
    ({}, {}, DataError, "the answers are of no model"),
    ({"a": [1, 0], "b": [1]}, {}, DataError, r"'b' has values of shape \(1,\); give one for each of 2 items"),
    ({"a": [1, 0], "b": [1, 1]}, {"labels": [1]}, DataError, r"'the labels' has values of shape \(1,\)"),
    ({"a": [1, {}], "b": [1, 1]}, {}, DataError, "row 2 has a dict in 'a'"),
    (np.ones(3), {}, DataError, r"array of shape \(3,\)"),
    (np.ones((2, 2)), {"models": ["a"]}, ParameterError, "models has 1 names for 2 columns"),
    ({"a": ["x"], "b": ["y"]}, {"options": ["x", "x"]}, ParameterError, "give two or more different words"),
    ({"a": ["x"], "b": ["y"]}, {"kind": "tall"}, ParameterError, "kind is 'tall'; give one of auto, long"),
    ({"a": ["x"], "b": ["y"]}, {"probabilities": {"a": [[1]]}}, ParameterError, "need to be told their options"),
    (pl.DataFrame({"item": [1]}), {"labels": [1]}, ParameterError, "go with arrays"),
    (pl.DataFrame({"item": [1]}), {"names": {"id": "x"}}, ParameterError, "names has 'id'; name item, model"),
    (pl.DataFrame({"item": [1], "a": [1], "b": [0]}), {"kind": "tall"}, ParameterError, "kind is 'tall'"),
]


@pytest.mark.parametrize(("data", "options", "error", "sentence"), MEMORY)
def test_bad_data_in_memory_is_one_sentence(
    data: Any, options: dict[str, Any], error: type[PolycultureError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        answers_from(data, **options)
    assert "\n" not in str(caught.value)


def test_onnx_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    (tmp_path / "a.onnx").write_bytes(b"x")
    with pytest.raises(MissingExtraError, match=r"pip install 'polyculture\[onnx\]'"):
        read_model_files(tmp_path / "a.onnx")


def test_a_damaged_onnx_file_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    for content in (b"\xff\xff\xff", b"\x08\x01"):
        (tmp_path / "a.onnx").write_bytes(content)
        with pytest.raises(DataError, match=r"a\.onnx: is no whole ONNX file .*; write it again"):
            read_model_files(tmp_path / "a.onnx")


def test_weights_that_lie_in_safetensors_written_elsewhere_are_in_order(tmp_path: Path) -> None:
    """The check that arrays follow on each other refuses nothing that the package writes."""
    arrays = {"b": np.ones(3, dtype=np.int8), "a": np.ones((2, 5)), "none": np.ones((0, 3)), "one": np.float32(1)[()]}
    arrays = {name: np.asarray(values) for name, values in arrays.items()}
    safetensors.numpy.save_file(arrays, tmp_path / "a.safetensors")
    (model,) = read_model_files(tmp_path / "a.safetensors")
    assert {name: shape for name, (shape, _) in model.parameters.items()} == {k: v.shape for k, v in arrays.items()}
