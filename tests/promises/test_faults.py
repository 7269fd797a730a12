"""A disk that is full, read-only or broken: one clear error, what was there before is whole, nothing is left about.

Every call of a small run that opens, writes, syncs or renames fails once, each with the next of several errors.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import whole_files as whole
from commands import Done, run
from faults import ERRORS, Disk, failing
from golden_models import GOLDEN, LABELS, WHERE, N, clicks, texts

from polyculture import CrossDomainClassifier, store
from polyculture.errors import StoreError
from polyculture.recommend import CrossDomainRecommender

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="which file a number stands for is asked of /proc")


def files(root: Path) -> dict[str, bytes]:
    """Everything below a folder, but for what nothing depends on."""
    found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith("cache")}


def every_fault(root: Path, work: Callable[[], Any]) -> Iterator[tuple[Disk, Any]]:
    """Do something once for each call that it makes of the disk, with this call failing; then once more."""
    n, result = 0, None
    while True:
        n += 1
        disk = Disk(root, n, ERRORS[n % len(ERRORS)])
        with failing(disk):
            result = work()
        yield disk, result
        if not disk.failed:
            return


def test_an_artefact_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    old, new = {"w": np.zeros(9), "name": "old"}, {"w": np.ones(9), "name": "new"}

    def attempt() -> str:
        try:
            store.save(folder, new, kind="demo", facts={})
        except StoreError as error:
            return str(error)
        return ""

    store.save(folder, old, kind="demo", facts={})
    before, faults = files(tmp_path), 0
    for disk, said in every_fault(tmp_path, attempt):
        found = store.load(folder, kind="demo")["name"]
        assert found == "new" if not said else found in ("old", "new")
        if found == "old":
            assert files(tmp_path) == before
        assert len(files(tmp_path)) == len(before), (disk.asked, said)
        assert (len(said.splitlines()), "kept" in said) == ((1, True) if said else (0, False))
        faults += disk.failed
        store.save(folder, old, kind="demo", facts={})
        assert files(tmp_path) == before
    assert faults > 20


def test_a_first_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    def attempt() -> bool:
        try:
            store.save(folder, {"w": np.ones(9)}, kind="demo", facts={})
        except StoreError:
            return False
        return True

    undone = 0
    for disk, done in every_fault(tmp_path, attempt):
        whole_one = (folder / "manifest.json").exists()
        if not whole_one:
            assert list(tmp_path.rglob("*")) == [], disk.asked
            undone += 1
        assert whole_one or not done
        shutil.rmtree(folder, ignore_errors=True)
    assert undone > 10


WRITERS: dict[str, Callable[[Path], None]] = {
    "bytes": lambda path: store.write_bytes(path, b"new"),
    "text": lambda path: store.write_text(path, "new"),
    "json": lambda path: store.write_json(path, {"a": float("nan")}),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_is_the_old_or_the_new_one(writer: str, tmp_path: Path) -> None:
    path, said = tmp_path / "a", []

    def attempt() -> None:
        try:
            WRITERS[writer](path)
        except StoreError as error:
            said.append(str(error))

    for disk, _ in every_fault(tmp_path, attempt):
        assert [p.name for p in tmp_path.iterdir()] in ([], ["a"])
        # what fails after the new file is in its place leaves the new one
        assert path.exists() == (not disk.failed or "replace" in disk.asked[:-1])
        path.unlink(missing_ok=True)
    assert len(said) >= 8
    assert all(str(path) in sentence and "cannot be written (" in sentence for sentence in said)


def learnt(self: CrossDomainClassifier, *_args: Any, **_settings: Any) -> CrossDomainClassifier:
    """In the place of fitting, which takes seconds: all that it would have learnt."""
    vars(self).update(vars(CrossDomainClassifier.load(GOLDEN / "texts")))
    return self


def recommends(self: CrossDomainRecommender, *_args: Any, **_settings: Any) -> CrossDomainRecommender:
    vars(self).update(vars(CrossDomainRecommender.load(GOLDEN / "recommender")))
    return self


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Inputs for every command, in a folder of their own, and an empty one for outputs."""
    monkeypatch.setattr(CrossDomainClassifier, "fit", learnt)
    monkeypatch.setattr(CrossDomainRecommender, "fit", recommends)
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "out" / "cache"))
    (tmp_path / "out").mkdir()
    rows = "\n".join(map(",".join, zip(texts(), LABELS, WHERE, strict=True)))
    (tmp_path / "texts.csv").write_text(f"text,label,domain\n{rows}\n")
    bits = [f"q{i},{i % 2},{(i // 2) % 2},{i % 3 % 2}" for i in range(N)]
    (tmp_path / "answers.csv").write_text("item,label,bert,gpt\n" + "\n".join(bits) + "\n")
    (tmp_path / "papers.csv").write_bytes(whole.csv(whole.PAPERS))
    (tmp_path / "models.csv").write_text(whole.MODELS)
    data = clicks()
    pairs = zip(data.users[data.user], data.items[data.item], data.domains[data.domain], strict=True)
    (tmp_path / "clicks.csv").write_text("user,item,domain\n" + "\n".join(map(",".join, pairs)) + "\n")
    safetensors.numpy.save_file({"a": whole.VECTORS}, tmp_path / "w1.safetensors")
    safetensors.numpy.save_file({"a": whole.VECTORS + 1}, tmp_path / "w2.safetensors")
    return tmp_path


