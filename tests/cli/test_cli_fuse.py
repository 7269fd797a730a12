"""``polyculture fuse``: files to one file, and whatever is wrong is one sentence and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from cli_runs import Done
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from polyculture.cli.common import PlainErrors
from polyculture.cli.fuse import METHODS, fuse_command
from polyculture.fuse import gram_sums
from polyculture.fuse.methods import METHODS as KNOWN

Arguments = list[object]

# of this command alone, as the whole command line makes it
app = typer.Typer(cls=PlainErrors, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("fuse")(fuse_command)
app.callback()(lambda: None)


def fuse(*args: object) -> Done:
    done = CliRunner().invoke(app, ["fuse", *map(str, args)], catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def model(path: Path, seed: int, **replaced: Any) -> Path:
    """A small model with a layer, a norm and a counter; tensors replaced, or left out where None."""
    rng = np.random.RandomState(seed)
    tensors = {
        "0.weight": rng.normal(size=(3, 2)).astype("f4"),
        "0.bias": rng.normal(size=3).astype("f4"),
        "norm": rng.normal(size=4).astype("f4"),
        "steps": np.array([5]),
    } | {name.replace("_", "."): value for name, value in replaced.items()}
    save_file({name: value for name, value in tensors.items() if value is not None}, path)
    return path


def models(folder: Path) -> list[Path]:
    return [model(folder / f"{name}.safetensors", seed) for seed, name in enumerate(("base", "one", "two"))]


def test_the_average_of_two_files(tmp_path: Path) -> None:
    _, one, two = models(tmp_path)
    done = fuse(one, two, "--out", tmp_path / "o.safetensors", "--json", tmp_path / "o.json", "--quiet")
    assert done.code == 0, done.err
    assert "average of 2 experts" in done.out
    found, parts = load_file(tmp_path / "o.safetensors"), [load_file(path) for path in (one, two)]
    np.testing.assert_allclose(found["norm"], (parts[0]["norm"] + parts[1]["norm"]) / 2, rtol=1e-6)
    kept = json.loads((tmp_path / "o.json").read_text())
    assert kept["schema"] == "polyculture.fuse/1"
    assert (kept["tensors"], kept["copied"], kept["base"], len(kept["experts"])) == (4, 1, "", 2)


def test_regmean_with_gram_sums_and_settings(tmp_path: Path) -> None:
    base, one, two = models(tmp_path)
    grams = []
    for seed in (3, 4):
        save_file(gram_sums({"0": np.random.RandomState(seed).normal(size=(9, 2))}), tmp_path / f"g{seed}.safetensors")
        grams += ["--grams", tmp_path / f"g{seed}.safetensors"]
    out = tmp_path / "o.safetensors"
    done = fuse(one, two, "--base", base, "--method", "regmean", *grams, "--set", "ridge=0.5", "--out", out)
    assert done.code == 0, done.err
    assert "regmean of 2 experts" in done.out
    assert load_file(out)["0.weight"].shape == (3, 2)


def test_a_setting_makes_a_difference(tmp_path: Path) -> None:
    base, one, two = models(tmp_path)
    out = tmp_path / "o.safetensors"
    found = []
    for scale in (0.0, 1.0):
        fuse(one, two, "--base", base, "--method", "ties", "--set", f"scale={scale}", "--out", out, "--quiet")
        found.append(load_file(out)["0.weight"])
    np.testing.assert_array_equal(found[0], load_file(base)["0.weight"])
    assert np.abs(found[1] - found[0]).max() > 0.1


def test_all_methods_that_take_files_are_offered() -> None:
    assert set(METHODS) == {name for name, method in KNOWN.items() if method.reads != "models"}


@dataclass(frozen=True)
class Bad:
    """A kind of bad input: makes it in a folder, and what the sentence must say."""

    name: str
    arguments: Callable[[Path], Arguments]
    says: tuple[str, ...]


def option(*options: object, says: tuple[str, ...]) -> Bad:
    """Sound files and options that are not."""

    def arguments(folder: Path) -> Arguments:
        base, one, two = models(folder)
        return [one, two, "--base", base, "--out", folder / "o.safetensors", *options]

    return Bad(" ".join(map(str, options)), arguments, says)


def expert(name: str, *says: str, **replaced: Any) -> Bad:
    """A second expert that does not fit."""

    def arguments(folder: Path) -> Arguments:
        base, one, _ = models(folder)
        return [
            one,
            model(folder / "bad.safetensors", 5, **replaced),
            "--base",
            base,
            "--out",
            folder / "o.safetensors",
        ]

    return Bad(name, arguments, ("bad.safetensors", *says))


def file(name: str, content: bytes | None, *says: str) -> Bad:
    """A second expert of these bytes; None makes no file."""

    def arguments(folder: Path) -> Arguments:
        base, one, _ = models(folder)
        if content is not None:
            (folder / name).write_bytes(content)
        return [one, folder / name, "--base", base, "--out", folder / "o.safetensors"]

    return Bad(name, arguments, (name, *says))


def out(name: str, *says: str) -> Bad:
    return Bad(f"out {name}", lambda folder: [*models(folder), "--out", folder / name], says)


def grams(name: str, *sums: dict[str, Any], says: tuple[str, ...]) -> Bad:
    def arguments(folder: Path) -> Arguments:
        base, one, two = models(folder)
        given: Arguments = []
        for place, each in enumerate(sums):
            save_file(each, folder / f"g{place}.safetensors")
            given += ["--grams", folder / f"g{place}.safetensors"]
        return [one, two, "--base", base, "--method", "regmean", *given, "--out", folder / "o.safetensors"]

    return Bad(name, arguments, says)


def sharded(folder: Path) -> Arguments:
    """A folder whose index names a file that is not there."""
    base, one, _ = models(folder)
    (folder / "m").mkdir()
    (folder / "m" / "model.safetensors.index.json").write_text('{"weight_map": {"0.weight": "part.safetensors"}}')
    return [one, folder / "m", "--base", base, "--out", folder / "o.safetensors"]


def empty_folder(folder: Path) -> Arguments:
    (folder / "m").mkdir()
    return [folder / "m", "--out", folder / "o.safetensors"]


def onto_a_shard(folder: Path) -> Arguments:
    (folder / "m").mkdir()
    model(folder / "m" / "model.safetensors", 1)
    return [folder / "m", "--out", folder / "m" / "model.safetensors"]


def truncated(folder: Path) -> Arguments:
    base, one, two = models(folder)
    two.write_bytes(two.read_bytes()[:-4])
    return [one, two, "--base", base, "--out", folder / "o.safetensors"]


GRAM = {"0": np.eye(3)}
KINDS = [
    file("gone.safetensors", None, "does not exist", "check the path"),
    file("a.pt", b"x", "is a pickle", "convert it to safetensors"),
    file("a.txt", b"x", "'.txt'", "ends in .safetensors"),
    file("empty.safetensors", b"", "no whole file", "write it again"),
    file("noise.safetensors", b"\x05\0\0\0\0\0\0\0hello", "no JSON", "write it again"),
    file("nothing.safetensors", b"\x02\0\0\0\0\0\0\0{}", "holds no tensors"),
    Bad("truncated", truncated, ("two.safetensors", "no whole file")),
    Bad("index of nothing", sharded, ("part.safetensors", "does not exist")),
    Bad("empty folder", empty_folder, ("m: holds neither model.safetensors", "name the file itself")),
    expert("missing tensor", "lacks 'norm'", "one architecture", norm=None),
    expert("extra tensor", "has 'more'", "one architecture", more=np.ones(2)),
    expert("other shape", "'0.weight'", "(4, 2)", "(3, 2)", **{"0_weight": np.ones((4, 2), "f4")}),
    expert("whole for real", "'norm' is of type I64", norm=np.ones(4, dtype=np.int64)),
    expert("not numbers", "'norm' holds values that are not numbers", norm=np.full(4, np.nan, "f4")),
    option("--method", "tie", says=("--method tie", "did you mean ties")),
    option("--method", "greedy_soup", says=("--method greedy_soup", "use one of average")),
    option("--method", "ties", "--set", "densty=0.3", says=("'densty'", "did you mean density")),
    option("--method", "ties", "--set", "density=3", says=("density is 3", "(0, 1]")),
    option("--method", "ties", "--set", "density=half", says=("density is 'half'", "give a number")),
    option("--method", "ties", "--set", "density=NaN", says=("density is nan", "give a number")),
    option("--method", "ties", "--set", "density", says=("--set density", "NAME=VALUE")),
    option("--set", "weights=[1]", says=("weights are [1.0]", "give 2 non-negative")),
    option("--set", "weights=[-1,2]", says=("weights is -1",)),
    option("--set", "weights=3", says=("weights is 3", "a list of numbers")),
    option("--set", "weights=[1,1]", "--set", "weights=[2,1]", says=("weights is given twice",)),
    option("--method", "regmean", "--set", "grams=[1,2]", says=("names files", "--grams")),
    option("--method", "regmean", says=("regmean needs 'grams'", "one for each expert")),
    option("--method", "fisher", says=("fisher needs 'fishers'",)),
    option("--grams", "g.safetensors", says=("average has no setting named 'grams'",)),
    option("--json", "no/such/f.json", says=("--json", "does not exist", "make it first")),
    option("--base", "gone.safetensors", says=("gone.safetensors", "does not exist")),
    grams("too few Gram sums", GRAM, says=("2 experts and 1 grams", "in the same order")),
    grams("Gram sums of another layer", GRAM, {"9": np.eye(3)}, says=("g1.safetensors", "'9.weight'")),
    grams("Gram sums without ones", GRAM, {"0": np.eye(2)}, says=("g1.safetensors", "(2, 2)", "expected (3, 3)")),
    grams("Gram sums of fewer layers", GRAM, {"norm": np.eye(2)}, says=("g1.safetensors", "'norm.weight'")),
    out("o.bin", "'.bin'", "end it in .safetensors"),
    out("no/o.safetensors", "does not exist", "make it first"),
    out("one.safetensors", "is a file that is read", "choose another name"),
    Bad("out in the model", onto_a_shard, ("is a file that is read", "choose another name")),
    Bad(
        "no base",
        lambda folder: [*models(folder), "--method", "wudi", "--out", folder / "o.safetensors"],
        ("wudi works on changes", "give the base model"),
    ),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_bad_input_is_answered_by_one_sentence(kind: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = fuse(*kind.arguments(tmp_path), "--quiet")
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    for part in kind.says:
        assert part in line
    assert done.out == ""
    # nothing is left behind that looks like a result
    assert not (tmp_path / "o.safetensors").exists()
    assert not list(tmp_path.glob(".*.tmp"))
