"""The table beside other packages: its arithmetic, and what becomes of peers that fail or never end."""

from __future__ import annotations

import math
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
sys.path.insert(0, str(PEERS))

import environments  # noqa: E402
import measured  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402
from all_works import all_works  # noqa: E402
from work import Work  # noqa: E402

MADE = """
import os, subprocess, sys, time
from work import Work

def prepare(path):
    path.write_text("3")

def ours(path):
    print("not an answer")
    return lambda: [float(path.read_text()), 1.0]

def fails(path):
    raise ValueError("no such thing\\nas this")

def hangs(path):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    path.with_suffix(".pid").write_text(str(child.pid))
    time.sleep(600)

def stops(path):
    os._exit(7)

def swells(path):
    return lambda: float(bytes(2**30)[-1])

def stands(path):
    from standing_in import stand_in
    stand_in("not_there", "not_there.at_all", half=0.5)
    import not_there.at_all
    from not_there import Anything, half
    assert isinstance(Anything, type)
    return lambda: [float(path.read_text()), 1 + half]

def work(name, theirs, **more):
    return Work(name=name, peer="numpy", quantity="sum", kind="same", prepare=prepare, ours=ours, theirs=theirs,
                protocol="made", **more)

WORKS = [
    work("fails", fails), work("hangs", hangs, seconds=6.0), work("stops", stops),
    work("swells", swells, gigabytes=0.5), work("stands", stands), work("no data", ours, data="nowhere"),
]
"""


@pytest.fixture
def row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "made_works.py").write_text(MADE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    sys.modules.pop("made_works", None)
    from made_works import WORKS

    works = {work.name: work for work in WORKS}

    def compared_row(name: str):
        return works[name], measured.compare("made_works", works[name], place=tmp_path)

    compared_row.place = tmp_path
    return compared_row


def test_a_peer_that_fails_is_listed_with_its_error_beside_our_figure(row) -> None:
    work, found = row("fails")
    assert found.theirs.error == "ValueError: no such thing"
    assert found.ours.values == (3.0, 1.0)
    assert found.ours.seconds >= 0
    assert found.ours.megabytes > 5
    assert found.ours.version
    line = table.cells(work, found)
    assert line[2:5] == ("ValueError: no such thing", "2", "")
    assert table.below_one(work, found) == []


def test_what_ours_took_beside_another_peer_is_taken_over(row) -> None:
    work, found = row("fails")
    before = replace(found.ours, seconds=123.0)
    assert measured.compare("made_works", work, place=row.place, ours=before).ours == before


def test_a_peer_that_ends_without_a_word_is_listed_with_its_code(row) -> None:
    assert row("stops")[1].theirs.error == "ended with code 7"


def test_a_peer_that_takes_too_much_memory_fails_alone(row) -> None:
    assert "MemoryError" in row("swells")[1].theirs.error


def test_a_peer_that_hangs_is_ended_with_its_children(row, tmp_path: Path) -> None:
    work, found = row("hangs")
    assert found.theirs.error == "ended after 6 s"
    child = int((tmp_path / "inputs" / "made_works.pid").read_text())
    for _ in range(50):
        if not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes():
            break
        time.sleep(0.1)
    else:
        pytest.fail("a child of the peer goes on")
    assert table.cells(work, found)[6].startswith("> ")


def test_modules_that_a_peer_never_uses_may_be_stood_in_for(row) -> None:
    work, found = row("stands")
    assert found.theirs.values == (3.0, 1.5)
    assert table.difference(found) == 0.5
    assert table.below_one(work, found)[-1] == "difference"


def test_without_its_data_a_work_is_skipped_and_says_so(row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYCULTURE_DATA", raising=False)
    work, found = row("no data")
    assert "POLYCULTURE_DATA" in table.cells(work, found)[2]


def compared(kind: str, theirs: float, ours: float, seconds: tuple[float, float] = (2.0, 1.0)) -> tuple[Work, object]:
    def nothing(path: Path) -> None: ...

    work = Work("w", "p", "figure", kind, nothing, nothing, nothing, "made")
    sides = [measured.Taken((value,), took, 100.0, 3, "1") for value, took in zip((theirs, ours), seconds, strict=True)]
    return work, measured.Row("w", theirs=sides[0], ours=sides[1], date="2030-01-02")


@pytest.mark.parametrize(("kind", "theirs", "ours", "ratio"), [("more", 0.8, 0.9, 1.125), ("less", 0.2, 0.1, 2.0)])
def test_above_one_is_better_for_us(kind: str, theirs: float, ours: float, ratio: float) -> None:
    work, found = compared(kind, theirs, ours)
    assert table.quality(work, found) == pytest.approx(ratio)
    assert table.speed(found) == 2
    assert table.memory(found) == 1
    assert table.unexplained([work], [found]) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.9957, "1.00"), (0.994, "0.99"), (41.4, "41"), (3456.0, "3,456"), (7.2e7, "7e+07"), (math.nan, "–")],
)
def test_ratios_are_told_with_what_counts(value: float, said: str) -> None:
    assert table.times(value) == said


