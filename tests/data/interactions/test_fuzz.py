"""Damaged files of every format are read, or refused in one sentence; nothing crashes, hangs or warns."""

from __future__ import annotations

import gzip
import io
import random
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from polyculture.data.interactions import Interactions, read_interactions
from polyculture.errors import PolycultureError

MUTANTS = 150

ROWS = [(f"u{i % 7}", f"i{i % 11}", i % 5 + 1, 1000 + i) for i in range(40)]
TABLE = pl.DataFrame(ROWS, schema=["user", "item", "rating", "time"], orient="row")
HEADER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"


def parquet() -> bytes:
    out = io.BytesIO()
    TABLE.write_parquet(out)
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, indptr=np.arange(0, 21, 2), indices=np.arange(20) % 12, shape=np.array([10, 12]))
    return out.getvalue()


FILES = {
    "x.csv": TABLE.write_csv().encode(),
    "x.jsonl": TABLE.write_ndjson().encode(),
    "x.parquet": parquet(),
    "x.inter": (HEADER + "".join("\t".join(map(str, row)) + "\n" for row in ROWS)).encode(),
    "x.txt": "".join(f"{user} {user + 1} {user + 2}\n" for user in range(20)).encode(),
    "x.txt.gz": gzip.compress("".join(f"{user} {user + 1} {user + 2}\n" for user in range(20)).encode()),
    "x.dat": "".join("::".join(map(str, row)) + "\n" for row in ROWS).encode(),
    "x.npz": npz(),
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four bytes changed, a piece cut out, put in twice, or the end cut off."""
    out = bytearray(data)
    start = rng.randrange(len(out))
    end = min(len(out), start + rng.randrange(1, 40))
    kind = rng.randrange(4)
    if kind == 0:
        for _ in range(rng.randrange(1, 5)):
            out[rng.randrange(len(out))] = rng.choice([0, 9, 10, 34, 44, 45, 255, rng.randrange(256)])
    elif kind == 1:
        del out[start:end]
    elif kind == 2:
        out[start:start] = out[start:end]
    else:
        del out[start:]
    return bytes(out)


def read_or_refuse(path: Path) -> Interactions | str:
    try:
        return read_interactions(path)
    except PolycultureError as error:
        return str(error)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_a_sentence_or_sound_interactions(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    path, ends = tmp_path / name, Counter[str]()
    for _ in range(MUTANTS):
        path.write_bytes(damaged(FILES[name], rng))
        found = read_or_refuse(path)
        if isinstance(found, str):
            assert str(path) in found
            assert "\n" not in found
        else:
            assert found.matrix().nnz <= len(found)
        ends["refused" if isinstance(found, str) else "read"] += 1
    assert ends["refused"] > 0
    assert ends.total() == MUTANTS


def test_what_is_not_damaged_is_read(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
        assert len(read_interactions(tmp_path / name)) >= 20
