"""``polyculture recommend``: whatever is wrong is one sentence that says where and what to do, and exit code 2."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cli_runs import run

# without the time, which would call the test otherwise every second
PACKED_SHORT = gzip.compress(b"1 2 3\n" * 99, mtime=0)[:-9]
GOOD = "user,item,domain,rating,time,split\n" + "".join(
    f"u{u},i{i},{'ab'[i % 2]},{1 + (u + i) % 5},{u * 10 + i},train\n" for u in range(6) for i in range(8) if (u + i) % 3
)

Arguments = Callable[[Path], list[object]]


@dataclass(frozen=True)
class Bad:
    """What is asked for, and what the sentence must say."""

    name: str
    arguments: Arguments
    says: tuple[str, ...]


def fitting(content: str | bytes, *options: object, file: str = "likes.csv") -> Arguments:
    """Fit on a file with this in it."""

    def arguments(folder: Path) -> list[object]:
        path = folder / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ["fit", path, "--out", folder / "model", *options]

    return arguments


def of(command: str, *rest: object) -> Arguments:
    """A command without a file; names of files that begin with ./ are put into the folder."""

    def arguments(folder: Path) -> list[object]:
        placed = [folder / r[2:] if isinstance(r, str) and r.startswith("./") else r for r in rest]
        return [command, *placed]

    return arguments


def matrix(folder: Path) -> list[object]:
    objects = np.array([{}, 1], dtype=object)
    np.savez(folder / "m.npz", indptr=objects, indices=np.array([0]), shape=np.array([1, 1]))
    return ["fit", folder / "m.npz", "--out", folder / "model"]


def full_folder(folder: Path) -> list[object]:
    (folder / "notes").mkdir()
    (folder / "notes" / "diary.txt").write_text("mine")
    return [*fitting(GOOD)(folder)[:2], "--out", folder / "notes"]


def out_is_a_file(folder: Path) -> list[object]:
    (folder / "notes").write_text("mine")
    return [*fitting(GOOD)(folder)[:2], "--out", folder / "notes"]


def empty_folder(folder: Path) -> list[object]:
    (folder / "empty").mkdir()
    return ["fit", folder / "empty", "--out", folder / "model"]


HEAD = "user,item,rating,time,split\n"

BAD = [
    Bad("no file", of("fit", "./none.csv", "--out", "./model"), ("none.csv", "does not exist")),
    Bad("no such set", of("fit", "movielense", "--out", "./model"), ("movielense", "does not exist")),
    Bad("an option of a set", of("fit", "movielens", "--out", "./model", "--user", "x"), ("--user x", "leave it out")),
    Bad("a domain of a set", of("fit", "movielens", "--out", "./m", "--domain", "x"), ("--domain x", "genres")),
    Bad("empty file", fitting(""), ("likes.csv", "is empty")),
    Bad("header alone", fitting("user,item\n"), ("likes.csv", "no interactions")),
    Bad("empty folder", empty_folder, ("empty", "holds no interactions")),
    Bad("no column of users", fitting("who,item\na,b\n"), ("'user'", "who, item")),
    Bad("a column that is not there", fitting(GOOD, "--item", "itm"), ("'itm'", "did you mean 'item'")),
    Bad("ending", fitting(GOOD, file="likes.doc"), ("'.doc'", "name the format")),
    Bad("format", fitting(GOOD, "--format", "recbol"), ("--format recbol", "did you mean recbole")),
    Bad("another format", fitting(GOOD, "--format", "recbole"), ("likes.csv", "the header has")),
    Bad("a row too long", fitting("user,item\na,b,c\n"), ("row 1 (line 2)", "3 cells")),
    Bad("no user in a row", fitting("user,item\na,b\n,c\n"), ("row 2 has no user",)),
    Bad("rating", fitting(HEAD + "a,b,good,1,train\n"), ("row 1", "rating 'good'")),
    Bad("negative", fitting(HEAD + "a,b,-3,1,train\n"), ("row 1", "rating -3", "least_rating")),
    Bad("time", fitting(HEAD + "a,b,3,soon,train\n"), ("row 1", "time 'soon'")),
    Bad("split", fitting(HEAD + "a,b,3,1,later\n"), ("row 1", "split 'later'")),
    Bad("nothing to learn from", fitting(HEAD + "a,b,3,1,test\n"), ("no training interactions",)),
    Bad("nothing is liked", fitting(GOOD, "--least-rating", 9), ("no interactions left", "rated below 9")),
    Bad("least rating", fitting(GOOD, "--least-rating", "nan"), ("--least-rating nan", "no finite number")),
    Bad("given again", fitting(GOOD + GOOD.splitlines()[1] + "\n", "--duplicates", "refuse"), ("gives again",)),
    Bad("duplicates", fitting(GOOD, "--duplicates", "twice"), ("--duplicates twice", "once, last")),
    Bad("missing", fitting(GOOD, "--missing", "guess"), ("--missing guess", "refuse, drop")),
    Bad("hold out", fitting(GOOD, "--hold-out", "first"), ("--hold-out first", "last, random, share")),
    Bad("no times", fitting("user,item\na,b\na,c\n", "--hold-out", "last"), ("has no times",)),
    Bad("no two a user", fitting("user,item\na,b\nc,d\n", "--hold-out", "random"), ("no user has enough",)),
    Bad("cuts", fitting(GOOD, "--k", "10,x"), ("--k 10,x", "like 10,20")),
    Bad("seed", fitting(GOOD, "--seed", -1), ("--seed -1", "out of range")),
    Bad("setting", fitting(GOOD, "--set", "method"), ("--set method", "NAME=VALUE")),
    Bad("setting twice", fitting(GOOD, "--set", "a=1", "--set", "a=2"), ("a is given twice",)),
    Bad("setting unknown", fitting(GOOD, "--set", "nonsense=1"), ("--set nonsense", "no parameter")),
    Bad("a folder of others", full_folder, ("notes", "holds other things")),
    Bad("out is a file", out_is_a_file, ("notes", "is a file")),
    Bad("out nowhere", of("fit", "movielens", "--out", "./no/model"), ("--out", "does not exist")),
    Bad("json is a folder", fitting(GOOD, "--json", "."), ("--json", "is a folder")),
    Bad("packed wrong", fitting(b"1 2\n", file="train.txt.gz"), ("train.txt.gz", "cannot be read")),
    Bad("packed short", fitting(PACKED_SHORT, file="train.txt.gz"), ("train.txt.gz", "cannot")),
    Bad("objects", matrix, ("m.npz", "Python objects")),
    Bad("no DATA", of("fit", "--out", "./model"), ("DATA", "polyculture recommend")),
    Bad("no command", of("like"), ("No such command", "recommend --help")),
    Bad("predict from nothing", of("predict", "./none", "--out", "./p.csv"), ("none", "is no folder")),
    Bad("predict k", of("predict", "./none", "--out", "./p.csv", "-k", 0), ("--k 0", "out of range")),
    Bad("predict ending", of("predict", "./none", "--out", "./p.doc"), ("--out", "'.doc'")),
    Bad("predict for none", of("predict", "./none", "--out", "./p.csv", "--for", ","), ("--for", "at least one")),
    Bad("evaluate on", of("evaluate", "./none", "movielens", "--on", "train"), ("--on train", "test, validation")),
    Bad("similar to nothing", of("similar", "./none", "i1"), ("none", "is no folder")),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_it_is_one_sentence(tmp_path: Path, bad: Bad) -> None:
    arguments = bad.arguments(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    done = run("recommend", *arguments)
    said = [line for line in done.err.splitlines() if line.startswith("Error:")]
    assert done.code == 2, done.err
    assert len(said) == 1
    assert done.out == ""
    for part in bad.says:
        assert part in said[0]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
