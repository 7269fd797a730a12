"""Small made inputs, and the commands that go on from a run folder, each started in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture import store
from polyculture.errors import StoreError
from polyculture.store.artefact import MANIFEST

COMMANDS = ("fit", "audit", "survey", "recommend")
WORDS = {"+": ("good", "great", "lovely", "superb"), "-": ("bad", "awful", "dull", "poor")}
THINGS = {"books": ("novel", "chapter", "author", "plot"), "films": ("actor", "scene", "camera", "score")}
METHODS = ("transformers", "convolution", "lstms", "graph networks")
OPTIONS = {
    "fit": "--encoders lexical",
    "audit": "--permutations 20",
    "survey": "--draws 20 --nulls 19 --least 5 --jobs 1 --batch 250 --vocabulary vocabulary.toml",
    "recommend": "--domain domain --set vectors=8",
}
VOCABULARY = "schema = 1\n" + "\n".join(
    f"[family.{name.split()[0]}.{method}]\npatterns = ['{name}', '{method}']"
    for name, method in zip(METHODS, ("attention", "resnet", "gates", "messages"), strict=True)
)
ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "POLYCULTURE_CACHE": "off",
    "SOURCE_DATE_EPOCH": "0",
}


def texts(n: int = 80) -> pl.DataFrame:
    """Short texts of two domains and two classes; a quarter is for the test."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        domain, label = ("books", "films")[i % 2], "+-"[(i // 2) % 2]
        some = [*rng.choice(WORDS[label], 2), *rng.choice(THINGS[domain], 3), f"w{i}", f"x{i * 7}"]
        split = "test" if i % 5 == 4 else "train"
        rows.append({"text": " ".join(some), "label": label, "domain": domain, "split": split})
    return pl.DataFrame(rows)


def answers(items: int = 300, models: int = 7) -> pl.DataFrame:
    """Answers of models of which two are alike, in a wide table."""
    rng = np.random.default_rng(0)
    right = rng.integers(0, 3, items)
    hard = rng.random(items)
    table: dict[str, Any] = {"item": [f"i{i}" for i in range(items)], "label": [f"o{a}" for a in right]}
    for model in range(models):
        wrong = (right + 1 + rng.integers(0, 2, items)) % 3
        table[f"m{model}"] = [f"o{a}" for a in np.where(hard + rng.random(items) < 1.3, right, wrong)]
    table["m1"] = [b if i % 9 else a for i, (a, b) in enumerate(zip(table["m1"], table["m0"], strict=True))]
    return pl.DataFrame(table)


def papers(n: int = 500) -> pl.DataFrame:
    """Papers of two communities and six years, by their titles."""
    rng = np.random.default_rng(0)
    year = np.sort(rng.integers(2018, 2024, n))
    community = rng.choice(["CV", "NLP"], n)
    late = (year - 2018) / 6
    which = np.where(rng.random(n) < late, 0, rng.integers(0, len(METHODS), n))
    title = [f"On {METHODS[k]} for matter {i}" for i, k in enumerate(which)]
    return pl.DataFrame({"paper_id": np.arange(n), "community": community, "year": year, "title": title})


def interactions(users: int = 90) -> pl.DataFrame:
    """Who took what in two domains; everybody has one of two tastes."""
    rng = np.random.default_rng(0)
    rows = [
        {"user": f"u{u:03}", "item": f"{d}{2 * i + u % 2:02}", "domain": d, "split": "train" if place else "test"}
        for u in range(users)
        for d in "ab"
        for place, i in enumerate(rng.permutation(12)[:6].tolist())
    ]
    return pl.DataFrame(rows)


