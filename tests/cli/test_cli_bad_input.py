"""Whatever is wrong with what is given: one sentence that says where and what to do, and exit code 2."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import Done, made, run, write

from polyculture import store

Arguments = list[object]


@dataclass(frozen=True)
class Bad:
    """A kind of bad input: makes it in a folder, and what the sentence must say."""

    name: str
    arguments: Callable[[Path, Path], Arguments]
    says: tuple[str, ...]
    hint: str


def fitting(path: Path, *options: object) -> Arguments:
    return ["fit", path, "--out", path.parent / "new", "--encoders", "lexical", *options]


def bad_fit(name: str, *says: str, hint: str, options: tuple[object, ...] = (), **columns: Any) -> Bad:
    """A table that cannot be learnt from: columns of `made` replaced, or left out where None."""

    def arguments(folder: Path, _: Path) -> Arguments:
        table = {key: value for key, value in {**made(), **columns}.items() if value is not None}
        return fitting(write(folder / "items.csv", table), *options)

    return Bad(name, arguments, ("items.csv", *says), hint)


def bad_option(option: str, value: object, *says: str, hint: str) -> Bad:
    """A sound table and one option that is not."""

    def arguments(folder: Path, _: Path) -> Arguments:
        return fitting(write(folder / "items.csv", made()), option, value)

    return Bad(f"{option} {value}", arguments, says, hint)


def bad_file(name: str, file: str, content: bytes | None, *says: str, hint: str) -> Bad:
    """A file with these bytes; None makes no file."""

    def arguments(folder: Path, _: Path) -> Arguments:
        if content is not None:
            (folder / file).write_bytes(content)
        return fitting(folder / file)

    return Bad(name, arguments, (file, *says), hint)


def bad_model(name: str, damage: Callable[[Path], Any], *says: str, hint: str) -> Bad:
    """A model folder after something was done to it."""

    def arguments(folder: Path, model: Path) -> Arguments:
        damage(model)
        return ["predict", model, write(folder / "items.csv", made()), "--out", folder / "p.csv"]

    return Bad(name, arguments, says, hint)


def flip(pattern: str) -> Callable[[Path], None]:
    """Change one byte in the middle of the file."""

    def damage(model: Path) -> None:
        (path,) = model.glob(pattern)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))

    return damage


def truncated(folder: Path, _: Path) -> Arguments:
    path = write(folder / "items.parquet", made())
    path.write_bytes(path.read_bytes()[:-100])
    return fitting(path)


def mixed(folder: Path, _: Path) -> Arguments:
    path = folder / "items.jsonl"
    rows = [{"text": f"text {i}", "label": "+" if i < 3 else 0} for i in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return fitting(path)


def a_folder(folder: Path, _: Path) -> Arguments:
    (folder / "items.csv").mkdir()
    return fitting(folder / "items.csv")


def other_things(folder: Path, _: Path) -> Arguments:
    return ["fit", write(folder / "items.csv", made()), "--out", folder, "--encoders", "lexical"]


def judging(**columns: Any) -> Callable[[Path, Path], Arguments]:
    def arguments(folder: Path, model: Path) -> Arguments:
        table = {key: value for key, value in {**made(), **columns}.items() if value is not None}
        return ["evaluate", model, write(folder / "items.csv", table)]

    return arguments


def predicting(out: str, **columns: Any) -> Callable[[Path, Path], Arguments]:
    def arguments(folder: Path, model: Path) -> Arguments:
        return ["predict", model, write(folder / "items.csv", {**made(), **columns}), "--out", folder / out]

    return arguments


N = len(made()["text"])
HALVES = ["train"] * (N // 2) + ["test"] * (N // 2)
TEXTS = made()["text"]
ALIKE = [*TEXTS[: N - 1], TEXTS[0]]
LABELS = made()["label"]

KINDS = [
    bad_file("missing file", "items.csv", None, "does not exist", hint="check the path"),
    Bad("folder without images", a_folder, ("items.csv", "holds 0 files domain/class/file"), "give 1 to"),
    bad_file("unknown ending", "items.xlsx", b"x", "'.xlsx'", hint=".parquet, .csv"),
    bad_file("empty file", "items.csv", b"", "is empty", hint="write it again"),
    bad_file("blank file", "items.csv", b"\n\n", "blank lines", hint="write a header"),
    bad_file("header alone", "items.csv", b"text,label\n", "no rows", hint="at least one"),
    Bad("truncated Parquet", truncated, ("items.parquet", "Parquet"), "write it again"),
    bad_file("bad JSON", "items.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "line 2", hint="one object a line"),
    bad_file("ragged CSV", "items.csv", b"text,label\na,+\nb,-,x\n", "row 2", hint="double quotes"),
    bad_file("not UTF-8", "items.csv", b"text,label\ngood,+\nna\xefve,-\n", "line 3", hint="UTF-8"),
    bad_file("same column twice", "items.csv", b"text,label,label\na,+,+\n", "'label'", hint="rename"),
    bad_fit("no such text column", "'txt'", hint="did you mean 'text'", options=("--text", "txt")),
    bad_fit("no label column", "'label'", "stars", hint="its columns are", label=None),
    bad_fit("no such domain column", "'domains'", hint="did you mean 'domain'", options=("--domain", "domains")),
    bad_fit("one class", "only the class '+'", hint="at least two classes", label=["+"] * N),
    bad_fit("no labels", "no labels", hint="at least two classes", label=[None] * N),
    bad_fit("lonely label", "'lone'", hint="label more of it", domain=["lone", *made()["domain"][1:]]),
    bad_fit("empty texts", "'text'", "are empty", hint="name the column", text=[" "] * N),
    Bad("mixed labels", mixed, ("items.jsonl", "row 1", "row 4", "'label'"), "or all as numbers"),
    bad_fit("same id twice", "'i0'", "row 1", hint="unique", id=["i0", "i0", *made()["id"][2:]]),
    bad_fit(
        "null domain", "row 3", "'domain'", hint="fill it in", domain=["books", "films", None, *made()["domain"][3:]]
    ),
    bad_fit("unknown split", "row 2", "'tset'", hint="train, validation", split=["train", "tset", *HALVES[2:]]),
    bad_fit("nothing to learn from", "training", hint="at least two classes", split=["test"] * N),
    bad_fit("leakage", "'i0'", f"'i{N - 1}'", hint="leakage", text=ALIKE, split=HALVES),
    bad_fit("new label in test", f"row {N}", "'?'", hint="label some", label=[*LABELS[:-1], "?"], split=HALVES),
    bad_fit("report of nothing", "--report", hint="split column", options=("--report", "r.html")),
    bad_option("--report", "r.pdf", "--report", "'.pdf'", hint=".html"),
    bad_option("--json", "no/such/f.json", "--json", "no/such", "does not exist", hint="make it first"),
    bad_option("--encoders", "lexikal", "'lexikal'", hint="did you mean lexical"),
    bad_option("--encoders", "pretrained:minlim", "'minlim'", hint="minilm"),
    bad_option("--encoders", "lexical:x", "'x'", hint="words, characters"),
    bad_option("--encoders", "vectors:x", "'vectors:x'", "colon", hint="takes nothing"),
    bad_option("--encoders", ",", "--encoders", hint="use one or more"),
    bad_option("--fuse", "avarage", "--fuse avarage", hint="did you mean average"),
    bad_option("--graph", "word", "--graph word", hint="did you mean words"),
    bad_option("--leakage", "ignore", "--leakage ignore", hint="error, drop, allow"),
    bad_option("--threshold", "f2", "--threshold f2", hint="macro_f1"),
    bad_option("--seed", -1, "--seed -1", hint="between 0 and"),
    bad_option("--validation", 1.5, "--validation 1.5", hint="between"),
    bad_option("--near", 7, "--near 7", hint="between"),
    bad_option("--augment", -0.5, "--augment -0.5", hint="between 0 and 3"),
    bad_option("--tune", "most", "most", hint="full"),
    bad_option("--tune", "lora", "--tune lora", hint="name a --backbone"),
    bad_option("--backbone", "no-such-model", "no-such-model", hint="name a folder"),
    bad_option("--pretrained-out", "somewhere", "--pretrained-out", hint="name a --backbone"),
    bad_option("--jobs", 0, "--jobs 0", hint="between 1 and"),
    Bad("folder of other things", other_things, ("--out", "other things"), "new folder"),
    bad_model("model missing", lambda m: m.rename(m.with_name("gone")), "model", hint="check the path"),
    bad_model("tensors damaged", flip("tensors-*.safetensors"), "tensors-", "SHA-256", hint="restore a copy"),
    bad_model("state damaged", flip("state-*.json"), "state-", "SHA-256", hint="restore a copy"),
    bad_model("manifest missing", lambda m: (m / "manifest.json").unlink(), "manifest.json", hint="check the path"),
    bad_model("manifest cut", lambda m: (m / "manifest.json").write_text("{"), "manifest.json", hint="restore a copy"),
    bad_model(
        "another kind",
        lambda m: store.save(m, {"w": np.eye(2)}, kind="Recommender", facts={}),
        "'Recommender'",
        hint="choose a folder",
    ),
    bad_model(
        "another version",
        lambda m: store.save(m, {"was": 1}, kind="CrossDomainClassifier", facts={}),
        "model",
        "this version",
        hint="fit it again",
    ),
    Bad("folder of the output", predicting("no/p.csv"), ("--out", "p.csv", "does not exist"), "make it first"),
    Bad("ending of the output", predicting("p.xlsx"), ("--out", "'.xlsx'"), ".parquet, .csv"),
    Bad("output is a folder", predicting("model"), ("--out", "model"), "end it in"),
    Bad("output is the input", predicting("items.csv"), ("--out", "items.csv", "is read"), "choose another name"),
    Bad("prediction there", predicting("p.csv", prediction=["+"] * N), ("items.csv", "'prediction'"), "--overwrite"),
    Bad("probability there", predicting("p.csv", **{"p_+": [0.5] * N}), ("items.csv", "'p_+'"), "--overwrite"),
    Bad("judge without labels", judging(label=[None] * N), ("items.csv", "no item has a label"), "needs labels"),
    Bad("judge without the column", judging(label=None), ("items.csv", "'label'"), "its columns are"),
    Bad("judge another label", judging(label=["+", "?", *LABELS[2:]]), ("items.csv", "row 2", "'?'"), "+, -"),
    Bad("unknown list", lambda _folder, _model: ["list", "measure"], ("measure",), "did you mean measures"),
    Bad("no seeds", lambda folder, _: ["demo", "--out", folder / "d", "--seeds", 0], ("--seeds", "0"), "between 1"),
]


def is_one_sentence(done: Done, says: tuple[str, ...], hint: str) -> None:
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    for part in (*says, hint):
        assert part in line
    assert done.out == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_bad_input_is_answered_by_one_sentence(
    kind: Bad, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*kind.arguments(tmp_path, model), "--quiet")
    is_one_sentence(done, kind.says, kind.hint)
    # nothing is left behind that looks like a result
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "p.csv").exists()


def test_the_sentence_is_there_with_progress_too(tmp_path: Path) -> None:
    done = run(*fitting(write(tmp_path / "items.csv", {**made(), "label": ["+"] * N})))
    assert [line for line in done.err.splitlines() if "Error" in line] == [done.err.splitlines()[-1]]


@pytest.mark.parametrize("arguments", [["fit"], ["fit", "a.csv"], ["prdict"], ["fit", "--sed", "1"]])
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert "--help" in done.err or "-h" in done.err


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "model/x"), 2, "Error: model/x: No space left"),
        (PermissionError(errno.EACCES, "Permission denied"), 2, "Error: Permission denied"),
        (ModuleNotFoundError("no", name="torch_geometric"), 2, "pip install 'polyculture[all]'"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_what_happens_to_the_machine_is_no_traceback(
    raised: BaseException, code: int, says: str, items: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr("polyculture.data.readers.read_table", broken)
    done = run("predict", model, items, "--out", items.with_name("p.csv"), "--quiet")
    assert done.code == code
    (line,) = done.err.strip().splitlines()
    assert says in line


def test_a_bug_is_not_taken_for_bad_input(items: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("polyculture.data.readers.read_table", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run("predict", model, items, "--out", items.with_name("p.csv"), "--quiet")


def test_an_escape_sequence_in_a_name_reaches_no_terminal(tmp_path: Path) -> None:
    done = run("fit", tmp_path / "a\x1b[31m\nb.csv", "--out", tmp_path / "new", "--quiet")
    is_one_sentence(done, ("a [31m b.csv",), "check the path")
