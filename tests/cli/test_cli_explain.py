"""``polyculture explain``: reasons on the screen and as JSON, and one sentence for whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import typer
from cli_runs import Done, made, write
from typer.testing import CliRunner

from polyculture import CrossDomainClassifier
from polyculture.cli.common import PlainErrors
from polyculture.cli.explain import explain_command
from polyculture.cli.predict import predict_command
from polyculture.features.backbone import Backbone

app = typer.Typer(cls=PlainErrors, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("explain")(explain_command)
app.command("predict")(predict_command)

N = len(made()["text"])
Arguments = list[object]


def run(*args: object) -> Done:
    done = CliRunner().invoke(app, ["explain", *map(str, args)], catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with two encoders and two domains, without a graph."""
    table, folder = made(), tmp_path_factory.mktemp("small") / "model"
    backbone = Backbone((16,), (0, 0), epochs=10)
    model = CrossDomainClassifier(
        ("lexical:words", "lexical:characters"), graph="none", components=10, backbone=backbone
    )
    model.fit(table["text"], table["label"], domain=table["domain"]).save(folder)
    return folder


@dataclass(frozen=True)
class Bad:
    """A kind of bad input: makes it in a folder, and what the sentence must say."""

    name: str
    arguments: Callable[[Path, Path], Arguments]
    says: tuple[str, ...]


def option(name: str, *options: object, says: tuple[str, ...]) -> Bad:
    return Bad(name, lambda folder, model: [model, write(folder / "items.csv", made()), *options], says)


def table(name: str, *options: object, says: tuple[str, ...], **columns: object) -> Bad:
    def arguments(folder: Path, model: Path) -> Arguments:
        found = {key: value for key, value in {**made(), **columns}.items() if value is not None}
        return [model, write(folder / "items.csv", found), *options]

    return Bad(name, arguments, ("items.csv", *says))


def file(name: str, file_name: str, content: bytes | None, *says: str) -> Bad:
    def arguments(folder: Path, model: Path) -> Arguments:
        if content is not None:
            (folder / file_name).write_bytes(content)
        return [model, folder / file_name]

    return Bad(name, arguments, (file_name, *says))


def known(name: str, columns: dict[str, object] | None, *options: object, says: tuple[str, ...]) -> Bad:
    def arguments(folder: Path, model: Path) -> Arguments:
        path = folder / "known.csv"
        if columns is not None:
            write(path, {key: value for key, value in {**made(), **columns}.items() if value is not None})
        return [model, write(folder / "items.csv", made()), "--known", path, *options]

    return Bad(name, arguments, says)


def no_model(folder: Path, _: Path) -> Arguments:
    return [folder / "none", write(folder / "items.csv", made())]


def of_numbers(folder: Path, _: Path) -> Arguments:
    x = np.random.default_rng(0).normal(size=(60, 2))
    backbone = Backbone((4,), (0, 0), epochs=1)
    CrossDomainClassifier(graph="none", backbone=backbone).fit(x, x[:, 0] > 0).save(folder / "numbers")
    return [folder / "numbers", write(folder / "items.csv", made())]