@dataclass(frozen=True)
class Case:
    """A command on made data in a folder of its own."""

    command: str
    home: Path
    report: bool = False

    def write(self) -> Case:
        """Its input."""
        self.home.mkdir(parents=True, exist_ok=True)
        made = {"fit": texts, "audit": answers, "survey": papers, "recommend": interactions}[self.command]
        made().write_csv(self.home / "data.csv")
        if self.command == "survey":
            (self.home / "vocabulary.toml").write_text(VOCABULARY)
        return self

    def line(self, name: str, *, kept: bool = True) -> list[str]:
        """The command line of a run of this name, with a run folder or without."""
        verbs = ["recommend", "fit"] if self.command == "recommend" else [self.command]
        out = ["--out", f"{name}/model"] if self.command in ("fit", "recommend") else []
        run = ["--run", f"{name}/run"] if kept else []
        report = ["--report", f"{name}/found.html"] if self.report else []
        return [
            *verbs,
            "data.csv",
            *out,
            *OPTIONS[self.command].split(),
            "--json",
            f"{name}/found.json",
            *run,
            *report,
            "--quiet",
        ]

    def written(self, name: str) -> dict[str, str]:
        """SHA-256 of each output; what was found without its seconds and without its own place."""
        folder = self.home / name
        plain = json.loads((folder / "found.json").read_text())
        told = json.dumps(timeless(plain)).replace(f"{name}/", "")
        found = {"found.json": hashlib.sha256(told.encode()).hexdigest()}
        for path in sorted(folder.glob("*.html")):
            told = path.read_text(encoding="utf-8").replace(f"{name}/", "")
            found[path.name] = hashlib.sha256(told.encode()).hexdigest()
        for path in sorted(folder.glob("model/*")):
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def timeless(value: Any) -> Any:
    """The same without how long anything took."""
    if isinstance(value, dict):
        return {key: timeless(v) for key, v in value.items() if key != "seconds"}
    return [timeless(v) for v in value] if isinstance(value, list) else value


@dataclass
class Running:
    """One command under way."""

    pid: int
    server: subprocess.Popen[str]
    err: Path

    def wait(self) -> int:
        """How it ended: 0, an exit code, or the negative number of the signal."""
        assert self.server.stdout is not None
        return int(self.server.stdout.readline())

    def kill_after(self, seconds: float) -> bool:
        """SIGKILL after some time; whether it was still at work."""
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        code = self.wait()
        assert code in (0, -signal.SIGKILL), self.err.read_text()
        return code != 0


@contextmanager
def warm(hash_seed: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A process that starts commands without loading everything anew."""
    program = [sys.executable, str(Path(__file__).with_name("warm.py"))]
    env = {**os.environ, **ALONE, "PYTHONHASHSEED": str(hash_seed)}
    with subprocess.Popen(program, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield server
        finally:
            server.stdin.close()


def start(
    server: subprocess.Popen[str], case: Case, name: str, *, kept: bool = True, more: Sequence[str] = ()
) -> Running:
    """Start a run of a case; one at a time on a server."""
    (case.home / name).mkdir(exist_ok=True)
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps({"home": str(case.home), "line": [*case.line(name, kept=kept), *more]}) + "\n")
    server.stdin.flush()
    return Running(int(server.stdout.readline()), server, case.home / "err.txt")


def finish(server: subprocess.Popen[str], case: Case, name: str, *, kept: bool = True) -> dict[str, str]:
    """Run a case to its end; what it wrote."""
    running = start(server, case, name, kept=kept)
    code = running.wait()
    assert code == 0, running.err.read_text()
    return case.written(name)


def torn(folder: Path) -> list[str]:
    """Artefacts below a folder that have a manifest and cannot be read: there must be none."""
    found = []
    for manifest in sorted(folder.rglob(MANIFEST)):
        try:
            store.load(manifest.parent, kind=json.loads(manifest.read_bytes())["kind"])
        except (StoreError, ValueError, KeyError) as error:
            found.append(f"{manifest.parent}: {error}")
    for path in sorted(folder.glob("*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            found.append(f"{path}: {error}")
    return found


def strays(folder: Path) -> list[str]:
    """What nobody needs: temporary files, steps without a manifest, parts that no manifest names."""
    found = [str(path) for path in folder.rglob("*.tmp")]
    for step in folder.glob("run/*/*/"):
        found += [] if (step / MANIFEST).is_file() else [str(step)]
    for manifest in folder.rglob(MANIFEST):
        named = {MANIFEST, *(file["name"] for file in json.loads(manifest.read_bytes())["files"])}
        found += [str(path) for path in manifest.parent.iterdir() if path.name not in named]
    return found


def done_twice(run: Path) -> list[str]:
    """Steps that were begun again after they had been kept, by the journal."""
    kept: set[tuple[str, str]] = set()
    twice = []
    for line in journal(run):
        step = (line["part"], line["step"])
        if line["what"] == "begun" and step in kept:
            twice.append(" ".join(step))
        if line["what"] == "kept":
            kept.add(step)
    return twice


def journal(run: Path) -> Iterator[dict[str, Any]]:
    """The lines of the journal that are whole."""
    path = run / "journal.jsonl"
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else ():
        if line.endswith(b"\n"):
            yield json.loads(line)
