"""Damaged files are read, or refused in a sentence; none is a crash, a hang or a warning.

``POLYCULTURE_FUZZ`` sets how many there are in all.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from polyculture.data.papers import batches, read_papers
from polyculture.errors import PolycultureError

MUTATIONS = int(os.environ.get("POLYCULTURE_FUZZ", "500"))
MOST_SECONDS = 15

FRAME = pl.DataFrame(
    {
        "paper_id": [f"p{i}" for i in range(12)],
        "community": ["NLP", "CV"] * 6,
        "year": ["2019", "c. 2020", "2021-05-01"] * 4,
        "title": ["On parsing", 'On, "edges"', "\u05e2\u05dc"] * 4,
        "abstract": ["We parse.", None] * 6,
        "cnn": [True, False, None] * 4,
    }
)
WORK = {
    "id": "https://openalex.org/W1",
    "title": "On parsing",
    "publication_year": 2020,
    "primary_topic": {"subfield": {"display_name": "AI"}},
    "primary_location": {"source": {"display_name": "TACL", "type": "journal"}},
    "abstract_inverted_index": {"We": [0, 2], "parse": [1]},
}
WORKS = [{**WORK, "id": f"https://openalex.org/W{i}"} for i in range(8)]
ARXIV = {"id": "1", "title": "T", "categories": "cs.CL", "abstract": "A", "update_date": "2008-11-26", "versions": []}
BIB = "".join(
    f'@article{{k{i}, title = {{On {{P}}arsing \\"u}}, year = 2019, community = {{NLP}}}}\n' for i in range(8)
)


def seeds() -> dict[str, bytes]:
    tables: dict[str, Callable[[io.BytesIO], object]] = {
        "csv": FRAME.write_csv,
        "table.jsonl": FRAME.write_ndjson,
        "parquet": FRAME.write_parquet,
    }
    found = {}
    for name, write in tables.items():
        stream = io.BytesIO()
        write(stream)
        found[name] = stream.getvalue()
    lines = "".join(json.dumps(work) + "\n" for work in WORKS).encode()
    found["works.jsonl"] = lines
    found["works.json"] = json.dumps({"meta": {}, "results": WORKS}, indent=1).encode()
    found["works.gz"] = gzip.compress(lines)
    found["arxiv.json"] = "".join(json.dumps({**ARXIV, "id": str(i)}) + "\n" for i in range(8)).encode()
    if find_spec("bibtexparser"):
        found["bib"] = BIB.encode()
    return found


SEEDS = seeds()
ODD = (
    b"\xff",
    b"\x00",
    b"9" * 30,
    b"-1e999",
    b"NaN",
    b"\\ud800",
    b"[[",
    b"{",
    b"}",
    b'"',
    b"\n",
    b"\r",
    b",",
    b"null",
    b"true",
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A file after one to six accidents."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 6))):
        at = chance.randrange(len(found) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(found):  # a flipped bit
            found[at] ^= 1 << chance.randrange(8)
        elif kind == 1:  # something that is out of place
            found[at:at] = chance.choice(ODD)
        elif kind == 2:  # a piece lost
            del found[at : at + chance.randrange(1, 60)]
        elif kind == 3:  # a piece twice
            start = chance.randrange(len(found) + 1)
            found[at:at] = found[start : start + chance.randrange(1, 60)]
        elif chance.random() < 0.4:  # the end lost
            del found[at:]
    return bytes(found) or b"\n"


def outcome(path: Path, read: Callable[[Path], object]) -> str:
    start, said = time.monotonic(), ""
    try:
        read(path)
    except PolycultureError as error:
        said = str(error)
    assert "\n" not in said
    assert time.monotonic() - start < MOST_SECONDS
    return "refused" if said else "read"


def in_batches(path: Path) -> None:
    for batch in batches(path, rows=5):
        assert batch.frame["paper_id"].n_unique() == len(batch)


def whole(path: Path) -> None:
    papers = read_papers(path)
    assert papers.frame["paper_id"].n_unique() == len(papers) > 0
    assert not papers.frame.select("community", "year", "title").null_count().sum_horizontal().sum()


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    path = tmp_path / f"a.{name}"
    path.write_bytes(SEEDS[name])
    assert {outcome(path, whole), outcome(path, in_batches)} == {"read"}
    found = Counter[str]()
    # a process is started for each file of Parquet
    for number in range(MUTATIONS // len(SEEDS) // (4 if name == "parquet" else 1)):
        path.write_bytes(mutated(SEEDS[name], chance))
        found[outcome(path, in_batches if number % 3 == 0 else whole)] += 1
    assert min(found["read"], found["refused"]) > 0