def test_what_is_below_one_must_be_explained() -> None:
    work, found = compared("more", 0.9, 0.8, (1.0, 2.0))
    assert table.unexplained([work], [found]) == ["w: figure, speed"]
    assert table.unexplained([replace(work, below="Because.")], [found]) == []
    assert "*Below 1 (figure, speed).* Unexplained." in "\n".join(table.markdown([work], [found]))
    slight, equal = compared("more", 0.9, 0.9, (1.0, 1.004))
    assert table.unexplained([slight], [equal]) == []


def test_values_that_one_side_lacks_are_no_agreement() -> None:
    work, found = compared("same", 1.0, 1.0)
    assert table.difference(found) == 0
    assert math.isnan(table.difference(replace(found, ours=replace(found.ours, values=(1.0, 2.0)))))
    both_undefined = replace(found, **{side: replace(found.ours, values=(math.nan,)) for side in ("ours", "theirs")})
    assert table.difference(both_undefined) == 0
    one_undefined = replace(found, ours=replace(found.ours, values=(math.nan,)))
    assert math.isnan(table.difference(one_undefined))
    assert table.below_one(work, one_undefined) == ["difference"]


def test_rows_outlive_the_run_and_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    work, found = compared("more", 0.8, 0.9)
    run.keep(tmp_path / "kept" / "rows.json", {"w": found})
    assert run.kept(tmp_path / "kept" / "rows.json") == {"w": found}
    page = tmp_path / "page.md"
    page.write_text(f"before\n{run.BEGIN}\nold\n{run.END}\nafter\n")
    for _ in range(2):
        run.write(page, [work], [found])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{run.END}\nafter\n")
    assert "old" not in text
    assert text.count("| w: figure | p 1 |") == 1
    assert "2030-01-02" in text
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="has no"):
        run.write(page, [work], [found])


def test_what_cannot_be_installed_leaves_nothing_behind(tmp_path: Path) -> None:
    wanted = tmp_path / "no-such-wheel-1-py3-none-any.whl"
    with pytest.raises(environments.PeerError, match="no-such-wheel"):
        environments.python_of("peer", (str(wanted),), place=tmp_path)
    assert not (tmp_path / "environments" / "peer").exists()


def test_what_a_peer_brings_comes_before_ours_and_the_rest_is_shared(tmp_path: Path) -> None:
    wheel = tmp_path / "peer_of_a_test-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("numpy/__init__.py", "mine = True")
        archive.writestr(
            "peer_of_a_test-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: peer-of-a-test\nVersion: 1\n"
        )
        archive.writestr(
            "peer_of_a_test-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("peer_of_a_test-1.dist-info/RECORD", "")
    needs = ("--no-index", "--no-deps", str(wheel))
    python = environments.python_of("peer", needs, place=tmp_path)
    assert printed(python, "import numpy, rich; print(numpy.mine)") == "True"
    wheel.unlink()
    assert environments.python_of("peer", needs, place=tmp_path) == python
    with pytest.raises(environments.PeerError):
        environments.python_of("peer", needs, place=tmp_path, fresh=True)


def printed(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_names_of_works_are_told_apart_and_every_work_says_what_it_does() -> None:
    works = [work for found in all_works().values() for work in found]
    assert len({work.name for work in works}) == len(works) > 10
    assert all(work.protocol.endswith(".") and work.seconds <= 300 for work in works)
    assert all(not text or text.endswith(".") for work in works for text in (work.limits, work.below, work.better))