KINDS = [
    file("missing file", "items.csv", None, "does not exist", "check the path"),
    file("unknown ending", "items.xlsx", b"x", "'.xlsx'", ".parquet, .csv"),
    file("empty file", "items.csv", b"", "is empty"),
    file("header alone", "items.csv", b"text,label\n", "no rows"),
    file("ragged CSV", "items.csv", b"text,label\na,+\nb,-,x\n", "row 2"),
    file("not UTF-8", "items.csv", b"text,label\ngood,+\nna\xefve,-\n", "line 3", "UTF-8"),
    table("no such text column", "--text", "txt", says=("'txt'", "did you mean 'text'")),
    table("no such domain column", "--domain", "domains", says=("'domains'", "did you mean 'domain'")),
    table("empty texts", text=[" "] * N, says=("'text'", "are empty")),
    table("null domain", domain=["books", None, *made()["domain"][2:]], says=("row 2", "'domain'", "fill it in")),
    option("unknown kind", "--kinds", "wrods", says=("--kinds wrods", "did you mean words")),
    option("no kind", "--kinds", ",", says=("--kinds names nothing", "use some of")),
    option("kind without a graph", "--kinds", "neighbours", says=("neighbours", "no graph")),
    option("kind without layers", "--kinds", "words,edges", says=("edges", "no layers")),
    option("prototypes of nothing", "--kinds", "prototypes", says=("prototypes", "--known")),
    option("row beyond the last", "--rows", f"1,{N + 1}", says=("items.csv", f"row {N + 1}", f"from 1 to {N}")),
    option("row 0", "--rows", "0", says=("items.csv", "row 0", "from 1")),
    option("row of no number", "--rows", "1,two", says=("--rows", "'two'", "whole numbers")),
    option("endless row", "--rows", "9" * 5000, says=("items.csv", "from 1 to")),
    option("no rows", "--rows", ",", says=("--rows names no row", "1,5,9")),
    option("row twice", "--rows", "3,3", says=("--rows 3,3", "twice")),
    option("rows and items", "--rows", "1", "--items", 2, says=("--rows and --items", "both")),
    option("no items", "--items", 0, says=("--items 0", "between 1")),
    option("too many items", "--items", 10**9, says=("--items", "between 1")),
    option("none of each kind", "--most", 0, says=("--most 0", "between 1")),
    option("negative seed", "--seed", -1, says=("--seed -1", "between 0")),
    option("JSON in no folder", "--json", "no/such/f.json", says=("--json", "does not exist")),
    Bad(
        "JSON is the input", lambda f, m: [m, write(f / "i.csv", made()), "--json", f / "i.csv"], ("--json", "is read")
    ),
    known("known missing", None, says=("known.csv", "does not exist")),
    known("known without labels", {"label": None}, says=("known.csv", "'label'")),
    known("known of other labels", {"label": ["?", "!"] * (N // 2)}, says=("no known item", "+, -")),
    Bad("no model", no_model, ("none", "check the path")),
    Bad("model of numbers", of_numbers, ("was not there when the model was fitted", "knows vector")),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_bad_input_is_answered_by_one_sentence(
    kind: Bad, tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*kind.arguments(tmp_path, small), "--quiet")

    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    for part in kind.says:
        assert part in line
    assert done.out == ""


def test_reasons_are_shown_and_written(small: Path, tmp_path: Path) -> None:
    data, out = write(tmp_path / "items.csv", made()), tmp_path / "found.json"
    done = run(small, data, "--rows", "3,1", "--known", data, "--json", out, "--quiet")
    found = json.loads(out.read_text(encoding="utf-8"))

    assert done.code == 0, done.err
    assert found["schema"] == "polyculture.explain/1"
    assert [item["row"] for item in found["items"]] == [3, 1]
    first = found["items"][0]
    assert first["text"] == made()["text"][2]
    assert [word["word"] for word in first["words"]] == first["text"].split()
    assert set(first["domains"]) == {"books", "films"}
    assert set(first["modalities"]) == {"lexical:words", "lexical:characters"}
    # an item that is among the known ones is most like itself
    assert first["prototypes"][0]["item"] == 2
    assert "neighbours" not in first
    for shown in ("row 3 (books)", "words", "domains", "modalities", "row 3 of the known", first["text"]):
        assert shown in done.out


def test_the_prediction_is_that_of_predict(small: Path, tmp_path: Path) -> None:
    data, out = write(tmp_path / "items.csv", made()), tmp_path / "found.json"
    done = run(small, data, "--items", 4, "--kinds", "domains", "--json", out, "--quiet")
    items = json.loads(out.read_text(encoding="utf-8"))["items"]
    rows = np.array([item["row"] - 1 for item in items])
    model = CrossDomainClassifier.load(small)
    texts, domains = np.array(made()["text"], dtype=object)[rows], np.array(made()["domain"])[rows]

    assert done.code == 0
    assert [item["predicted"] for item in items] == model.predict(texts, domain=domains).tolist()
    assert all("words" not in item for item in items)


def test_reasons_are_put_to_the_test(small: Path, tmp_path: Path) -> None:
    data, out = write(tmp_path / "items.csv", made()), tmp_path / "found.json"
    done = run(small, data, "--items", 40, "--kinds", "words", "--faithfulness", "--json", out, "--quiet")
    judged = json.loads(out.read_text(encoding="utf-8"))["faithfulness"]

    assert list(judged) == ["words"]
    assert judged["words"]["deletion"]["margin"]["low"] > 0
    assert "are the reasons true?" in done.out


def test_the_same_seed_draws_the_same_rows(small: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "items.csv", made())
    first, again, other = (
        run(small, data, "--items", 3, "--kinds", "domains", "--seed", seed, "--quiet").out for seed in (1, 1, 2)
    )

    assert first == again != other


def test_a_domain_that_is_new_and_a_text_that_would_be_obeyed_are_shown_plainly(small: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "items.jsonl", {"text": ["a good \x1b[31mnovel", "dull"], "domain": ["new", "new"]})
    done = run(small, data, "--items", 2, "--quiet")

    assert done.code == 0
    assert "\x1b" not in done.out
    assert "(new)" in done.out
