"""Commands run in this process, and small made data for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from typer.testing import CliRunner

from polyculture.cli import app

GOOD = ("good", "great", "lovely", "superb", "fine", "happy")
BAD = ("bad", "awful", "dull", "poor", "sad", "ugly")
THINGS = {"books": ("novel", "chapter", "author", "plot"), "films": ("actor", "scene", "camera", "score")}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def run(*args: object) -> Done:
    """Run a command; an exception that no command turned into a sentence is raised."""
    done = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def fit(data: Path, out: Path, *options: object) -> Done:
    """Fit with n-grams alone, which takes two seconds."""
    return run("fit", data, "--out", out, "--encoders", "lexical", "--quiet", *options)


def made(labels: Sequence[Any] = ("+", "-"), n: int = 120) -> dict[str, list[Any]]:
    """Columns of n short texts in two domains and two classes, no two texts alike."""
    table: dict[str, list[Any]] = {name: [] for name in ("id", "text", "label", "domain", "stars")}
    for i in range(n):
        domain, label = ("books", "films")[i % 2], (i // 2) % 2
        words, things = (GOOD, BAD)[label], THINGS[domain]
        text = f"a {words[i % 6]} {things[i % 4]} w{i} x{i * 7} and {words[i % 5]} {things[(i // 3) % 4]} y{i * 3}"
        for name, value in zip(table, (f"i{i}", text, labels[label], domain, i % 5), strict=True):
            table[name].append(value)
    return table


def write(path: Path, table: dict[str, list[Any]]) -> Path:
    """A table as the file that the path's ending tells."""
    frame = pl.DataFrame(table)
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".jsonl": frame.write_ndjson}[path.suffix](path)
    return path
