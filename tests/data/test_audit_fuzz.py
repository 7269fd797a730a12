"""Ten thousand damaged files: each is read, or refused in a sentence; none is a crash, a hang, a warning or a flood."""

from __future__ import annotations

import io
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import safetensors.numpy

from polyculture.data.audit_input import (
    answers_from,
    detect_kind,
    parquet,
    read_answers,
    read_detections,
    read_embeddings,
    read_model_files,
)
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.errors import PolycultureError

FILES_A_FORMAT = 1_250
MOST_SECONDS = 10
MOST_MEGABYTES = 500

N = 12
ITEMS = [f"q{i}" for i in range(N)]
LONG = pl.DataFrame(
    {
        "item": ITEMS * 2,
        "model": ["bert"] * N + ["gpt"] * N,
        "prediction": ["x", "y", "z"] * (2 * N // 3),
        "label": ["x", "y"] * N,
        "p_x": [0.5] * (2 * N),
        "p_y": [0.25] * (2 * N),
        "p_z": [0.25, None] * N,
    }
)
WIDE = pl.DataFrame({"item": ITEMS, "group": ["u", "v"] * 6, "a": [1, 0] * 6, "b": [1, None, 0] * 4, "c": [True] * N})
BOXES = pl.DataFrame(
    {
        "item": ITEMS[:6],
        "model": ["bert", "gpt"] * 3,
        "prediction": ["cat"] * 6,
        "score": [0.5, 0.25] * 3,
        **{side: [float(i + j) for i in range(6)] for j, side in enumerate(("x1", "y1", "x2", "y2"))},
    }
)
THERE = BOXES.rename({"prediction": "label"}).drop("model", "score")
VECTORS = np.random.default_rng(0).normal(size=(N, 4))


def table(frame: pl.DataFrame, ending: str) -> bytes:
    stream = io.BytesIO()
    if ending == "jsonl":
        frame.write_ndjson(stream)
    else:
        frame.write_csv(stream, separator="\t" if ending == "tsv" else ",", quote_style="always")
    return stream.getvalue()


def parquets() -> list[bytes]:
    found = []
    for frame in (LONG, WIDE, BOXES.with_columns(v=pl.lit([1.0, 2.0]))):
        for compression in ("zstd", "uncompressed", "snappy", "gzip"):
            stream = io.BytesIO()
            frame.write_parquet(stream, compression=compression)
            found.append(stream.getvalue())
    return found


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def npz(save: Callable[..., None]) -> bytes:
    stream = io.BytesIO()
    save(stream, x=VECTORS, y=VECTORS.astype(np.float16), ids=np.array(ITEMS))
    return stream.getvalue()


def onnx_model() -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    value = helper.make_tensor_value_info
    weights = [
        numpy_helper.from_array(VECTORS, "w"),
        helper.make_tensor("b", TensorProto.FLOAT, [4], [1.0, 2.0, 3.0, 4.0]),
    ]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Add", ["y", "b"], ["z"])]
    ends = [value("x", TensorProto.DOUBLE, [1, N])], [value("z", TensorProto.DOUBLE, [1, 4])]
    return helper.make_model(helper.make_graph(nodes, "net", *ends, weights)).SerializeToString()


def seeds(ending: str) -> list[bytes]:
    """Small files in order."""
    if ending in ("csv", "tsv", "jsonl"):
        return [table(frame, ending) for frame in (LONG, WIDE, BOXES)]
    if ending == "npy":
        deep = np.stack([VECTORS, VECTORS])
        return [npy(VECTORS), npy(VECTORS.astype(np.float16)), npy(np.asfortranarray(VECTORS)), npy(deep)]
    if ending == "npz":
        return [npz(np.savez), npz(np.savez_compressed)]
    if ending == "safetensors":
        arrays = {"x": VECTORS, "y": VECTORS.astype(np.float32), "z": np.ones(3)}
        return [
            safetensors.numpy.save(arrays),
            safetensors.numpy.save({"x": VECTORS, "y": VECTORS}, metadata={"items": json.dumps(ITEMS)}),
        ]
    return parquets() if ending == "parquet" else [onnx_model()]


ODD = (
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"9" * 12,
    b"-",
    b"\\u",
    b"[[",
    b'"',
    b"\n",
)


def mutated(good: list[bytes], chance: random.Random) -> bytes:
    """A file in order after one to eight accidents."""
    data = bytearray(chance.choice(good))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        other = chance.choice((data, chance.choice(good)))
        start = chance.randrange(len(other))
        piece = other[start : start + chance.randrange(1, 40)]
        accident = chance.randrange(7)
        if accident == 0 and at < len(data):  # a flipped bit
            data[at] ^= 1 << chance.randrange(8)
        elif accident == 1:  # a wrong byte
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif accident == 2:  # a length or a sign that is out of place
            piece = chance.choice(ODD)
            data[at : at + len(piece)] = piece
        elif accident == 3:  # a piece twice, or of another file
            data[at:at] = piece
        elif accident == 4:  # a piece in place of another
            data[at : at + len(piece)] = piece
        elif accident == 5:  # a piece lost
            del data[at : at + chance.randrange(1, 40)]
        elif chance.random() < 0.3:  # the end lost
            del data[at:]
        data = data or bytearray(b"\x00")
    return bytes(data)


@contextmanager
def little_memory(most: float = MOST_MEGABYTES) -> Iterator[None]:
    """Fails if this process grows by more than so many megabytes at any time; only Linux tells."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark is set to what is held now
    except OSError:
        yield
        return
    before = high_water()
    yield
    assert high_water() - before < most


def high_water() -> float:
    """The most megabytes that this process has held since the mark was set."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: the disk is not what is tested."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def outcome(read: Callable[[], Any]) -> str:
    start, said = time.monotonic(), ""
    try:
        read()
    except PolycultureError as error:
        said = str(error)
    assert "\n" not in said
    assert time.monotonic() - start < MOST_SECONDS
    return "refused" if said else "read"


def survive(ending: str, folder: Path, *readers: Callable[[Path], Any]) -> Counter[str]:
    """What becomes of damaged files of a format when they are read in each of some ways."""
    chance, good = random.Random(ending), seeds(ending)
    for number, data in enumerate(good):
        (folder / f"good{number}.{ending}").write_bytes(data)
    found = Counter[str]()
    with little_memory():
        for number in range(FILES_A_FORMAT):
            path = folder / f"{number}.{ending}"
            path.write_bytes(mutated(good, chance))
            found.update(outcome(partial(reader, path)) for reader in readers)
            path.unlink()
    return found


def boxes(path: Path) -> Any:
    return read_detections(path, THERE)


def vectors(path: Path) -> Any:
    return read_embeddings([path, path.parent / f"good0{path.suffix}"])


READERS: dict[str, tuple[Callable[[Path], Any], ...]] = {
    "csv": (read_answers, boxes, detect_kind),
    "tsv": (read_answers, boxes, detect_kind),
    "jsonl": (read_answers, boxes, detect_kind),
    "npy": (vectors,),
    "npz": (vectors, read_embeddings),
    "safetensors": (vectors, read_model_files, detect_kind),
    "onnx": (read_model_files,),
}


@pytest.mark.parametrize("ending", READERS)
def test_damaged_files_are_read_or_refused(folder: Path, ending: str) -> None:
    if ending == "onnx" and find_spec("onnx") is None:
        pytest.skip("onnx is not installed")
    found = survive(ending, folder, *READERS[ending])
    assert min(found["read"], found["refused"]) > 0.02 * FILES_A_FORMAT


def test_damaged_parquet_files_are_read_or_refused(folder: Path) -> None:
    """All in one call: a process that a file ends is started again for the next."""
    chance, good = random.Random("parquet"), seeds("parquet")
    paths = [folder / f"{number}.parquet" for number in range(FILES_A_FORMAT)]
    for path in paths:
        path.write_bytes(mutated(good, chance))
    with little_memory():
        frames = list(read_parquets(paths))
    assert len(frames) == len(paths)
    refused = [frame for frame in frames if isinstance(frame, PolycultureError)]
    assert all(
        str(path) in str(frame)
        for path, frame in zip(paths, frames, strict=True)
        if isinstance(frame, PolycultureError)
    )
    found = Counter(outcome(partial(answers_from, frame)) for frame in frames if isinstance(frame, pl.DataFrame))
    assert min(found["read"], found["refused"], len(refused)) > 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that nobody writes to")
def test_a_file_that_never_answers_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_SECONDS", 0.5)
    paths = [folder / name for name in ("good.parquet", "silent.parquet", "after.parquet")]
    for path in (paths[0], paths[2]):
        path.write_bytes(parquets()[0])
    os.mkfifo(paths[1])
    good, *others = read_parquets(paths)
    assert isinstance(good, pl.DataFrame)
    for path, other in zip(paths[1:], others, strict=True):
        assert str(other) == f"{path}: was not read within 4 s; copy it to a disk that answers"


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="only Linux tells")
def test_a_flood_is_noticed_whatever_was_held_before() -> None:
    np.ones(15_000_000)
    with pytest.raises(AssertionError), little_memory(50):
        np.ones(40_000_000)