COMMANDS = {
    "audit": "audit answers.csv --json out/a.json --report out/a.html --quiet",
    "survey": "survey papers.csv --least 1 --draws 20 --nulls 19 --questions diversity "
    "--json out/s.json --report out/s.html --quiet",
    "lineage": "lineage models.csv --json out/l.json --report out/l.html --quiet",
    "fit": "fit texts.csv --encoders lexical --out out/model --json out/f.json --quiet",
    "predict": f"predict {GOLDEN / 'texts'} texts.csv --out out/p.csv --quiet",
    "evaluate": f"evaluate {GOLDEN / 'texts'} texts.csv --json out/e.json --report out/e.html --quiet",
    "fuse": "fuse w1.safetensors w2.safetensors --out out/f.safetensors --json out/f.json --quiet",
    "recommend fit": "recommend fit clicks.csv --out out/model --json out/r.json --quiet",
    "recommend predict": f"recommend predict {GOLDEN / 'recommender'} --out out/r.parquet --json out/r.json --quiet",
}


def done(command: str, place: Path) -> Done:
    """Run a command whose words without a slash at their beginning are files of a place."""
    inside = [str(place / w) if w.partition(".")[2] or w.startswith("out/") else w for w in COMMANDS[command].split()]
    return run(*inside)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_could_not_write(command: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    out = place / "out"
    first = done(command, place)
    assert first.code == 0, first
    whole_names, faults = set(files(out)), 0
    for disk, ended in every_fault(out, lambda: done(command, place)):
        if ended.code:
            assert disk.failed
            assert ended.refused, (disk.asked, ended)
        assert set(files(out)) == whole_names, (disk.asked[-3:], ended)
        for name in whole_names:
            if name.endswith(".json"):
                json.loads((out / name).read_bytes())
        if (out / "model").exists():
            load = CrossDomainRecommender.load if command == "recommend fit" else CrossDomainClassifier.load
            load(out / "model")
        faults += bool(ended.code)
        shutil.rmtree(out / "cache", ignore_errors=True)
    assert faults >= 5


KEPT = {
    "audit": "audit answers.csv --json out/a.json --run out/run --quiet",
    "fit": "fit texts.csv --encoders lexical --out out/model --json out/f.json --run out/run --quiet",
}


def emptied(out: Path) -> Path:
    shutil.rmtree(out)
    out.mkdir()
    return out


@pytest.mark.parametrize("command", KEPT)
def test_a_run_folder_on_a_failing_disk_goes_on_afterwards(
    command: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setitem(COMMANDS, command, KEPT[command])
    with failing(Disk(place / "out")) as disk:
        assert done(command, place).code == 0
    whole_names = names_of(place / "out")
    direct = [n for n, what in enumerate(disk.asked, 1) if what.startswith("os.")]
    assert len(direct) >= 4  # the lock and the journal
    refused = 0
    for n in sorted({*direct[:6], *range(1, len(disk.asked) + 1, 17)}):
        with failing(Disk(emptied(place / "out"), n, ERRORS[n % len(ERRORS)])):
            ended = done(command, place)
        assert ended.code == 0 or ended.refused, (disk.asked[n - 1], ended)
        refused += bool(ended.code)
        ended = done(command, place)
        assert ended.code == 0, (disk.asked[n - 1], ended)
        assert names_of(place / "out") == whole_names, disk.asked[n - 1]
        for line in (place / "out" / "run" / "journal.jsonl").read_text().splitlines():
            json.loads(line)
    assert refused >= 5


def names_of(out: Path) -> list[str]:
    """What lies there; the parts of an artefact are called by their content, with times among it."""
    return sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""
CACHED = """
import numpy as np
from polyculture.store import Cache
cache = Cache("demo", 512, folder=sys.argv[2])
words = [f"w{i}" for i in range(200)]
cache.put(words, np.ones((200, 512)))
vectors, found = cache.get(words)
assert (vectors[found] == 1).all()
print(int(found.sum()))
"""
COMMAND = """
from polyculture.cli import main
sys.argv[1:] = sys.argv[2:]
main()
"""


def limited(code: str, size: int, *args: object) -> subprocess.CompletedProcess[str]:
    """Run code that may write no file of more bytes, as on a disk that is nearly full."""
    command = [sys.executable, "-c", LIMITED + code, str(size), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)


def test_a_cache_without_room_is_done_without(tmp_path: Path) -> None:
    for size in (1, 5_000, 60_000, 10**8):
        ended = limited(CACHED, size, tmp_path / str(size))
        assert ended.returncode == 0, ended
        assert ended.stdout.strip() == ("200" if size == 10**8 else "0"), (size, ended)


def test_a_file_that_may_not_grow_is_one_sentence(place: Path) -> None:
    before = files(place)
    ended = limited(COMMAND, 3_000, "lineage", place / "models.csv", "--report", place / "out" / "l.html", "--quiet")
    assert ended.returncode == 2
    assert ended.stderr.strip().endswith("cannot be written (File too large); free some room or choose another place")
    assert ended.stderr.count("\n") == 1
    assert files(place) == before


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_a_place_that_takes_no_files_is_one_sentence(option: str, place: Path) -> None:
    ended = run("lineage", place / "models.csv", option, "/proc/l.html", "--quiet")
    assert ended.refused
    assert "/proc" in ended.err


def test_a_model_is_not_kept_where_nothing_can_be(place: Path) -> None:
    ended = run("fit", place / "texts.csv", "--encoders", "lexical", "--out", "/proc/model", "--quiet")
    assert ended.refused
    assert "/proc/model" in ended.err


def test_a_file_that_may_not_be_read_is_one_sentence(place: Path) -> None:
    for name, command in (("answers.csv", "audit"), ("papers.csv", "survey"), ("models.csv", "lineage")):
        with failing(Disk(place / name, 1, ERRORS[2])):
            ended = run(command, place / name, "--quiet")
        assert ended.refused, ended
        assert name in ended.err
